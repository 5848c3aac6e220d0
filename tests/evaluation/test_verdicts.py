"""The verdict: by hand, against the tests that it becomes at its ends, and its level where nothing differs."""

import numpy as np
import pytest
from scipy import stats as distributions

from pyft.evaluation.stats import compare
from pyft.evaluation.verdicts import Family, Verdict, compare_f1, compare_influences, compare_runs

Z80 = distributions.norm.ppf(0.8)


def drawn(seed, S=5, N=200, of_seeds=0.0, of_examples=0.0, of_both=0.5, clusters=None):
    """Right and wrong of two systems that are equally good: (S, N) each."""
    rng = np.random.default_rng(seed)
    example = np.arange(N) if clusters is None else clusters
    hard = 1.5 * rng.normal(size=N) + 1

    def system():
        run, one = of_seeds * rng.normal(size=(S, 1)), of_examples * rng.normal(size=N)[example]
        return hard + run + one + of_both * rng.normal(size=(S, N)) > 0

    return system(), system()


def test_examples_alone_by_hand():
    found = compare_runs([1, 1, 1, 1, 0, 1, 0, 0], [0, 0, 0, 0, 1, 1, 0, 0])  # five differ: four to one
    d = np.array([1, 1, 1, 1, -1, 0, 0, 0])
    error = d.std(ddof=1) / np.sqrt(8)
    u2 = (d - d.mean()) ** 2
    df = u2.sum() ** 2 / (u2**2).sum()
    assert found.difference == d.mean() == 3 / 8
    assert found.p == pytest.approx(2 * distributions.t.sf(d.mean() / error, df), rel=1e-6)
    assert found.high - found.low == pytest.approx(2 * distributions.t.ppf(0.975, df) * error)
    assert found.visible == pytest.approx(distributions.t.ppf([0.975, 0.8], df).sum() * error)


def test_seeds_alone_are_students_paired_test():
    a, b = np.array([0.81, 0.84, 0.80]), np.array([0.79, 0.80, 0.79])
    found = compare_runs(np.repeat(a[:, None], 4, 1), np.repeat(b[:, None], 4, 1))  # every example says the same
    assert found.p == pytest.approx(distributions.ttest_rel(a, b).pvalue, rel=1e-6)


def test_variances_add_up_by_hand():
    a = np.array([[3.0, 1.0, 2.0], [5.0, 1.0, 0.0]])
    d, df = a, a.size
    rows, columns = d.mean(1) - d.mean(), d.mean(0) - d.mean()
    rest = d - d.mean(1, keepdims=True) - d.mean(0) + d.mean()
    of_seeds, of_examples = (rows**2).sum() / (1 * 2), (columns**2).sum() / (2 * 3)
    variance = max(of_seeds + of_examples - (rest**2).sum() / (1 * 2 * df), of_seeds, of_examples)
    number = (columns**2).sum() ** 2 / (columns**4).sum()
    t = np.average(distributions.t.ppf(0.975, [1, number]), weights=[of_seeds, of_examples])
    found = compare_runs(a, np.zeros(3))
    assert (found.low, found.high) == pytest.approx((2 - t * variance**0.5, 2 + t * variance**0.5))


def test_interval_and_p_agree_at_the_level():
    for seed in range(20):
        found = compare_runs(*drawn(seed, of_seeds=0.2, of_examples=0.5))
        assert (found.p < 0.05) == (not found.low <= 0 <= found.high)


@pytest.mark.parametrize("only_a,only_b", [(5, 0), (6, 1), (8, 2), (12, 3), (9, 9), (30, 12), (60, 20), (0, 7)])
def test_it_says_what_mcnemars_exact_test_says_where_nothing_is_drawn(only_a, only_b):
    a = np.r_[np.ones(only_a), np.zeros(only_b), np.ones(300)]
    b = np.r_[np.zeros(only_a), np.ones(only_b), np.ones(300)]
    assert compare_runs(a, b).word == compare(a, b).verdict()


def test_the_same_document_twice_is_one_document():
    rng = np.random.default_rng(0)
    a, b = rng.random((4, 60)), rng.random((4, 60))
    once = compare_runs(a, b)
    twice = compare_runs(np.repeat(a, 2, 1), np.repeat(b, 2, 1), np.repeat(range(60), 2))
    assert np.allclose([once.difference, once.low, once.p], [twice.difference, twice.low, twice.p], rtol=1e-6)
    assert compare_runs(np.repeat(a[0], 2), np.repeat(b[0], 2)).visible < 0.75 * compare_runs(a[0], b[0]).visible


def test_a_and_b_change_places():
    a, b = drawn(3, of_seeds=0.3)
    there, back = compare_runs(a, b), compare_runs(b, a)
    assert (there.difference, there.low, there.p) == pytest.approx((-back.difference, -back.high, back.p))


def test_equal_runs_show_no_difference():
    a = drawn(0)[0]
    found = compare_runs(a, a)
    assert (found.difference, found.p, found.word) == (0, 1, "no difference shown")


@pytest.mark.parametrize(
    "a,b,words",
    [
        (np.ones((1, 4)), np.zeros(4), "one seed carries no verdict"),
        (np.ones((3, 4)), np.zeros((3, 5)), "for the same runs"),
        (np.ones((3, 4)), np.zeros((2, 4)), "for the same runs"),
        (1.0, 0.0, "for the same runs"),
        (np.ones(1), np.zeros(1), "two or more, found 1"),
    ],
)
def test_what_cannot_be_compared_is_refused(a, b, words):
    with pytest.raises(ValueError, match=words):
        compare_runs(a, b)


def test_every_example_needs_its_cluster():
    with pytest.raises(ValueError, match="a cluster for each of 4 examples"):
        compare_runs([1, 1, 0, 0], [0, 1, 0, 1], ["d1", "d1", "d2"])


@pytest.mark.parametrize("S", [2, 5])
@pytest.mark.parametrize(
    "spread",
    [
        {"of_seeds": 0.3},
        {"of_seeds": 1.0, "of_examples": 0.3},
        {"of_seeds": 0.3, "of_examples": 1.0},
        {"of_seeds": 0.1, "of_examples": 0.5},
        {"of_examples": 1.0, "of_both": 0.2},
        {"of_both": 0.5},
    ],
)
def test_its_level_is_held_where_nothing_differs(S, spread):
    """At most one in twenty, whatever the spread comes from; 200 draws let it seem a little more."""
    found = [compare_runs(*drawn(seed, S, **spread)).p < 0.05 for seed in range(200)]
    assert np.mean(found) <= 0.075


def test_its_level_is_held_over_documents():
    """Forty documents of one to thirty examples, each of one difficulty; without clusters it says too much."""
    clusters = np.repeat(range(40), np.random.default_rng(1).geometric(0.1, size=40))
    runs = [drawn(seed, 5, len(clusters), 0.1, 1.0, 0.2, clusters) for seed in range(200)]
    assert np.mean([compare_runs(a, b, clusters).p < 0.05 for a, b in runs]) <= 0.075
    assert np.mean([compare_runs(a, b).p < 0.05 for a, b in runs]) > 0.15


def test_a_vote_over_seeds_does_not_hold_the_level():
    """Why there is none: "better in one of five seeds at least" is said far more often than once in twenty."""
    runs = [drawn(seed, 5, of_seeds=0.2) for seed in range(100)]
    votes = [any(compare(x, y).p < 0.05 for x, y in zip(a, b, strict=True)) for a, b in runs]
    assert np.mean(votes) > 0.3 and np.mean([compare_runs(a, b).p < 0.05 for a, b in runs]) <= 0.1


def test_what_is_visible_is_found_four_times_in_five():
    rng = np.random.default_rng(0)
    d = rng.normal(size=(400, 1)) / 10 + rng.normal(size=(400, 200))
    visible = np.mean([compare_runs(row, np.zeros(200)).visible for row in d - d.mean(1, keepdims=True)])
    found = [compare_runs(row + visible, np.zeros(200)).p < 0.05 for row in rng.normal(size=(400, 200))]
    assert np.mean(found) == pytest.approx(0.8, abs=0.06)
    assert visible == pytest.approx((1.96 + Z80) / np.sqrt(200), rel=0.05)


def counts(rng, S, N, skill):
    wanted = rng.integers(0, 4, size=N) * np.ones((S, 1), int)
    hits = rng.binomial(wanted, skill)
    return np.stack([hits, hits + rng.binomial(2, 0.2, size=(S, N)), wanted], -1)


def test_f1_is_that_of_all_examples():
    rng = np.random.default_rng(0)
    a, b = counts(rng, 3, 80, 0.8), counts(rng, 3, 80, 0.6)
    f1 = [np.mean([2 * run[:, 0].sum() / run[:, 1:].sum() for run in x]) for x in (a, b)]
    assert compare_f1(a, b).difference == pytest.approx(f1[0] - f1[1])
    assert compare_f1(a, b).word == "better" and compare_f1(b, a).word == "worse"


def test_f1s_standard_error_is_that_of_the_bootstrap():
    rng = np.random.default_rng(0)
    a, b = counts(rng, 1, 300, 0.8)[0], counts(rng, 1, 300, 0.7)[0]

    def f1(x):
        return 2 * x[:, 0].sum() / x[:, 1:].sum()

    draws = [rng.integers(300, size=300) for _ in range(2000)]
    spread = np.std([f1(a[rows]) - f1(b[rows]) for rows in draws])
    found = compare_f1(a, b)
    assert compare_f1(np.stack([a, a]), b).difference == pytest.approx(found.difference)
    assert (found.high - found.low) / 2 / 1.97 == pytest.approx(spread, rel=0.06)


def test_f1s_level_is_held():
    rng = np.random.default_rng(0)
    pairs = [(counts(rng, 4, 60, 0.7), counts(rng, 4, 60, 0.7)) for _ in range(200)]
    assert np.mean([compare_f1(a, b).p < 0.05 for a, b in pairs]) <= 0.075


def test_a_family_is_corrected_together():
    family = Family("three rivals", ("x", "y", "z"))
    found = {name: Verdict(1, 0, 2, p, 1) for name, p in zip("zyx", (0.04, 0.5, 0.01), strict=True)}
    corrected = family.correct(found)
    assert list(corrected) == ["x", "y", "z"]
    assert [v.p for v in corrected.values()] == pytest.approx([0.03, 0.5, 0.08])
    assert [v.word for v in corrected.values()] == ["better", "no difference shown", "no difference shown"]
    assert found["z"].word == "better"


@pytest.mark.parametrize("names,words", [("xy", r"missing \['z'\]"), ("wxyz", r"not declared \['w'\]")])
def test_a_family_is_read_whole_or_not_at_all(names, words):
    with pytest.raises(ValueError, match=words):
        Family("three rivals", ("x", "y", "z")).correct(dict.fromkeys(names, Verdict(1, 0, 2, 0.01, 1)))


def test_influences_of_a_mean_are_its_examples():
    a, b = drawn(1, 3, 50)
    d = a.astype(float) - b
    found = compare_influences(d.mean(1), (d - d.mean(1, keepdims=True)) / 50)
    assert found == compare_runs(a, b)
