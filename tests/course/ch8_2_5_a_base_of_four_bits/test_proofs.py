"""Every proof of section 8.2.5 holds, and every mutant is caught by one of them."""

import pytest

from pyft.course.ch8_2_5_a_base_of_four_bits.mutants import MUTANTS, PROOFS, code, mutate
from pyft.errors import PyftError
from pyft.evidence.proofs import check_equal
from pyft.maths import four_bits
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
    assert len({m.name for m in MUTANTS}) == len(MUTANTS) >= 12
    assert all(m.note and m.old != m.new for m in MUTANTS)


def test_a_change_that_changes_nothing_survives():
    same = Mutant(
        "the same",
        "four_bits",
        "return g @ ctx.of.weight.to(g.dtype), None",
        "return 1 * g @ ctx.of.weight.to(g.dtype), None",
        "",
    )
    with pytest.raises(SurvivedError):
        hunt(same, {"forward and gradients": PROOFS["forward and gradients"]}, mutate)


def test_a_mutant_that_no_longer_fits_is_no_catch():
    with pytest.raises(PyftError, match="0 times"):
        mutate("four_bits", "no such line", "")


def test_the_real_module_is_left_as_it_was():
    mutate("four_bits", "linear.bias.copy_(part.bias)", "linear.bias.zero_()")
    assert code() is four_bits
