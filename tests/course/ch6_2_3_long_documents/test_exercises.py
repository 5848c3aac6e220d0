"""The exercises on long documents: each solution is what the page's own code does."""

import numpy as np
import pytest
import torch

from pyft.course.ch6_2_text_classification.long_documents import head, mean_probabilities
from pyft.exercises import every

DOCUMENTS = every("6.2.3")


def test_there_are_two_exercises():
    assert list(DOCUMENTS) == ["6.2.3-a", "6.2.3-b"]


def test_documents_are_means_of_their_windows(said):
    def by_hand(z, of):
        p = torch.exp(z - z.logsumexp(-1, keepdim=True)).numpy()
        return np.stack([p[of.numpy() == d].mean(0) for d in np.unique(of.numpy())])

    assert said("6.2.3-a", by_hand) == "solved"


def test_documents_are_averaged_as_in_the_exercise():
    exercise = DOCUMENTS["6.2.3-a"]
    for z, of in exercise.cases:
        assert mean_probabilities(z, of.tolist()) == pytest.approx(exercise.solution(z, of).numpy())


def test_the_head_has_as_many_words_as_in_the_exercise(said):
    def page(sizes, n):
        return len(head(sizes.tolist(), n)[0])

    assert said("6.2.3-b", page) == "solved"
