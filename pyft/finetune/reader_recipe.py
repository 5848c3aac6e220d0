"""The recipe of `pyft finetune`: random batches, as many epochs as rows and classes need, and the best weights back.

A new head begins with no idea of any class, and learns by steps, not by epochs: three epochs of few rows are too few
steps, the more so the more classes there are. Mosbach et al. 2021 and Zhang et al. 2021 find the same of small sets:
most of what is called instability of fine-tuning is training that ended too early. So few rows are read more often, and
training stops once the validation loss has not fallen for two epochs and a quarter of them all: on few rows an epoch is
a few steps, in which a loss may well not fall.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from pyft.errors import PyftError
from pyft.profiles import Recipe

CHANGES = {"max_length": int, "lr": float, "batch_size": int, "patience": int}  # of a recipe, by a reader
STEPS, STEPS_A_CLASS = 300, 10  # that a training has at least, as far as `MOST` epochs allow
MOST = 20  # epochs, and the recipe's own number at least
PATIENCE = 4  # half epochs without a lower validation loss, and a quarter of them all at least


def usual_epochs(rows: int, classes: int, recipe: Recipe) -> int:
    """How often a reader's rows are read: the recipe's number of epochs, or as many as make enough steps.

    >>> usual_epochs(1_600, 2, Recipe(epochs=3, batch_size=16, lr=1e-4))
    4
    >>> usual_epochs(1_925, 77, Recipe(epochs=3, batch_size=16, lr=1e-4))
    9
    """
    steps = math.ceil(rows / recipe.batch_size)  # an epoch
    return max(recipe.epochs, min(math.ceil((STEPS + STEPS_A_CLASS * classes) / steps), MOST))


def check_changes(epochs: int | None, changes: Mapping[str, float]) -> None:
    """Refuse changes that a reader cannot make.

    Raises:
        PyftError: a field that is not one of `CHANGES`, or a number that is not above zero.
    """
    for name, value in {"epochs": 1 if epochs is None else epochs, **changes}.items():
        if name != "epochs" and name not in CHANGES:
            raise PyftError(f"{name} cannot be changed here. Expected one of {', '.join(CHANGES)}.")
        if not 0 < value < float("inf"):
            raise PyftError(f"{name} is {value}, expected a number above zero.")


def reader_recipe(
    recipe: Recipe, rows: int, classes: int, epochs: int | None = None, changes: Mapping[str, float] = {}
) -> Recipe:
    """The profile's recipe for a reader's rows: the loss is measured twice an epoch, and the best weights come back.

    With `epochs` given, all of them are trained, unless `changes` hold a `patience`. Raises `PyftError`, see
    `check_changes`.
    """
    check_changes(epochs, changes)
    recipe = replace(recipe, length_window=1, **{name: CHANGES[name](value) for name, value in changes.items()})
    asked = epochs or usual_epochs(rows, classes, recipe)
    patience = changes.get("patience", 2 * epochs if epochs else max(PATIENCE, asked // 2))  # the former never stops it
    return replace(recipe, epochs=asked, evaluations=2 * asked, patience=int(patience))
