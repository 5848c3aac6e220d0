"""Plausible mistakes in the power laws of section 8.1.1, one line each."""

from types import ModuleType

from pyft.course.ch8_1_1_larger_models import laws, proofs
from pyft.mutation import Family, Mutant, broken_copy

PROOFS: dict[str, Family] = {
    "straight lines": proofs.lines,
    "losses": proofs.losses,
    "derivatives": proofs.derivatives,
    "fits": proofs.fits,
}


def code() -> ModuleType:
    """The module as it is."""
    return laws


def mutate(module: str, old: str, new: str) -> ModuleType:
    """A fresh copy of the module, broken; the real one is not touched."""
    return broken_copy(laws, old, new)


def _broken(name: str, old: str, new: str, note: str) -> Mutant:
    return Mutant(name, "laws", old, new, note)


MUTANTS: list[Mutant] = [
    _broken("a rising law", "alpha = -(c @ y) / (c @ c)", "alpha = (c @ y) / (c @ c)", "the slope is minus alpha"),
    _broken(
        "logarithms of one axis",
        "x, y = np.log(N), np.log(L)",
        "x, y = np.log(N), L",
        "a straight line on the wrong paper",
    ),
    _broken("through the origin", "c = x - x.mean()", "c = x", "the line is forced through one nat at one parameter"),
    _broken(
        "no floor",
        "np.full(len(X), e)",
        "np.full(len(X), -1e9)",
        "the loss falls to zero, as if texts held no surprise",
    ),
    _broken("the floor is not a logarithm", "np.full(len(X), e)", "np.full(len(X), np.exp(e))", "E where ln E belongs"),
    _broken(
        "the sum of logarithms",
        "np.log(np.exp(terms - largest[:, None]).sum(1))",
        "(terms - largest[:, None]).sum(1)",
        "a product of the terms, not their sum",
    ),
    _broken("not taken out again", "largest + np.log(", "np.log(", "what was divided by is lost"),
    _broken(
        "overflow",
        "largest + np.log(np.exp(terms - largest[:, None]).sum(1))",
        "np.log(np.exp(terms).sum(1))",
        "right, until a power is too large for a number",
    ),
    _broken("a derivative's sign", "-share[:, :k] * np.log(X)", "share[:, :k] * np.log(X)", "the fit goes uphill"),
    _broken(
        "a term for its share",
        "np.exp(log_terms(theta, X) - log_loss(theta, X)[:, None])",
        "np.exp(log_terms(theta, X))",
        "the derivative of the loss, not of its logarithm",
    ),
    _broken(
        "the middle is forgotten",
        "np.exp(theta[:k]) * middle**alpha",
        "np.exp(theta[:k])",
        "A is that of sizes over their mean",
    ),
    _broken(
        "size for data", "float(beta / (alpha + beta))", "float(alpha / (alpha + beta))", "the share that data get"
    ),
]
