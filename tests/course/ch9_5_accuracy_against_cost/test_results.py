"""What is concluded from the verdicts on shortcuts."""

from dataclasses import replace

import pytest

from pyft.course.ch9_5_accuracy_against_cost.experiment import DISTILLED, EARLY, HALF, TESTS, WHOLE
from pyft.course.ch9_5_accuracy_against_cost.results import conclusion
from pyft.evaluation.verdicts import Verdict

NOTHING = Verdict(-1e-18, -0.01, 0.01, p=1.0, visible=0.013)
GAIN = Verdict(0.02, 0.01, 0.03, p=0.01, visible=0.012)
LOSS = replace(GAIN, difference=-0.02, low=-0.03, high=-0.01)


def test_every_comparison_is_told_with_its_verdict():
    told = conclusion(dict.fromkeys(TESTS.members, NOTHING) | {(EARLY, DISTILLED): GAIN}, 0.75)
    assert told == (
        "By the paired tests: half the layers against all layers +0.0 points (-1.0 to +1.0), no difference shown; "
        "half, distilled against all layers +0.0 points (-1.0 to +1.0), no difference shown; "
        "early exit against all layers +0.0 points (-1.0 to +1.0), no difference shown; "
        "half, distilled against half the layers +0.0 points (-1.0 to +1.0), no difference shown; "
        "early exit against half, distilled +2.0 points (+1.0 to +3.0), better. "
        "Where no difference is shown, a test by itself would find a difference of 1.3 points four times in five. "
        "So it is not shown here that the teacher adds anything. "
        "Leaving early spares 25 % of the layers, and no loss is shown."
    )


@pytest.mark.parametrize(
    ("v", "teacher", "leaving"),
    [
        (GAIN, "So the teacher adds something here.", "and makes more of the answers right."),
        (LOSS, "So the teacher takes something away here.", "and makes fewer of the answers right."),
    ],
)
def test_what_follows_is_what_each_test_says(v, teacher, leaving):
    judged = dict.fromkeys(TESTS.members, NOTHING)
    told = conclusion(judged | {(DISTILLED, HALF): v}, 0.6)
    assert teacher in told and "of the layers, and no loss is shown." in told
    told = conclusion(judged | {(EARLY, WHOLE): v}, 0.6)
    assert told.endswith(f"Leaving early spares 40 % of the layers, {leaving}")
    assert "not shown here that the teacher adds anything" in told
