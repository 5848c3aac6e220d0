"""Each metric against a library that is kept, and by hand; the libraries' own corner cases."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr, rankdata, spearmanr
from sklearn.metrics import f1_score, matthews_corrcoef

from pyft.course.ch7_3_benchmarks.reference import PAIRS
from pyft.errors import PyftError
from pyft.evaluation import metrics

binary = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=30)
several = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30)
numbers = st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=2, max_size=20)


@given(binary)
def test_matthews_and_f1_are_scikit_learns(pairs):
    y, z = np.array(pairs).T
    assert metrics.matthews(y, z) == pytest.approx(matthews_corrcoef(y, z), abs=1e-12)
    assert metrics.f1(y, z) == pytest.approx(f1_score(y, z, zero_division=0), abs=1e-12)


@given(several)
def test_macro_f1_is_scikit_learns(pairs):
    y, z = np.array(pairs).T
    assert metrics.macro_f1(y, z) == pytest.approx(f1_score(y, z, average="macro", zero_division=0), abs=1e-12)


@given(numbers)
def test_correlations_are_scipys(pairs):
    x, y = np.array(pairs).T
    assert metrics.ranks(x).tolist() == rankdata(x).tolist()
    if np.ptp(x) and np.ptp(y):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert metrics.pearson(x, y) == pytest.approx(pearsonr(x, y).statistic, abs=1e-9)
            assert metrics.spearman(x, y) == pytest.approx(spearmanr(x, y).statistic, abs=1e-9)


def test_matthews_of_answers_that_are_all_alike_is_0():
    assert metrics.matthews([0, 1, 1], [1, 1, 1]) == 0


@pytest.mark.parametrize("found,truths,exact,f1", PAIRS)
def test_answers_are_scored_as_torchmetrics_scores_them(found, truths, exact, f1):
    assert metrics.best_of(metrics.exact_match, found, truths) == exact
    assert metrics.best_of(metrics.span_f1, found, truths) == pytest.approx(f1, abs=1e-12)


def test_the_kept_answers_are_still_those_of_torchmetrics():
    squad = pytest.importorskip("torchmetrics.functional.text").squad
    for found, truths, exact, f1 in PAIRS:
        answer = {"answers": {"answer_start": [0] * len(truths), "text": list(truths)}, "id": "1"}
        said = squad({"prediction_text": found, "id": "1"}, answer)
        assert float(said["exact_match"]) == pytest.approx(100 * exact)
        assert float(said["f1"]) == pytest.approx(100 * f1, abs=1e-4)


def test_a_question_without_an_answer():
    assert metrics.best_of(metrics.span_f1, "", []) == 1
    assert metrics.best_of(metrics.exact_match, "Paris", []) == 0


def test_a_task_counts_once_whatever_its_metrics():
    assert metrics.macro_average({"a": 90.0, "b": [60.0, 80.0]}) == 80


@pytest.mark.parametrize("scores", [{}, {"a": []}])
def test_an_average_of_nothing(scores):
    with pytest.raises(PyftError, match="at least one score for each task"):
        metrics.macro_average(scores)


def test_another_number_of_answers_than_of_labels():
    with pytest.raises(PyftError, match=r"found \(2,\) labels and \(1,\) answers"):
        metrics.f1([1, 0], [1])
