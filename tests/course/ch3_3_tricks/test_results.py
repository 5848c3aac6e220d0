"""The table of one kind of trick: its own rows alone, the best first."""

import re

from pyft.course.ch3_3_tricks import results
from pyft.course.ch3_3_tricks.experiment import GROUPS
from pyft.evaluation.verdicts import Verdict


def test_a_group_has_its_own_tricks_the_best_first():
    verdicts = {name: Verdict(0.0, -1.0, 1.0, 1.0, 1.5) for name in GROUPS["learning rate"] | GROUPS["layers"]}
    verdicts["cosine"] = Verdict(-1.0, -2.0, 0.5, 1.0, 1.5)
    verdicts["no warm-up"] = Verdict(2.0, 1.0, 3.0, 0.02, 1.5)
    html = results.table(verdicts, "learning rate").data
    assert re.findall(r"cosine|no warm-up|lower half|better|no difference shown", html) == [
        "no warm-up",
        "better",
        *["no difference shown"] * 4,
        "cosine",
        "no difference shown",
    ]
