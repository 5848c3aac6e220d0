"""The exercises on persons: each solution is what a library computes, or what is counted."""

import numpy as np
import pytest
from sklearn.metrics import recall_score

from pyft.exercises import every

PERSONS = every("6.3.1")


def test_there_are_two_exercises():
    assert list(PERSONS) == ["6.3.1-a", "6.3.1-b"]


def test_both_recalls_are_scikit_learns(said):
    def from_library(hit, seen):
        return tuple(recall_score(np.ones(int(half.sum())), hit[half].numpy()) for half in (seen, ~seen))

    assert said("6.3.1-a", from_library) == "solved"


def test_the_mixture_is_what_is_counted():
    hit = np.repeat([1, 0, 1, 0], [19, 1, 56, 24])  # 19 of 20 seen, 56 of 80 new
    assert PERSONS["6.3.1-b"].solution(0.95, 0.7, 0.8) == pytest.approx(hit.mean())
