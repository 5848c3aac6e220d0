"""What each hyper-parameter is worth, by hand: the variance of a full grid taken apart, and the best of a few tries."""

from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

Axes = tuple[int, ...]


def decompose(y: ArrayLike) -> dict[Axes, float]:
    """The variance of a full table of scores, taken apart: the part of each set of axes, all adding up to the whole.

    y has an axis for each hyper-parameter, as long as it has values. The part of a set is what its values say together
    and no smaller set says: f_S = mean of y over the other axes, less the f_T of all T within S. On a full grid these
    are uncorrelated (functional analysis of variance: Hoeffding 1948; for hyper-parameters Hutter, Hoos &
    Leyton-Brown 2014).
    """
    table = np.asarray(y, dtype=float)
    axes = range(table.ndim)
    effects: dict[Axes, NDArray[np.float64]] = {}
    for size in range(table.ndim + 1):
        for S in combinations(axes, size):
            others = tuple(i for i in axes if i not in S)
            mean = np.asarray(table.mean(axis=others, keepdims=True))
            smaller = [effects[T] for T in effects if set(T) < set(S)]
            effects[S] = mean - sum(smaller, np.zeros_like(mean))
    return {S: float(np.square(f).mean()) for S, f in effects.items() if S}


def shares(y: ArrayLike) -> dict[Axes, float]:
    """The same as shares of the whole variance; all zero if nothing varies."""
    parts = decompose(y)
    whole = sum(parts.values())
    return {S: part / whole if whole else 0.0 for S, part in parts.items()}


def chance_of_rank(N: int, n: int) -> NDArray[np.float64]:
    """How likely the best of n settings drawn from N is the worst of all, the second worst, ... the best: (N,).

    Of the C(N, n) draws, C(i - 1, n - 1) have the i-th from below as their best.
    """
    return np.array([comb(i - 1, n - 1) / comb(N, n) for i in range(1, N + 1)])


def best_of(validation: Sequence[float], test: Sequence[float], n: int) -> float:
    """The test score to expect of n settings drawn at random, of which that is taken that is best on validation.

    Of equally good ones the first counts as the better. Without a draw: over all draws at once (after Dodge et al.
    2019, who draw with replacement, and look at the validation score alone).
    """
    order = sorted(range(len(validation)), key=lambda i: (validation[i], -i))  # the worst first
    return float(chance_of_rank(len(order), n) @ np.asarray(test, dtype=float)[order])
