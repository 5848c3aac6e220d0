"""The exercises on spam: each solution is what a library computes, or what is counted."""

import numpy as np
from sklearn.metrics import precision_score, roc_curve

from pyft.evaluation.stats import accuracy_interval
from pyft.evaluation.thresholds import threshold
from pyft.exercises import every

SPAM = every("6.2.2")


def test_there_are_two_exercises():
    assert list(SPAM) == ["6.2.2-a", "6.2.2-b"]


def test_the_threshold_is_the_last_point_of_the_roc_curve_within_the_limit(said):
    def from_roc(scores, y, limit):
        false_alarms, _, at = roc_curve(y.numpy(), scores.numpy(), drop_intermediate=False)
        honest = scores[y == 0].numpy()
        flagged_from = at[false_alarms <= limit].min()  # scores from here on are flagged
        return honest[honest < flagged_from].max()

    assert said("6.2.2-a", from_roc) == "solved"


def test_the_pages_threshold_is_that_of_the_exercise():
    exercise = SPAM["6.2.2-a"]
    for scores, y, limit in exercise.cases:
        assert threshold(scores.numpy(), y.numpy(), limit) == exercise.solution(scores, y, limit)


def test_precision_at_another_share_is_what_is_counted_on_a_sample():
    rng = np.random.default_rng(0)
    y = rng.random(400_000) < 0.05
    flagged = np.where(y, rng.random(len(y)) < 0.9, rng.random(len(y)) < 0.01)
    low, high = accuracy_interval(int((y & flagged).sum()), int(flagged.sum()), 0.999)
    assert low < SPAM["6.2.2-b"].solution(0.9, 0.01, 0.05) < high
    assert precision_score(y, flagged) < 0.9
