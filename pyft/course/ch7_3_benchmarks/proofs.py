"""The proofs of section 7.3: each metric against scikit-learn, scipy and torchmetrics."""

from collections.abc import Iterator
from types import ModuleType

import numpy as np
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import f1_score, matthews_corrcoef

from pyft.course.ch7_3_benchmarks.reference import PAIRS
from pyft.evidence.proofs import Case


def classes(m: ModuleType) -> Iterator[Case]:
    """Matthews and F1, of two classes and of four, one of them rare."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        y, z = rng.random((2, 60)) < rng.uniform(0.1, 0.9)
        yield f"Matthews, {seed}", m.matthews(y, z), matthews_corrcoef(y, z), 1e-12
        yield f"F1, {seed}", m.f1(y, z), f1_score(y, z), 1e-12
        y, z = rng.choice(4, (2, 60), p=[0.05, 0.15, 0.3, 0.5])
        yield f"macro F1, {seed}", m.macro_f1(y, z), f1_score(y, z, average="macro", zero_division=0), 1e-12


def correlations(m: ModuleType) -> Iterator[Case]:
    """Pearson and Spearman, with ties."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x = rng.integers(0, 6, 40)
        y = x + rng.integers(0, 6, 40)
        yield f"Pearson, {seed}", m.pearson(x, y), pearsonr(x, y).statistic, 1e-12
        yield f"Spearman, {seed}", m.spearman(x, y), spearmanr(x, y).statistic, 1e-12


def answers(m: ModuleType) -> Iterator[Case]:
    """Exact match and F1 of words, the best over the annotators."""
    for found, truths, exact, f1 in PAIRS:
        yield f"exact match of {found!r}", m.best_of(m.exact_match, found, truths), exact, 0
        yield f"F1 of {found!r}", m.best_of(m.span_f1, found, truths), f1, 1e-12
