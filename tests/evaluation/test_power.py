"""What tests that decide nothing could have found."""

from pyft.evaluation.power import undecided
from pyft.evaluation.verdicts import Verdict


def test_only_verdicts_that_decide_nothing_are_told_of():
    better = Verdict(0.1, 0.05, 0.15, 0.001, 0.07)
    open_ = [Verdict(0.01, -0.02, 0.04, 0.5, visible) for visible in (0.043, 0.021)]
    assert undecided([better]) == "" == undecided([])
    assert " would find a difference of 2.1 to 4.3 points four times " in undecided([better, *open_])
    assert " a difference of 4.3 points four times " in undecided(open_[:1])
    assert " one of 0.0 to 0.0 " not in undecided(open_[:1] * 2, "of r", 1.0)
