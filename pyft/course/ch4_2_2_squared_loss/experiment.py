"""What section 4.2.2 compares, and how: correlations with human ratings, over seeds and sentences together."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyft.evaluation.verdicts import Family, Verdict, compare_influences

Floats = NDArray[np.float64]

# Declared before any record is read: squared error on the ratings against cross-entropy on what is left of them.
LOSSES = Family("squared error against cross-entropy", ("sign", "share"))


def compare_r(a: ArrayLike, b: ArrayLike, y: ArrayLike) -> Verdict:
    """Compare two models by Pearson's r with y, (N,), from their answers over S seeds, (S, N) both.

    r is no mean over examples; it is taken as linear in them near its value, as `compare_f1` takes F1. With x and y
    in units of their standard deviations from their means, an example adds (x y - r (x^2 + y^2) / 2) / N
    (Devlin, Gnanadesikan & Kettenring 1975, Biometrika 62(3), section 3).

    Raises:
        ValueError: one seed only, or answers to other sentences.
    """
    of_a, of_b = (_r_influence(np.asarray(x, dtype=float), np.asarray(y, dtype=float)) for x in (a, b))
    return compare_influences(of_a[0] - of_b[0], of_a[1] - of_b[1])


def _r_influence(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Pearson's r of each seed, (S,), and what each example adds to it, less its share: (S, N)."""
    x, y = ((v - v.mean(-1, keepdims=True)) / v.std(-1, keepdims=True) for v in (x, y))
    r = (x * y).mean(-1, keepdims=True)
    return r[..., 0], (x * y - r * (x**2 + y**2) / 2) / y.shape[-1]
