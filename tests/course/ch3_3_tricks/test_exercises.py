"""The exercises of section 3.3 against the statistics of the package."""

import pytest
import torch

from pyft.evaluation import stats
from pyft.exercises import every

EXERCISES = every("3.3")


def test_the_correction_is_the_packages():
    for (p,) in EXERCISES["3.3-a"].cases:
        assert EXERCISES["3.3-a"].solution(p).tolist() == pytest.approx(stats.holm(p.tolist()))


def test_the_interval_is_the_packages():
    low, high = EXERCISES["3.3-b"].solution(torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64), 4.302653)
    assert (float(low), float(high)) == pytest.approx(stats.mean_interval([1.0, 2.0, 3.0])[1:], abs=1e-6)
