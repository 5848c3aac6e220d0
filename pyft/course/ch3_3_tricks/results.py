"""The stored runs of one kind of trick, as pages show them."""

from collections.abc import Sequence
from typing import Any

from pyft import plots
from pyft.course.ch3_3_tricks.experiment import GROUPS, Verdict


def table(verdicts: Sequence[Verdict], group: str) -> Any:
    """The tricks of a group against the baseline, the best first; p-values are corrected over all groups."""
    chosen = sorted((v for v in verdicts if v.trick in GROUPS[group]), key=lambda v: -v.difference)
    rows = [
        [
            v.trick,
            f"{v.accuracy:.1f}",
            f"{v.difference:+.1f} ({v.low:+.1f} to {v.high:+.1f})",
            f"{v.p_holm:.2g}",
            v.word,
        ]
        for v in chosen
    ]
    return plots.table(
        rows,
        ["trick", "accuracy (%)", "less the baseline's (points)", "p, corrected", "verdict"],
        "Mean over seeds, intervals at 95 %; p corrected over the tricks of all three sections.",
    )
