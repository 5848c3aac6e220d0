"""The exercises on what a classifier reads: each solution is what a library computes."""

import numpy as np
import torch
from sklearn.metrics import recall_score

from pyft.exercises import every


def test_there_are_two_exercises():
    assert list(every("6.2.1")) == ["6.2.1-a", "6.2.1-b"]


def test_no_text_has_sentences_on_both_sides(said):
    def row_by_row(of, is_test):
        tested = {int(of[i]) for i in range(len(of)) if is_test[i]}
        return torch.tensor([int(text) not in tested for text in of])

    assert said("6.2.1-a", row_by_row) == "solved"


def test_the_change_is_that_of_scikit_learns_recall(said):
    def from_library(y, before, after, K):
        return np.subtract(
            *(recall_score(y, guess, labels=range(K), average=None, zero_division=0) for guess in (after, before))
        )

    assert said("6.2.1-b", from_library) == "solved"
