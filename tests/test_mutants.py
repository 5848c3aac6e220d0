"""Every mutant fits the source and is caught by its page's proofs; a change that changes nothing is not."""

import pytest

from pyft.errors import PyftError
from pyft.maths import maths
from pyft.mutants import (
    LOSS_PROOFS,
    LOSSES,
    OPTIMISER_PROOFS,
    OPTIMISERS,
    Mutant,
    SurvivedError,
    hunt,
    table,
)

HUNTS = {"losses": (LOSSES, LOSS_PROOFS), "optimisers": (OPTIMISERS, OPTIMISER_PROOFS)}


@pytest.mark.parametrize(
    "mutant,families", [pytest.param(m, f, id=m.name) for mutants, f in HUNTS.values() for m in mutants]
)
def test_each_is_caught(mutant, families):
    caught = hunt(mutant, families)
    assert caught.split(",")[0].split(":")[0] in families


@pytest.mark.parametrize("name", HUNTS)
def test_each_has_a_name_of_its_own_and_says_what_it_is(name):
    mutants = HUNTS[name][0]
    assert len({m.name for m in mutants}) == len(mutants)
    assert all(m.note and m.old != m.new for m in mutants)


def test_a_change_that_changes_nothing_survives():
    same = Mutant("doubled and halved", "losses", "(input - target)", "(2 * (input - target) / 2)", "the same")
    with pytest.raises(SurvivedError, match="'doubled and halved' survives: squared error all pass"):
        hunt(same, {"squared error": LOSS_PROOFS["squared error"]})


def test_a_mutant_that_no_longer_fits_is_no_catch():
    with pytest.raises(PyftError, match="holds 'no such line' 0 times"):
        hunt(Mutant("gone", "losses", "no such line", "", "an old one"), LOSS_PROOFS)


def test_an_exception_is_a_catch():
    assert hunt(Mutant("typo", "losses", "loss = (input - target)", "loss = (input - nothing)", ""), LOSS_PROOFS) == (
        "squared error: NameError"
    )


def test_the_real_modules_are_left_as_they_were():
    before = maths()
    hunt(LOSSES[0], LOSS_PROOFS)
    assert maths() == before


def test_a_table_shows_the_lines_that_differ_and_the_proof_without_its_figure():
    printed = next(m for m in OPTIMISERS if m.name == "decay inside the adaptive scaling")
    assert table([printed], OPTIMISER_PROOFS) == [
        [
            printed.name,
            printed.note,
            "theta.mul_(1 - lr * weight_decay); theta.addcdiv_(m_hat, root, value=-lr)",
            "theta.addcdiv_(m_hat + weight_decay * theta, root, value=-lr)",
            "AdamW, default, float64, first step",
        ]
    ]
