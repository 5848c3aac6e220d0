"""Every proof of section 8.3.2 holds, and every mutant is caught by one of them."""

import pytest

from pyft.course.ch8_3_2_which_words_decided import games
from pyft.course.ch8_3_2_which_words_decided.mutants import MUTANTS, PROOFS, code, mutate
from pyft.errors import PyftError
from pyft.evidence.proofs import check_equal
from pyft.mutation import Mutant, SurvivedError, hunt


@pytest.mark.parametrize("name", PROOFS)
def test_ours_is_the_reference_s(name):
    cases = list(PROOFS[name](code()))
    assert len(cases) >= 3
    for what, ours, reference, tol in cases:
        check_equal(what, ours, reference, tol)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_is_caught(mutant):
    assert hunt(mutant, PROOFS, mutate).split(",")[0].split(":")[0] in PROOFS


def test_there_are_many_and_each_says_what_it_is():
    assert len({m.name for m in MUTANTS}) == len(MUTANTS) >= 20
    assert all(m.note and m.old != m.new for m in MUTANTS)


def test_a_change_that_changes_nothing_survives():
    same = Mutant("the same", "games", "return torch.stack(scores)", "return 1 * torch.stack(scores)", "")
    with pytest.raises(SurvivedError):
        hunt(same, {"Shapley": PROOFS["Shapley"]}, mutate)


def test_a_mutant_that_no_longer_fits_and_a_module_that_is_not_there_are_no_catch():
    with pytest.raises(PyftError, match="0 times"):
        mutate("games", "no such line", "")
    with pytest.raises(PyftError, match="game"):
        mutate("game", "", "")


def test_the_real_modules_are_left_as_they_were():
    broken = mutate("games", "return torch.stack(scores)", "return torch.stack(scores[::-1])")
    assert broken.words is code().words
    assert code().games is games
    assert broken.games is not games
