"""The table of one kind of trick: its own rows alone, the best first."""

import re

from pyft.course.ch3_3_tricks import results
from pyft.course.ch3_3_tricks.experiment import Verdict


def test_a_group_has_its_own_tricks_the_best_first():
    verdicts = [
        Verdict("cosine", 70.0, -1.0, -2.0, 0.5, 0.2, 1.0),
        Verdict("no dropout", 75.0, 4.0, 3.0, 5.0, 0.001, 0.02),
        Verdict("no warm-up", 73.0, 2.0, 1.0, 3.0, 0.001, 0.02),
    ]
    html = results.table(verdicts, "learning rate").data
    assert re.findall(r"cosine|no warm-up|no dropout|better|no difference shown", html) == [
        "no warm-up",
        "better",
        "cosine",
        "no difference shown",
    ]
