"""Plausible mistakes in the code of section 8.3.4, one line each."""

from pyft.course.ch8_3_4_privacy_and_security import proofs
from pyft.course.ch8_3_4_privacy_and_security.proofs import Code, code
from pyft.mutation import Family, Mutant, broken_copy

PROOFS: dict[str, Family] = {  # the slow ones last: a mutant is run until one catches it
    "gradients": proofs.gradients,
    "steps": proofs.steps,
    "training": proofs.training,
    "exposure": proofs.exposures,
    "curves": proofs.curves,
    "files": proofs.files,
    "published": proofs.published,
    "divergences": proofs.divergences,
    "steps of Opacus": proofs.opacus_steps,
    "account of Opacus": proofs.opacus_account,
}


def mutate(module: str, old: str, new: str) -> Code:
    """The code with one module broken, in a fresh copy; the real one is not touched."""
    return code()._replace(**{module: broken_copy(getattr(code(), module), old, new)})


MUTANTS: list[Mutant] = [
    Mutant(
        "clipped together",
        "private",
        "length = G.flatten(1).norm(dim=1)",
        "length = G.sum(0).norm().expand(len(G))",
        "the sum is short, and a single example may still be all of it",
    ),
    Mutant(
        "short ones made long",
        "private",
        "length.clamp(min=C)",
        "length",
        "every gradient gets the length C: another objective",
    ),
    Mutant(
        "noise of the mean",
        "private",
        "noise = sigma * C *",
        "noise = sigma * C / B *",
        "too little by the batch's size",
    ),
    Mutant("noise without the limit", "private", "noise = sigma * C *", "noise = sigma *", "right for C = 1 alone"),
    Mutant(
        "noise forgotten", "private", "(clipped.sum(0) + noise)", "clipped.sum(0)", "clipping alone promises nothing"
    ),
    Mutant(
        "over the examples that came",
        "private",
        "(clipped.sum(0) + noise) / B",
        "(clipped.sum(0) + noise) / len(X)",
        "how many came is private too",
    ),
    Mutant("uphill", "private", "return W - lr *", "return W + lr *", "the loss rises"),
    Mutant("all are drawn", "private", "generator=generator) < q", "generator=generator) < 1", "not what is accounted"),
    Mutant("one step is paid for", "private", "steps * renyi(", "renyi(", "an account of a single step"),
    Mutant("order and noise", "private", "alpha * ratio", "ratio", "the divergence of order one only"),
    Mutant(
        "over alpha", "private", "math.log(x[1] - x[0])) / (alpha - 1)", "math.log(x[1] - x[0])) / alpha", "too cheap"
    ),
    Mutant(
        "as if nobody were left out",
        "private",
        "np.logaddexp(unseen, math.log(q) + (2 * x - 1) / (2 * sigma**2))",
        "(2 * x - 1) / (2 * sigma**2)",
        "far too dear: being drawn seldom is what makes it cheap",
    ),
    Mutant("the older rule", "private", "cost + math.log1p(-1 / alpha)", "cost", "right, but looser than it need be"),
    Mutant("rank from zero", "leaks", "rank = 1 + int(", "rank = int(", "the best guess has no logarithm"),
    Mutant("in nats", "leaks", "return math.log2(len(candidates))", "return math.log(len(candidates))", "mixed units"),
    Mutant("ties for the attacker", "leaks", "+ 0.5 * (inside", "+ (inside", "better than chance for equal scores"),
    Mutant(
        "one accused too many", "leaks", 'side="right") - 1', 'side="right")', "past the last threshold there is none"
    ),
    Mutant("its own run too", "leaks", "out[s] = False", "pass", "a text that was left out is compared with itself"),
    Mutant("members as rivals", "leaks", "out = ~member", "out = member.copy()", "what was learnt hides"),
    Mutant("the header's length", "pickles", "begin = 8 + int", "begin = int", "numbers begin eight bytes too early"),
    Mutant("big end first", "pickles", '"little"', '"big"', "the header would be exabytes long"),
]
