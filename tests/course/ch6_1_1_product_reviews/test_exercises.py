"""The exercises of section 6.1's pages: each solution is what the package or a library computes."""

import numpy as np
import pytest
import torch

from pyft.course.ch6_1_1_product_reviews.exercises import _cubic
from pyft.course.ch6_1_2_social_media.exercises import _raters
from pyft.evaluation.attribution import path_gradients
from pyft.exercises import every

SENTIMENT = every("6.1.1") | every("6.1.2")


def test_the_integrated_gradients_are_the_packages():
    def f(e):  # (n, 1, 2) -> (n)
        return (e[..., 0] ** 3 + e[..., 0] * e[..., 1] ** 2).sum(-1)

    x, baseline = torch.tensor([2.0, -1.0]), torch.tensor([0.5, 1.0])
    theirs = path_gradients(f, x[None], baseline[None], steps=9)[0]
    torch.testing.assert_close(SENTIMENT["6.1.1-a"].solution(_cubic, x, baseline, 9), theirs)


def test_one_rater_against_the_others_is_numpys():
    ratings = _raters(3)
    theirs = [np.corrcoef(ratings[:, k], np.delete(ratings, k, 1).mean(1))[0, 1] for k in range(4)]
    assert SENTIMENT["6.1.2-a"].solution(ratings) == pytest.approx(np.mean(theirs), abs=1e-5)
