"""What the stored runs of `pyft bench shortcuts` say of a student and of leaving early."""

from collections.abc import Mapping

from pyft.course.ch9_5_accuracy_against_cost.experiment import DISTILLED, EARLY, HALF, WHOLE
from pyft.evaluation.power import undecided
from pyft.evaluation.stats import BETTER, UNDECIDED, WORSE
from pyft.evaluation.verdicts import Verdict

TEACHER = {
    BETTER: "So the teacher adds something here.",
    WORSE: "So the teacher takes something away here.",
    UNDECIDED: "So it is not shown here that the teacher adds anything.",
}
LEAVING = {
    BETTER: "and makes more of the answers right",
    WORSE: "and makes fewer of the answers right",
    UNDECIDED: "and no loss is shown",
}


def conclusion(judged: Mapping[tuple[str, str], Verdict], layers: float) -> str:
    """Every comparison of the family, and what follows; `layers` is the share of them that early exits use."""
    return (
        "By the paired tests: "
        + "; ".join(f"{a} against {b} {_points(v)}, {v.word}" for (a, b), v in judged.items())
        + f".{undecided(judged.values())} {TEACHER[judged[DISTILLED, HALF].word]} Leaving early spares "
        f"{100 * (1 - layers):.0f} % of the layers, {LEAVING[judged[EARLY, WHOLE].word]}."
    )


def _points(v: Verdict) -> str:
    difference, low, high = (round(100 * x, 1) + 0.0 for x in (v.difference, v.low, v.high))  # no minus before a zero
    return f"{difference:+.1f} points ({low:+.1f} to {high:+.1f})"
