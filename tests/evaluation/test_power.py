"""What tests that decide nothing could have found."""

from pyft.evaluation.power import FEW, tally, undecided
from pyft.evaluation.verdicts import Verdict


def test_only_verdicts_that_decide_nothing_are_told_of():
    better = Verdict(0.1, 0.05, 0.15, 0.001, 0.07)
    open_ = [Verdict(0.01, -0.02, 0.04, 0.5, visible) for visible in (0.043, 0.021)]
    assert undecided([better]) == "" == undecided([])
    assert " would find a difference of 2.1 to 4.3 points four times " in undecided([better, *open_])
    assert " a difference of 4.3 points four times " in undecided(open_[:1])
    assert " one of 0.0 to 0.0 " not in undecided(open_[:1] * 2, "of r", 1.0)


def test_a_tally_counts_and_names_what_is_shown_and_says_what_the_others_could_have_found():
    better, worse = Verdict(0.1, 0.05, 0.15, 0.001, 0.07), Verdict(-0.1, -0.15, -0.05, 0.001, 0.07)
    open_ = Verdict(0.01, -0.02, 0.04, 0.5, 0.043)
    said = tally({"a": better, "b": worse, "c": open_, "d": worse}, str.upper, "ways", "in area", 1.0)
    assert said == (
        "Of 4 ways, corrected together, 1 better (A) and 2 worse (B; D); in the others no difference is shown. "
        "Where no difference is shown, a test by itself would find a difference of 0.04 in area four times in five."
    )
    many = dict.fromkeys(range(FEW + 1), better)
    assert tally(many, str) == f"Of {FEW + 1} comparisons, corrected together, {FEW + 1} better and none worse."
