"""The proofs of section 9.2: shares of variance against regression, the best of a few tries against every draw."""

from collections.abc import Iterator
from itertools import combinations
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from pyft.evidence.proofs import Case

SHAPES = [(2, 2), (3, 2, 2), (3, 2, 4)]


def tables() -> Iterator[NDArray[np.float64]]:
    """Random scores on full grids."""
    rng = np.random.default_rng(0)
    for shape in SHAPES:
        yield rng.normal(size=shape)


def parts_of_variance(m: ModuleType) -> Iterator[Case]:
    """All parts add up to the variance; each set's, with those of its subsets, is what a regression on it explains."""
    for y in tables():
        parts, what = m.decompose(y), f"grid {y.shape}"
        yield f"{what}, sets", float(len(parts)), float(2**y.ndim - 1), 0.0
        yield f"{what}, all together", sum(parts.values()), y.var(), 1e-12
        yield f"{what}, shares", sum(m.shares(y).values()), 1.0, 1e-12
        for S in parts:
            within = sum(part for T, part in parts.items() if set(T) <= set(S))
            yield f"{what}, {S}", within, explained(y, S), 1e-12
    yield "nothing varies", sum(m.shares(np.ones((2, 2))).values()), 0.0, 0.0


def explained(y: NDArray[np.float64], S: tuple[int, ...]) -> float:
    """The variance that a regression on indicators of the values of S, all together, explains."""
    cell = np.ravel_multi_index([np.indices(y.shape)[i].ravel() for i in S], [y.shape[i] for i in S])
    X = np.eye(cell.max() + 1)[cell]
    fitted = X @ np.linalg.lstsq(X, y.ravel(), rcond=None)[0]
    return float(fitted.var())


def best_of_draws(m: ModuleType) -> Iterator[Case]:
    """The test score to expect of the best of n on validation: the mean over every draw there is."""
    rng = np.random.default_rng(1)
    for N in (4, 6):
        validation, test = rng.integers(0, 4, N) / 4, rng.normal(size=N)  # with ties
        for n in range(1, N + 1):
            found = [test[max(draw, key=lambda i: validation[i])] for draw in combinations(range(N), n)]
            yield f"{n} of {N}", m.best_of(validation, test, n), float(np.mean(found)), 1e-12
            yield f"{n} of {N}, chances", m.chance_of_rank(N, n).sum(), 1.0, 1e-12
