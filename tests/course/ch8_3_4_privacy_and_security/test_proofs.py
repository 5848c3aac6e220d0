"""Every proof of section 8.3.4 holds, and every mutant is caught by one of them."""

import pytest

from pyft.course.ch8_3_4_privacy_and_security.mutants import MUTANTS, PROOFS, code, mutate
from pyft.evidence.proofs import check_equal
from pyft.mutation import Mutant, SurvivedError, hunt


@pytest.mark.parametrize("name", PROOFS)
def test_ours_is_the_reference_s(name):
    cases = list(PROOFS[name](code()))
    assert len(cases) > 3
    for what, ours, reference, tol in cases:
        check_equal(what, ours, reference, tol)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_is_caught(mutant):
    assert hunt(mutant, PROOFS, mutate).split(",")[0].split(":")[0] in PROOFS


def test_there_are_many_and_each_says_what_it_is():
    assert len({m.name for m in MUTANTS}) == len(MUTANTS) == 21
    assert all(m.note and m.old != m.new for m in MUTANTS)
    assert {m.module for m in MUTANTS} == {"private", "leaks", "pickles"}


def test_a_change_that_changes_nothing_survives():
    same = Mutant("the same", "leaks", "out = ~member", "out = np.logical_not(member)", "")
    with pytest.raises(SurvivedError):
        hunt(same, {"curves": PROOFS["curves"]}, mutate)


def test_the_real_module_is_left_as_it_was():
    before = code()
    mutate("private", "return W - lr *", "return W + lr *")
    assert code() == before
