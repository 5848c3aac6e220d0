"""Intervals, paired tests and bands: what a figure needs before a page may rely on it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats


def accuracy_interval(correct: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a proportion: the uncertainty that comes from a test set of n examples.

    Wilson 1927; it stays inside [0, 1] and holds its level near the ends, where the normal interval does not.
    """
    interval = stats.binomtest(correct, n).proportion_ci(level, method="wilson")
    return float(interval.low), float(interval.high)


def mean_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float, float]:
    """Mean over seeds with Student's interval: `(mean, low, high)`. At least two values."""
    x = np.asarray(values, dtype=float)
    if len(x) < 2:
        raise ValueError(f"an interval over seeds needs at least two of them, found {len(x)}")
    half = float(stats.t.ppf((1 + level) / 2, len(x) - 1) * x.std(ddof=1) / math.sqrt(len(x)))
    return float(x.mean()), float(x.mean()) - half, float(x.mean()) + half


def median_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float, float]:
    """Median with an interval between two order statistics: `(median, low, high)`; no distribution is assumed.

    Raises:
        ValueError: too few values for the level; six are needed at the usual one.
    """
    x = np.asarray(values, dtype=float)
    interval = stats.quantile_test(x, p=0.5).confidence_interval(level) if len(x) else (math.nan, math.nan)
    if not np.isfinite(interval).all():
        raise ValueError(f"an interval for a median at level {level} needs more than {len(x)} values")
    return float(np.median(x)), float(interval[0]), float(interval[1])


def reliability(ratings: Sequence[Sequence[float]], draws: int = 100, seed: int = 0) -> float:
    """Estimate how well the means of raters would correlate with those of as many other raters, for N texts.

    `ratings` has a list of two ratings or more for each text. Split half: the raters of each text are divided at
    random, the means of the halves correlated, r, and stepped up to all raters by 2 r / (1 + r) (Spearman 1910, Brown
    1910, British Journal of Psychology 3(3)); the mean over `draws` divisions. The root of it bounds what the best
    prediction can correlate with the means.
    """
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        mixed = [rng.permutation(np.asarray(row, dtype=float)) for row in ratings]
        halves = [[row[: len(row) // 2].mean() for row in mixed], [row[-(len(row) // 2) :].mean() for row in mixed]]
        r = float(np.corrcoef(halves)[0, 1])
        found.append(2 * r / (1 + r))
    return float(np.mean(found))


def pack_bits(hit: ArrayLike) -> str:
    """Which of N test examples were answered right, as hexadecimal digits: four examples a digit."""
    return np.packbits(np.asarray(hit, dtype=bool)).tobytes().hex()


def unpack_bits(digits: str, n: int) -> NDArray[np.bool_]:
    """Which examples were right, from the digits of `pack_bits`: (n,) of bool."""
    return np.unpackbits(np.frombuffer(bytes.fromhex(digits), np.uint8))[:n].astype(bool)


VERDICTS = BETTER, WORSE, UNDECIDED = "better", "worse", "no difference shown"


def verdict(difference: float, significant: bool) -> str:
    """One of `VERDICTS`: a difference that is not significant is never called better or worse, whatever its size."""
    if not significant:
        return UNDECIDED
    return BETTER if difference > 0 else WORSE


@dataclass(frozen=True)
class Comparison:
    """Two classifiers on the same examples: how many each alone got right, and the exact p-value."""

    only_a: int
    only_b: int
    n: int
    p: float

    @property
    def difference(self) -> float:
        """Accuracy of a less accuracy of b."""
        return (self.only_a - self.only_b) / self.n

    def verdict(self, alpha: float = 0.05) -> str:
        """Say whether a is better or worse than b, or that no difference is shown at the level `alpha`."""
        return verdict(self.difference, self.p < alpha)


def compare(a_correct: ArrayLike, b_correct: ArrayLike) -> Comparison:
    """McNemar's exact test on paired right and wrong answers, both (N,) of bool.

    McNemar 1947: under equal accuracy, the examples that only one of the two gets right fall to either side like coins.
    """
    a, b = np.asarray(a_correct, dtype=bool), np.asarray(b_correct, dtype=bool)
    if a.shape != b.shape:
        raise ValueError(f"paired answers must be for the same examples: found {a.shape} and {b.shape}")
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    p = float(stats.binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0
    return Comparison(only_a, only_b, len(a), p)


def band(values: Sequence[float], floor: float, level: float = 0.99) -> tuple[float, float, float, float]:
    """Where one more run should fall, from m seeds: `(low, high, mean, sd)`.

    Student's prediction interval, mean +- t * sd * sqrt(1 + 1/m), and at least +- floor: a figure without any spread
    over seeds may still move by an example or two from one machine to another.
    """
    x = np.asarray(values, dtype=float)
    m, mean = len(x), float(x.mean())
    sd = float(x.std(ddof=1)) if m > 1 else 0.0
    half = max(float(stats.t.ppf((1 + level) / 2, m - 1)) * sd * math.sqrt(1 + 1 / m) if m > 1 else 0.0, floor)
    return mean - half, mean + half, mean, sd


def holm(p: Sequence[float]) -> list[float]:
    """p-values corrected for their number: the smallest times m, the next times m - 1, never falling (Holm 1979)."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    made, highest = [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - rank) * p[i]))
        made[i] = highest
    return made
