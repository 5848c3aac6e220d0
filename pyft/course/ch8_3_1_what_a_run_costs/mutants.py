"""Plausible mistakes in the code of section 8.3.1, one line each."""

from types import ModuleType

from pyft.course.ch8_3_1_what_a_run_costs import proofs, tricks
from pyft.mutation import Family, Mutant, broken_copy

PROOFS: dict[str, Family] = {
    "computed again": proofs.again,
    "in BERT": proofs.in_bert,
    "in parts": proofs.in_parts,
    "scaled": proofs.scaled,
}


def code() -> ModuleType:
    """The module as it is."""
    return tricks


def mutate(module: str, old: str, new: str) -> ModuleType:
    """A fresh copy of the module, broken; the real one is not touched."""
    return broken_copy(tricks, old, new)


def _broken(name: str, old: str, new: str, note: str) -> Mutant:
    return Mutant(name, "tricks", old, new, note)


MUTANTS: list[Mutant] = [
    _broken(
        "other random numbers",
        "torch.set_rng_state(ctx.random)",
        "pass",
        "dropout drops other numbers than in the forward pass: a gradient of another network",
    ),
    _broken(
        "numbers drawn twice",
        "torch.set_rng_state(now)",
        "pass",
        "what comes afterwards draws what the layer drew already",
    ),
    _broken(
        "nothing is recorded",
        "with torch.enable_grad():",
        "with torch.no_grad():",
        "computed again, and no way back through it",
    ),
    _broken(
        "a gradient of ones",
        "y.backward(g)",
        "y.backward(torch.ones_like(g))",
        "every layer behaves as if it were the last",
    ),
    _broken("the input's is lost", "return None, x.grad", "return None, None", "only the uppermost layer learns"),
    _broken("everything is kept", "return Recomputed.apply(lambda h: forward(h, *rest, **options), x)",
            "return forward(x, *rest, **options)", "right, and nothing is saved"),
    _broken("the mask is lost", "forward(h, *rest, **options)", "forward(h)", "padding is read"),
    _broken("layers stay as they are", "            del layer.forward", "            pass", "it goes on afterwards"),
    _broken(
        "a mean of means",
        "(n / whole)",
        "(1 / len(parts))",
        "a part of one word weighs as much as one of a hundred",
    ),
    _broken("a sum of means", " * (n / whole)", " * 1.0", "the rate grows with the number of parts"),
    _broken("one part's loss", "found += share.item()", "found = share.item()", "what is logged is a part's"),
    _broken("still scaled", "p.grad /= scale", "p.grad /= 1.0", "a step thousands of times too long"),
    _broken("scaled the other way", "(loss * scale).backward()", "(loss / scale).backward()", "smaller still"),
]  # fmt: skip
