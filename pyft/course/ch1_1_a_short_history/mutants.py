"""Plausible mistakes in smoothed counts, one line each."""

from types import ModuleType

from pyft.course.ch1_1_a_short_history import proofs
from pyft.course.part1 import counts
from pyft.mutation import Family, Mutant, broken_copy

PROOFS: dict[str, Family] = {"Kneser-Ney, by its definition": proofs.smoothing}


def mutate(module: str, old: str, new: str) -> ModuleType:
    """A copy of `counts` with `old` replaced by `new`; the real one is not touched."""
    return broken_copy(counts, old, new)


def _mutant(name: str, old: str, new: str, note: str) -> Mutant:
    return Mutant(name, "counts", old, new, note)


MUTANTS: list[Mutant] = [
    _mutant(
        "how often, not after how many",
        "counts[length - 1].update(row[1:] for row in counts[length])",
        "counts[length - 1].update({row[1:]: k for row, k in counts[length].items()})",
        "the shorter model counts occurrences: a u that follows a q alone is likely everywhere",
    ),
    _mutant("the discount is lost", "D * len(seen) * found", "found", "probabilities do not add up to one"),
    _mutant("twice the twos", "once / (once + 2 * twice)", "once / (once + twice)", "the discount is too large"),
    _mutant("below zero", "max(seen[sign] - D, 0)", "(seen[sign] - D)", "what was not seen gets less than nothing"),
    _mutant(
        "one sign less", "range(min(self.n - 1, len(before)) + 1)", "range(min(self.n - 1, len(before)))", "off by one"
    ),
    _mutant(
        "no end",
        "row = MARK + text + STOP\n            for i",
        "row = MARK + text\n            for i",
        "texts never end",
    ),
]
