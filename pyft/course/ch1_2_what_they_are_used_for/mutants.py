"""Plausible mistakes in sampling and in choosing a span, one line each."""

from types import ModuleType

from pyft.course.ch1_2_what_they_are_used_for import proofs, sampling, spans
from pyft.mutation import Family, Mutant, broken_copy

MODULES = {"sampling": sampling, "spans": spans}
PROOFS: dict[str, dict[str, Family]] = {
    "sampling": {"temperature, top-k, nucleus": proofs.cuts},
    "spans": {"the best span": proofs.best_spans},
}


def mutate(module: str, old: str, new: str) -> ModuleType:
    """A copy of a module with `old` replaced by `new`; the real one is not touched."""
    return broken_copy(MODULES[module], old, new)


MUTANTS: list[Mutant] = [
    Mutant("temperature turned round", "sampling", "return logits / t", "return logits * t", "hot is cold"),
    Mutant("one too few", "sampling", "logits < last", "logits <= last", "the k-th is dropped as well"),
    Mutant(
        "the largest k of all rows", "sampling", "values[..., -1:]", "values[..., :1]", "the likeliest alone is left"
    ),
    Mutant("the last is outside", "sampling", "share.cumsum(-1) - share", "share.cumsum(-1)", "it no longer reaches p"),
    Mutant(
        "in the order of size", "sampling", "scatter(-1, place, likelier >= p)", "logical_or(likelier >= p)", "places"
    ),
    Mutant("the end before the beginning", "spans", ".triu() &", ".tril() &", "answers run backwards"),
    Mutant("one too long", "spans", "tril(longest - 1)", "tril(longest)", "longest + 1 tokens are allowed"),
    Mutant(
        "row and column", "spans", "return at // T, at % T", "return at % T, at // T", "beginning and end exchanged"
    ),
]
