"""The test of two correlations: its figure is Pearson's, and its interval that of draws of sentences."""

import numpy as np
import pytest
from scipy.stats import pearsonr

from pyft.course.ch4_2_2_squared_loss.experiment import _r_influence, compare_r


def drawn(S, N, noise, seed=0):
    """Ratings of N sentences, and two models' answers over S seeds, the second noisier: (N,), (S, N), (S, N)."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=N)
    a, b = (3 + 2 * y + sd * rng.normal(size=N) + 0.1 * rng.normal(size=(S, N)) for sd in noise)
    return y, a, b


def test_the_difference_is_that_of_pearsons_r():
    y, a, b = drawn(3, 50, (1, 2))
    ours = np.mean([pearsonr(p, y).statistic - pearsonr(q, y).statistic for p, q in zip(a, b, strict=True)])
    assert compare_r(a, b, y).difference == pytest.approx(ours)


def test_an_influence_is_what_r_loses_without_the_sentence():
    y, a, _ = drawn(1, 2000, (1, 2))
    r, u = _r_influence(a, y)
    assert u.sum() == pytest.approx(0, abs=1e-12)
    for i in range(5):
        without = pearsonr(np.delete(a[0], i), np.delete(y, i)).statistic
        assert r[0] - without == pytest.approx(u[0, i], abs=5e-6)


def test_its_interval_is_that_of_drawn_sentences_where_seeds_hardly_differ():
    y, a, b = drawn(2, 400, (1, 2))
    found, rng = compare_r(a, b, y), np.random.default_rng(1)
    draws = rng.integers(400, size=(2000, 400))
    differences = [pearsonr(a[0, i], y[i]).statistic - pearsonr(b[0, i], y[i]).statistic for i in draws]
    low, high = np.quantile(differences, [0.025, 0.975])
    assert found.high - found.low == pytest.approx(high - low, rel=0.15)
    assert found.word == "better" and compare_r(b, a, y).word == "worse"


def test_models_that_are_the_same_differ_by_nothing_and_one_seed_says_nothing():
    y, a, _ = drawn(3, 30, (1, 1))
    assert compare_r(a, a, y).word == "no difference shown"
    with pytest.raises(ValueError, match="one seed"):
        compare_r(a[:1], a[:1], y)
