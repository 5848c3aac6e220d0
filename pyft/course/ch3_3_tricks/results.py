"""The stored runs of one kind of trick, as pages show them."""

from collections.abc import Mapping
from typing import Any

from pyft import plots
from pyft.course.ch3_3_tricks.experiment import GROUPS
from pyft.evaluation.verdicts import Verdict


def table(verdicts: Mapping[str, Verdict], group: str) -> Any:
    """The tricks of a group against the baseline, the best first; p-values are corrected over all groups."""
    chosen = sorted(((name, verdicts[name]) for name in GROUPS[group]), key=lambda pair: -pair[1].difference)
    rows = [
        [
            name,
            f"{v.difference:+.1f} ({v.low:+.1f} to {v.high:+.1f})",
            f"{v.p:.2g}",
            v.word,
            f"{v.visible:.1f}",
        ]
        for name, v in chosen
    ]
    return plots.table(
        rows,
        ["trick", "points", "p, corrected", "verdict", "visible"],
        "Test accuracy less the baseline's, over seeds and texts together, intervals at 95 %; p corrected over the "
        "tricks of all three sections; visible: the points that a test by itself finds four times in five.",
    )
