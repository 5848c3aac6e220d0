"""Every proof of section 8.2.3 holds, and every mutant is caught by one of them."""

import pytest

from pyft.course.ch8_2_3_adaptive_and_efficient_fine_tuning.mutants import MUTANTS, PROOFS, code, mutate
from pyft.errors import PyftError
from pyft.evidence.proofs import check_equal
from pyft.maths import lora
from pyft.models import efficient
from pyft.mutation import Mutant, SurvivedError, hunt


@pytest.mark.long
@pytest.mark.parametrize("name", PROOFS)
def test_ours_is_the_reference_s(name):
    cases = list(PROOFS[name](code()))
    assert len(cases) > 3
    for what, ours, reference, tol in cases:
        check_equal(what, ours, reference, tol)


@pytest.mark.long
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_is_caught(mutant):
    assert hunt(mutant, PROOFS, mutate).split(",")[0].split(":")[0] in PROOFS


def test_there_are_many_and_each_says_what_it_is():
    assert len({m.name for m in MUTANTS}) == len(MUTANTS) >= 12
    assert all(m.note and m.old != m.new for m in MUTANTS)


def test_a_change_that_changes_nothing_survives():
    same = Mutant("the same", "lora", "return x + self.U(", "return 1 * x + self.U(", "")
    with pytest.raises(SurvivedError):
        hunt(same, {"merging": PROOFS["merging"]}, mutate)


def test_a_mutant_that_no_longer_fits_is_no_catch():
    with pytest.raises(PyftError, match="0 times"):
        mutate("lora", "no such line", "")


def test_the_real_modules_are_left_as_they_were_and_the_broken_one_is_used():
    broken = mutate("lora", "return x + self.U(", "return self.U(")
    assert (code().lora, code().efficient) == (lora, efficient)
    assert broken.efficient.Adapter is broken.lora.Adapter is not lora.Adapter
