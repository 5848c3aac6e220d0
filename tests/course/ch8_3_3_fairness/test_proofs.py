"""Every proof of section 8.3.3 holds, and every mutant is caught by one of them."""

import pytest

from pyft.course.ch8_3_3_fairness import scores
from pyft.course.ch8_3_3_fairness.mutants import MUTANTS, PROOFS, code, mutate
from pyft.evidence.proofs import check_equal
from pyft.mutation import Mutant, SurvivedError, hunt


@pytest.mark.parametrize("name", PROOFS)
def test_ours_is_the_reference_s(name):
    cases = list(PROOFS[name](code()))
    assert len(cases) > 1
    for what, ours, reference, tol in cases:
        check_equal(what, ours, reference, tol)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_is_caught(mutant):
    assert hunt(mutant, PROOFS, mutate).split(",")[0].split(":")[0] in PROOFS


def test_there_are_many_and_each_says_what_it_is():
    assert len({m.name for m in MUTANTS}) == len(MUTANTS) >= 10
    assert all(m.note and m.old != m.new for m in MUTANTS)


def test_a_change_that_changes_nothing_survives():
    same = Mutant("the same", "scores", "a == b", "b == a", "")
    with pytest.raises(SurvivedError):
        hunt(same, {"shares": PROOFS["shares"]}, mutate)


def test_the_real_module_is_left_as_it_was():
    mutate("scores", "a == b", "a != b")
    assert code() is scores
