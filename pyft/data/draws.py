"""Draws of training texts that have as many of each class."""

import numpy as np
from datasets import Dataset

from pyft.errors import PyftError


def draw(rows: Dataset, n: int, seed: int) -> Dataset:
    """n rows of each class, drawn at random. For one seed a smaller draw is part of a larger one.

    Raises:
        PyftError: a class has fewer rows.
    """
    y = np.array(rows["label"])
    order = np.random.default_rng(seed).permutation(len(y))
    of_class = [order[y[order] == k] for k in np.unique(y)]
    fewest = min(map(len, of_class), default=0)
    if not 0 < n <= fewest:
        raise PyftError(f"cannot draw {n:,} rows of each class: expected a number from 1 to {fewest:,}.")
    return rows.select(np.concatenate([some[:n] for some in of_class]))
