"""The exercises of section 6.1.2: each solution is what a library computes, or what comes out by hand."""

import numpy as np
import pytest
import torch

from pyft.course.ch6_1_2_social_media.exercises import _raters
from pyft.exercises import every

EXERCISES = every("6.1.2")


def test_one_rater_against_the_others_is_numpys():
    ratings = _raters(3)
    a = ratings.numpy()
    theirs = [np.corrcoef(a[:, k], np.delete(a, k, 1).mean(1))[0, 1] for k in range(4)]
    assert EXERCISES["6.1.2-a"].solution(ratings) == pytest.approx(np.mean(theirs), abs=1e-5)


def test_what_is_lost_abroad_by_hand():
    accuracy = torch.tensor([[0.9, 0.6], [0.7, 0.8]])
    assert EXERCISES["6.1.2-b"].solution(accuracy) == pytest.approx(0.2)
