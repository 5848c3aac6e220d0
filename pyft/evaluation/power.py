"""What tests that decide nothing could have found: a table with "no difference shown" says how large one may be."""

from collections.abc import Iterable

from pyft.evaluation.stats import UNDECIDED
from pyft.evaluation.verdicts import Verdict


def undecided(verdicts: Iterable[Verdict], unit: str = "points", scale: float = 100.0) -> str:
    """A sentence on the verdicts that show no difference, for a caption; empty if every one shows one.

    It names the smallest difference that each of their tests, by itself, finds four times in five
    (`Verdict.visible`), in `unit`: that of the scores times `scale`.
    """
    seen = sorted(scale * v.visible for v in verdicts if v.word == UNDECIDED)
    if not seen:
        return ""
    low, high = (f"{x:.1f}" for x in (seen[0], seen[-1]))
    size = low if low == high else f"{low} to {high}"
    return (
        f" Where no difference is shown, a test by itself would find a difference of {size} {unit} four times in five."
    )
