"""The verdict on two systems: one paired test over seeds and examples together, corrected within a declared family.

A figure is uncertain for two reasons: another seed would train another model, and another draw of test examples would
ask other questions. Counting the seeds whose own test says "better" answers neither: it is a vote, not a test.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats as distributions
from scipy.optimize import brentq

from pyft.evaluation.stats import holm, verdict

Floats = NDArray[np.float64]
POWER = 0.8  # how often `Verdict.visible` would be found


@dataclass(frozen=True)
class Verdict:
    """What two systems' runs say: the difference a - b with its interval, in the unit of the scores.

    `visible` is the smallest true difference that this test finds four times in five (Bloom 1995, Evaluation Review
    19(5): the standard error times t(1 - alpha/2) + t(0.8)); "no difference shown" says nothing about smaller ones.
    """

    difference: float
    low: float
    high: float
    p: float
    visible: float
    alpha: float = 0.05

    @property
    def word(self) -> str:
        """ "better", "worse" or "no difference shown"; of a member of a family, after its correction."""
        return verdict(self.difference, self.p < self.alpha)


@dataclass(frozen=True)
class Family:
    """Comparisons that are read together, named in code before their runs are read."""

    name: str
    members: tuple[Any, ...]  # hashable: a name, or what is compared with what

    def correct(self, found: Mapping[Any, Verdict]) -> dict[Any, Verdict]:
        """Correct the p-values of the family's verdicts for their number (Holm 1979); the intervals stay as they are.

        Raises:
            ValueError: a declared comparison is missing, or one that was not declared is there.
        """
        if set(found) != set(self.members):
            missing, extra = set(self.members) - set(found), set(found) - set(self.members)
            raise ValueError(
                f"family {self.name!r}: missing {sorted(missing, key=str)}, not declared {sorted(extra, key=str)}"
            )
        corrected = holm([found[name].p for name in self.members])
        return {name: replace(found[name], p=p) for name, p in zip(self.members, corrected, strict=True)}


def compare_runs(a: ArrayLike, b: ArrayLike, clusters: Sequence[Any] | None = None, alpha: float = 0.05) -> Verdict:
    """Compare two systems by their scores, or right and wrong answers, on the same N examples.

    (S, N) for a system that was trained with S seeds, (N,) for one that has none, such as a linear model. Row s of
    both is one pair. `clusters` names the document of each example, where several examples come from one.

    Source: `compare_influences`.

    Raises:
        ValueError: one seed only, other shapes, or fewer than two examples or clusters.
    """
    x, y = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if x.shape[-1:] != y.shape[-1:] or not {x.ndim, y.ndim} <= {1, 2} or (x.ndim == y.ndim and x.shape != y.shape):
        raise ValueError(f"expected (seeds, examples) or (examples,) for the same runs, found {x.shape} and {y.shape}")
    d = x - y
    of_seeds = d.mean(-1)  # (S,), or a number where nothing is drawn
    return compare_influences(of_seeds, (d - of_seeds[..., None]) / d.shape[-1], clusters, alpha)


def compare_f1(a: ArrayLike, b: ArrayLike, clusters: Sequence[Any] | None = None, alpha: float = 0.05) -> Verdict:
    """Compare two systems by F1, from the counts of each example: (S, N, 3) or (N, 3) of hits, found and wanted.

    F1 = 2 sum(hits) / sum(found + wanted) is no mean over examples; it is taken as linear in them near its value (the
    delta method), with which `compare_influences` goes on.

    Raises:
        ValueError: as `compare_runs`.
    """
    of_a, of_b = (_f1_influence(np.asarray(x, dtype=float)) for x in (a, b))
    if np.ndim(of_a[0]) == np.ndim(of_b[0]) and of_a[1].shape != of_b[1].shape:
        raise ValueError(f"expected counts for the same runs, found {np.shape(a)} and {np.shape(b)}")
    return compare_influences(of_a[0] - of_b[0], of_a[1] - of_b[1], clusters, alpha)


def _f1_influence(counts: Floats) -> tuple[Floats, Floats]:
    """F1, (S,) or a number, and each example's influence on it, (S, N) or (N,)."""
    twice, size = 2 * counts[..., 0], counts[..., 1] + counts[..., 2]
    total = size.sum(-1, keepdims=True)
    f1 = twice.sum(-1, keepdims=True) / total
    return f1[..., 0], (twice - f1 * size) / total


def compare_influences(
    of_seeds: ArrayLike, influences: ArrayLike, clusters: Sequence[Any] | None = None, alpha: float = 0.05
) -> Verdict:
    """Test a difference of any figure that is near linear in its examples: the function behind every verdict.

    `of_seeds` (S,) is the difference of each pair of runs, `influences` (S, N) what each example adds to it, less its
    share; without seeds a number and (N,). The variance is that of seeds, plus that of clusters of examples, less
    that of seed and cluster, which both count: V = V_seeds + V_clusters - V_both, never below the larger of the two
    (two-way clustering, Cameron, Gelbach & Miller 2011, JBES 29(2); for single examples the quasi-F of Clark 1973,
    J. Verbal Learning 12(4)). The critical value is Cochran's (1964, Biometrics 20(1)), the mean of Student's t for
    seeds, S - 1 degrees of freedom, and for clusters, weighted by V_seeds and V_clusters: with few seeds it keeps its
    level, which Satterthwaite's does not. For clusters the degrees of freedom are (sum u^2)^2 / sum u^4 over their
    sums u (Satterthwaite 1946, Biometrics Bulletin 2(6), term by term): where a hundred examples hold five on which
    the systems differ, these five are all that tells how much the difference varies.

    Raises:
        ValueError: one seed only, or fewer than two examples or clusters.
    """
    found, u = np.atleast_1d(np.asarray(of_seeds, dtype=float)), np.atleast_2d(np.asarray(influences, dtype=float))
    S, seeded = len(found), np.ndim(of_seeds) == 1
    if seeded and S < 2:
        raise ValueError("one seed carries no verdict: expected two or more")
    of_example = np.unique(range(u.shape[1]) if clusters is None else clusters, return_inverse=True)[1]
    C = int(of_example.max(initial=-1)) + 1
    if C < 2 or len(of_example) != u.shape[1]:
        raise ValueError(f"expected a cluster for each of {u.shape[1]} examples and two or more, found {C}")
    difference = float(found.mean())
    u = (u + (found - difference)[:, None] / u.shape[1]) / S
    cells = np.stack([np.bincount(of_example, row, C) for row in u])  # (S, C)
    columns = cells.sum(0)
    of_clusters, df = C / (C - 1) * (columns**2).sum(), [_effective_number(columns)]
    variance, weights = of_clusters, [1.0]
    if seeded:
        rest = cells - cells.mean(0) - cells.mean(1, keepdims=True) + cells.mean()
        of_runs, of_both = S / (S - 1) * (cells.sum(1) ** 2).sum(), S / (S - 1) * C / (C - 1) * (rest**2).sum()
        variance = max(of_clusters + of_runs - of_both, of_clusters, of_runs)
        weights, df = [of_clusters, of_runs], [*df, S - 1]
    if variance <= 1e-24 * max(1.0, difference**2):  # every run and every example says the same
        return Verdict(difference, difference, difference, float(difference == 0), 0.0, alpha)
    error = float(np.sqrt(variance))

    def quantile(upper: float) -> float:
        """Cochran's weighted mean of the quantiles that leave `upper` above them, in standard errors."""
        return float(np.average(distributions.t.isf(upper, df), weights=weights))

    half = quantile(alpha / 2) * error
    visible = half + quantile(1 - POWER) * error
    p = _p(abs(difference) / error, quantile)
    return Verdict(difference, difference - half, difference + half, p, visible, alpha)


def _p(t: float, quantile: Callable[[float], float]) -> float:
    """Find the level at which `t` would be critical, two-sided."""
    tiny = -100.0  # in powers of ten; smaller ones count as this
    if t >= quantile(10**tiny / 2):
        return float(10**tiny)
    return float(10 ** brentq(lambda power: quantile(10**power / 2) - t, tiny, 0.0, xtol=1e-10))


def _effective_number(u: Floats) -> float:
    """Over how many terms a sum of squares is spread: n for n equal ones, 1 if one outweighs all."""
    squares = u**2
    return float(squares.sum() ** 2 / (squares**2).sum()) if squares.any() else 1.0
