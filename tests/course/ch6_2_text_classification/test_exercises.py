"""The exercises on text classification: each solution is what a library computes, or what is counted."""

import numpy as np
import torch
from sklearn.metrics import precision_score, roc_curve

from pyft.evaluation.stats import accuracy_interval
from pyft.exercises import every

CLASSIFICATION = every("6.2")


def test_there_are_three_exercises():
    assert list(CLASSIFICATION) == ["6.2-a", "6.2-b", "6.2-c"]


def test_the_threshold_is_the_last_point_of_the_roc_curve_within_the_limit(said):
    def from_roc(scores, y, limit):
        false_alarms, _, at = roc_curve(y.numpy(), scores.numpy(), drop_intermediate=False)
        ham = scores[y == 0].numpy()
        flagged_from = at[false_alarms <= limit].min()  # scores from here on are flagged
        return ham[ham < flagged_from].max()

    assert said("6.2-a", from_roc) == "solved"


def test_precision_at_another_share_is_what_is_counted_on_a_sample():
    rng = np.random.default_rng(0)
    y = rng.random(400_000) < 0.05
    flagged = np.where(y, rng.random(len(y)) < 0.9, rng.random(len(y)) < 0.01)
    low, high = accuracy_interval(int((y & flagged).sum()), int(flagged.sum()), 0.999)
    assert low < CLASSIFICATION["6.2-b"].solution(0.9, 0.01, 0.05) < high
    assert precision_score(y, flagged) < 0.9


def test_documents_are_means_of_their_windows(said):
    def by_hand(z, of):
        p = torch.exp(z - z.logsumexp(-1, keepdim=True)).numpy()
        return np.stack([p[of.numpy() == d].mean(0) for d in np.unique(of.numpy())])

    assert said("6.2-c", by_hand) == "solved"
