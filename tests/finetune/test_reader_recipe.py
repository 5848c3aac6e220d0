"""How long a reader's rows are trained on, and what a reader may change."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyft.errors import PyftError
from pyft.finetune import reader_recipe
from pyft.finetune.reader_recipe import MOST, STEPS, check_changes, usual_epochs
from pyft.profiles import PROFILES, Recipe

USUAL = Recipe(epochs=3, batch_size=16, lr=1e-4)


@given(st.integers(1, 10**6), st.integers(1, 300))
def test_few_rows_and_many_classes_are_read_more_often_and_never_less_than_usual(rows, classes):
    epochs = usual_epochs(rows, classes, USUAL)
    assert USUAL.epochs <= epochs <= MOST
    assert epochs <= usual_epochs(rows, classes + 50, USUAL)
    assert epochs >= usual_epochs(2 * rows, classes, USUAL)
    assert epochs == MOST or epochs * math.ceil(rows / USUAL.batch_size) >= STEPS + 10 * classes


@pytest.mark.parametrize("rows,classes,epochs", [(100, 2, 20), (1_600, 2, 4), (1_925, 77, 9), (100_000, 2, 3)])
def test_so_many_epochs_for_so_many_rows(rows, classes, epochs):
    assert usual_epochs(rows, classes, USUAL) == epochs


def test_the_profiles_recipe_stays_as_it_is():
    for profile in PROFILES.values():
        assert profile.recipes["own-data"].length_window == Recipe(1, 1, 1.0).length_window


@pytest.mark.parametrize(
    "epochs,changes", [(0, {}), (None, {"lr": 0.0}), (None, {"lr": math.inf}), (2, {"patience": -1})]
)
def test_a_number_that_is_not_above_zero_is_refused(epochs, changes):
    with pytest.raises(PyftError, match="expected a number above zero"):
        check_changes(epochs, changes)


def test_it_stops_early_only_if_asked_to():
    assert reader_recipe.reader_recipe(USUAL, 500, 2).patience == 0
    assert reader_recipe.reader_recipe(USUAL, 500, 2, changes={"patience": 3}).patience == 3


def test_a_field_that_no_reader_changes_is_refused():
    with pytest.raises(PyftError, match="max_norm cannot be changed here"):
        reader_recipe.reader_recipe(USUAL, 100, 2, changes={"max_norm": 1.0})
