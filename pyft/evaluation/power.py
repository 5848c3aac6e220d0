"""What tests that decide nothing could have found: a table with "no difference shown" says how large one may be."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pyft.evaluation.stats import UNDECIDED
from pyft.evaluation.verdicts import Verdict

FEW = 6  # verdicts that are told by name


def undecided(verdicts: Iterable[Verdict], unit: str = "points", scale: float = 100.0) -> str:
    """A sentence on the verdicts that show no difference, for a caption; empty if every one shows one.

    It names the smallest difference that each of their tests, by itself, finds four times in five
    (`Verdict.visible`), in `unit`: that of the scores times `scale`.
    """
    seen = sorted(scale * v.visible for v in verdicts if v.word == UNDECIDED)
    if not seen:
        return ""
    low, high = (f"{x:.{1 if scale > 1 else 2}f}" for x in (seen[0], seen[-1]))
    size = low if low == high else f"{low} to {high}"
    return (
        f" Where no difference is shown, a test by itself would find a difference of {size} {unit} four times in five."
    )


def tally(
    judged: Mapping[Any, Verdict],
    named: Callable[[Any], str],
    what: str = "comparisons",
    unit: str = "points",
    scale: float = 100.0,
) -> str:
    """Sentences on the corrected verdicts of a family: how many found what, by name if few, and `undecided`.

    `named` makes a name of a key; `unit` and `scale` are those of `undecided`.
    """

    def found(word: str) -> str:
        names = [named(key) for key, v in judged.items() if v.word == word]
        return f"{len(names) or 'none'} {word}" + f" ({'; '.join(names)})" * (0 < len(names) <= FEW)

    said = f"Of {len(judged)} {what}, corrected together, {found('better')} and {found('worse')}"
    rest = sum(v.word == UNDECIDED for v in judged.values())
    return said + ("; in the others no difference is shown." if rest else ".") + undecided(judged.values(), unit, scale)
