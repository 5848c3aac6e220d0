"""The recipe of `pyft finetune`: random batches, and as many epochs as rows and classes need.

A new head begins with no idea of any class, and learns by steps, not by epochs: three epochs of few rows are too few
steps, the more so the more classes there are. Mosbach et al. 2021 and Zhang et al. 2021 find the same of small sets:
most of what is called instability of fine-tuning is training that ended too early. So few rows are read more often.

All epochs are trained, and the last weights stay: the rate reaches zero at their end, and to stop at the lowest loss of
a few hundred validation rows was shown to be neither better nor worse (`pyft bench own-data`). Who would rather save
time gives a `patience`.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from pyft.errors import PyftError
from pyft.profiles import Recipe

CHANGES = {"max_length": int, "lr": float, "batch_size": int, "patience": int}  # of a recipe, by a reader
STEPS, STEPS_A_CLASS = 300, 10  # that a training has at least, as far as `MOST` epochs allow
MOST = 20  # epochs, and the recipe's own number at least


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
    """The profile's recipe for a reader's rows, for so many `epochs` or for `usual_epochs`.

    The validation loss is measured twice an epoch. If `changes` hold a `patience`, training stops after as many
    measurements without a lower one, and the weights of the lowest come back. Raises `PyftError`, see `check_changes`.
    """
    check_changes(epochs, changes)
    recipe = replace(recipe, length_window=1, **{name: CHANGES[name](value) for name, value in changes.items()})
    asked = epochs or usual_epochs(rows, classes, recipe)
    return replace(recipe, epochs=asked, evaluations=2 * asked)
