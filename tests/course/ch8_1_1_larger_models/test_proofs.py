"""Every proof of section 8.1.1 holds, and every mutant is caught by one of them."""

import pytest

from pyft.course.ch8_1_1_larger_models import laws, proofs
from pyft.course.ch8_1_1_larger_models.mutants import MUTANTS, PROOFS, code, mutate
from pyft.errors import PyftError
from pyft.evidence.proofs import check_equal
from pyft.mutation import Mutant, SurvivedError, hunt


@pytest.mark.parametrize("name", PROOFS)
def test_ours_is_the_reference_s(name):
    cases = list(PROOFS[name](code()))
    assert len(cases) > 3
    for what, ours, reference, tol in cases:
        check_equal(what, ours, reference, tol)


def test_parameters_are_counted_as_torch_counts_them():
    for what, ours, reference, tol in proofs.counted():
        check_equal(what, ours, reference, tol)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # what is broken may overflow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_is_caught(mutant):
    assert hunt(mutant, PROOFS, mutate).split(",")[0].split(":")[0] in PROOFS


def test_there_are_many_and_each_says_what_it_is():
    assert len({m.name for m in MUTANTS}) == len(MUTANTS) >= 12
    assert all(m.note and m.old != m.new for m in MUTANTS)


def test_a_change_that_changes_nothing_survives():
    same = Mutant("the same", "laws", "alpha = -(c @ y) / (c @ c)", "alpha = (c @ y) / -(c @ c)", "")
    with pytest.raises(SurvivedError):
        hunt(same, {"straight lines": PROOFS["straight lines"]}, mutate)


def test_a_mutant_that_no_longer_fits_is_no_catch():
    with pytest.raises(PyftError, match="0 times"):
        mutate("laws", "no such line", "")


def test_the_real_module_is_left_as_it_was():
    mutate("laws", "alpha = -(c @ y) / (c @ c)", "alpha = 0.0")
    assert code() is laws
