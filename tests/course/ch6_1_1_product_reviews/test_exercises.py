"""The exercises of section 6.1.1: each solution is what the package computes, or what must come out."""

import numpy as np
import pytest
import torch

from pyft.course.ch6_1_1_product_reviews.exercises import _cubic
from pyft.evaluation import stats
from pyft.evaluation.attribution import path_gradients
from pyft.exercises import every

EXERCISES = every("6.1.1")


def test_the_integrated_gradients_are_the_packages():
    def f(e):  # (n, 1, 2) -> (n)
        return (e[..., 0] ** 3 + e[..., 0] * e[..., 1] ** 2).sum(-1)

    x, baseline = torch.tensor([2.0, -1.0]), torch.tensor([0.5, 1.0])
    theirs = path_gradients(f, x[None], baseline[None], steps=9)[0]
    torch.testing.assert_close(EXERCISES["6.1.1-a"].solution(_cubic, x, baseline, 9), theirs)


def test_the_best_correlation_is_the_root_of_the_packages_reliability():
    """With two raters a text, the halves are the raters; drawn at random they change sides, which moves r a little."""
    rng = np.random.default_rng(0)
    both = rng.normal(size=(4000, 1)) + 0.6 * rng.normal(size=(4000, 2))
    ours = EXERCISES["6.1.1-b"].solution(*torch.tensor(both.T))
    assert ours == pytest.approx(stats.reliability(both.tolist(), draws=5) ** 0.5, abs=2e-3)
