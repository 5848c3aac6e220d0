"""Every mutant fits the source and is caught by its page's proofs; a change that changes nothing is not."""

import pytest

from pyft.costs import RUNS
from pyft.errors import PyftError
from pyft.maths import maths
from pyft.mutants import Mutant, SurvivedError, hunt
from pyft.mutants_part4 import MUTANTS, PROOFS

ALL = [(page, mutant) for page, mutants in MUTANTS.items() for mutant in mutants]


@pytest.mark.parametrize("page,mutant", [pytest.param(p, m, id=f"{p} {m.name}") for p, m in ALL])
def test_each_is_caught(page, mutant):
    caught = hunt(mutant, PROOFS[page])
    assert caught.split(",")[0].split(":")[0] in PROOFS[page]


def test_each_has_a_name_of_its_own_says_what_it_is_and_has_a_run():
    assert len({m.name for _, m in ALL}) == len(ALL) >= 20
    assert all(m.note and m.old != m.new for _, m in ALL)
    assert {m.run for _, m in ALL} == set(RUNS)


def test_a_change_that_changes_nothing_survives():
    same = Mutant("doubled and halved", "losses", "(input - target)", "(2 * (input - target) / 2)", "the same")
    with pytest.raises(SurvivedError, match="'doubled and halved' survives: squared error all pass"):
        hunt(same, {"squared error": PROOFS["4.2"]["squared error"]})


def test_a_mutant_that_no_longer_fits_is_no_catch():
    with pytest.raises(PyftError, match="holds 'no such line' 0 times"):
        hunt(Mutant("gone", "losses", "no such line", "", "an old one"), PROOFS["4.2"])


def test_an_exception_is_a_catch():
    assert hunt(Mutant("typo", "losses", "loss = (input - target)", "loss = (input - targte)", ""), PROOFS["4.2"]) == (
        "squared error: NameError"
    )


def test_the_real_modules_are_left_as_they_were():
    before = maths()
    hunt(MUTANTS["4.2"][0], PROOFS["4.2"])
    assert maths() == before
