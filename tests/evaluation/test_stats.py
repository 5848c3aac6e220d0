"""Intervals, the paired test and bands, against scipy, against formulas written out, and for any input."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from pyft.evaluation.stats import (
    accuracy_interval,
    band,
    compare,
    holm,
    mean_interval,
    median_interval,
    pack_bits,
    reliability,
    unpack_bits,
)

answers = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)
shares = st.floats(0, 1)


def wilson(correct, n, z):
    """Wilson 1927, solved for the rate."""
    p = correct / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return centre - half, centre + half


@pytest.mark.parametrize("correct,n", [(8, 10), (0, 25), (25, 25), (917, 1056)])
def test_accuracy_interval_is_wilsons_formula(correct, n):
    assert accuracy_interval(correct, n) == pytest.approx(wilson(correct, n, scipy_stats.norm.ppf(0.975)), abs=1e-9)


def test_accuracy_interval_by_hand():
    # 8 of 10 with z = 1.96: centre 0.99208 / 1.38416, half 1.96 * sqrt(0.016 + 0.009604) / 1.38416
    assert accuracy_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)


def test_a_higher_level_gives_a_wider_accuracy_interval():
    assert accuracy_interval(8, 10, level=0.99) == pytest.approx(wilson(8, 10, scipy_stats.norm.ppf(0.995)), abs=1e-9)


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_accuracy_interval_stays_in_0_to_1_and_holds_the_rate(case):
    correct, n = case
    low, high = accuracy_interval(correct, n)
    assert 0 <= low <= correct / n + 1e-12
    assert correct / n - 1e-12 <= high <= 1
    assert low < high


def test_mean_interval_is_students():
    x = [0.81, 0.84, 0.79, 0.86, 0.83]
    low, high = scipy_stats.t.interval(0.95, len(x) - 1, loc=np.mean(x), scale=scipy_stats.sem(x))
    assert mean_interval(x) == pytest.approx((np.mean(x), low, high), abs=1e-12)


def test_mean_interval_by_hand():
    # mean 2, sd sqrt(2), t(0.975, 1) = 12.7062: half = 12.7062 * sqrt(2) / sqrt(2)
    assert mean_interval([1, 3]) == pytest.approx((2, -10.7062, 14.7062), abs=1e-4)


@pytest.mark.parametrize("values", [[], [0.8]])
def test_mean_interval_needs_two_seeds(values):
    with pytest.raises(ValueError, match=f"at least two of them, found {len(values)}"):
        mean_interval(values)


def test_median_interval_by_hand():
    # of eleven values one or none lies below the true median in 12 cases of 2048; two or fewer in 67, which is too many
    x = [11.0, 2, 3, 10, 5, 6, 7, 8, 9, 4, 1]
    assert median_interval(x) == (6, 2, 10)
    assert median_interval(x, level=0.9) == (6, 3, 9)
    assert median_interval([0, 1, 2, 3, 4, 500]) == (2.5, 0, 500)  # 2 / 64 is left outside


@pytest.mark.parametrize("n,level", [(1, 0.95), (5, 0.95), (6, 0.99), (0, 0.5)])
def test_median_interval_is_refused_for_too_few_values(n, level):
    with pytest.raises(ValueError, match="more than"):
        median_interval(range(n), level)


@pytest.mark.long
@pytest.mark.parametrize("n", [6, 11, 25])
def test_median_interval_covers_the_median_of_any_distribution_as_often_as_the_level_says(n):
    draws = np.random.default_rng(n).lognormal(sigma=2, size=(1000, n))  # skewed: the true median is 1
    covered = np.mean([low <= 1 <= high for _, low, high in map(median_interval, draws)])
    assert 0.94 <= covered < 1


def paired(only_a, only_b, both=2, neither=1):
    """Answers of two classifiers with these counts."""
    a = [True] * only_a + [False] * only_b + [True] * both + [False] * neither
    b = [False] * only_a + [True] * only_b + [True] * both + [False] * neither
    return a, b


@pytest.mark.parametrize(
    "only_a,only_b,p",
    [
        (1, 0, 1.0),
        (3, 0, 2 / 2**3),
        (0, 3, 2 / 2**3),
        (5, 1, 2 * (1 + 6) / 2**6),
        (2, 2, 1.0),
        (8, 0, 2 / 2**8),
    ],
)
def test_p_is_the_exact_two_sided_sign_test(only_a, only_b, p):
    found = compare(*paired(only_a, only_b))
    assert (found.only_a, found.only_b, found.n) == (only_a, only_b, only_a + only_b + 3)
    assert found.p == pytest.approx(p)


@pytest.mark.parametrize(
    "only_a,only_b,verdict",
    [(8, 0, "better"), (0, 8, "worse"), (3, 0, "no difference shown"), (4, 4, "no difference shown")],
)
def test_verdict(only_a, only_b, verdict):
    assert compare(*paired(only_a, only_b)).verdict() == verdict


def test_verdict_holds_p_against_the_level_that_is_asked_for():
    found = compare(*paired(8, 0))  # p = 1/128
    assert found.verdict(alpha=0.001) == "no difference shown"
    assert found.verdict(alpha=found.p) == "no difference shown"  # significant means below the level


def test_identical_answers_show_no_difference():
    found = compare([True, False, True], [True, False, True])
    assert (found.p, found.difference, found.verdict()) == (1.0, 0.0, "no difference shown")


@pytest.mark.parametrize("a,b", [([True], [True, False]), ([[True], [False]], [True, False])])
def test_answers_for_other_examples_are_refused(a, b):
    with pytest.raises(ValueError, match="same examples"):
        compare(a, b)


@given(answers)
def test_compare_is_symmetric_and_its_difference_is_that_of_the_accuracies(pairs):
    a, b = np.array(pairs, dtype=bool).T
    there, back = compare(a, b), compare(b, a)
    assert there.p == back.p
    assert 0 < there.p <= 1
    assert there.difference == -back.difference == pytest.approx(a.mean() - b.mean())


def test_band_is_students_prediction_interval():
    x = [0.80, 0.82, 0.87, 0.85]
    mean, sd = np.mean(x), np.std(x, ddof=1)
    half = scipy_stats.t.ppf(0.995, 3) * sd * math.sqrt(1 + 1 / 4)
    assert band(x, floor=0.004) == pytest.approx((mean - half, mean + half, mean, sd))


def test_band_by_hand():
    # mean 2, sd sqrt(2), t(0.995, 1) = 63.6567, sqrt(1 + 1/2): half = 63.6567 * sqrt(3)
    low, high, mean, sd = band([1, 3], floor=0)
    assert (mean, sd) == (2, pytest.approx(math.sqrt(2)))
    assert (low, high) == pytest.approx((2 - 110.2566, 2 + 110.2566), abs=1e-3)


@pytest.mark.parametrize("values", [[0.8], [0.8, 0.8, 0.8]])
def test_without_spread_the_floor_is_the_band(values):
    assert band(values, floor=0.004) == pytest.approx((0.796, 0.804, 0.8, 0), abs=1e-12)


@given(st.lists(shares, min_size=1, max_size=12), st.floats(0, 0.1))
def test_band_is_centred_on_the_mean_and_no_narrower_than_the_floor(values, floor):
    low, high, mean, _ = band(values, floor)
    assert mean == pytest.approx(np.mean(values))
    assert (low + high) / 2 == pytest.approx(mean, abs=1e-9)
    assert (high - low) / 2 >= floor - 1e-12


@given(st.lists(shares, min_size=2, max_size=12), st.randoms())
def test_band_does_not_depend_on_the_order_of_the_seeds(values, random):
    mixed = random.sample(values, len(values))
    assert band(mixed, 0.004) == pytest.approx(band(values, 0.004), abs=1e-9)


def test_a_new_run_falls_into_the_band_as_often_as_the_level_says():
    rng = np.random.default_rng(0)
    runs = rng.normal(0.85, 0.01, size=(4000, 6))
    inside = [low <= row[5] <= high for row in runs for low, high, *_ in [band(row[:5], 0, level=0.9)]]
    assert np.mean(inside) == pytest.approx(0.9, abs=0.015)  # three standard errors


@pytest.mark.parametrize("n", [1, 7, 8, 13])
def test_packed_bits_come_back_as_they_were(n):
    hit = np.random.default_rng(n).random(n) < 0.5
    digits = pack_bits(hit)
    assert len(digits) == 2 * -(-n // 8) and (unpack_bits(digits, n) == hit).all()
    assert unpack_bits(digits, n).dtype == bool and len(unpack_bits(digits, n)) == n
    assert pack_bits([1, 0, 0, 0, 1, 1]) == "8c"


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("R,noise", [(4, 1.0), (10, 1.0), (10, 3.0)])
def test_reliability_is_that_of_other_raters_and_its_root_the_best_r(R, noise):
    rng = np.random.default_rng(0)
    true = rng.normal(size=(4000, 1))
    ours, theirs = (true + noise * rng.normal(size=(4000, R)) for _ in range(2))
    rho = reliability(ours.tolist(), draws=5)
    assert rho == pytest.approx(np.corrcoef(ours.mean(1), theirs.mean(1))[0, 1], abs=0.02)
    assert rho == pytest.approx(1 / (1 + noise**2 / R), abs=0.02)
    assert rho**0.5 == pytest.approx(np.corrcoef(ours.mean(1), true[:, 0])[0, 1], abs=0.02)


def test_reliability_by_hand():
    """Two raters each: the halves are single ratings, which are the same pairs whichever way round."""
    ratings = [[1, 1], [2, 2], [3, 3]]
    assert reliability(ratings, draws=3) == pytest.approx(1)


def test_raters_may_differ_in_number():
    assert 0 < reliability([[1, 2, 1], [3, 4], [5, 5, 6, 5], [2, 2, 3, 2, 2]]) < 1
