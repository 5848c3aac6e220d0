"""The exercises on organisations: each solution is what is drawn, or counted one by one."""

import numpy as np
import pytest
import torch

from pyft.exercises import every

ORGANISATIONS = every("6.3.3")


def test_there_are_two_exercises():
    assert list(ORGANISATIONS) == ["6.3.3-a", "6.3.3-b"]


def test_whole_names_are_as_many_as_are_drawn():
    rng = np.random.default_rng(0)
    lengths = [1, 2, 4]
    drawn = np.mean([[(rng.random(n) < 0.8).all() for n in lengths] for _ in range(20_000)])
    assert ORGANISATIONS["6.3.3-a"].solution(0.8, torch.tensor(lengths)).item() == pytest.approx(drawn, abs=0.01)


def test_ends_are_compared_one_by_one(said):
    def one_by_one(true, found):
        pairs = list(zip(true.tolist(), found.tolist(), strict=True))
        return torch.tensor([sum(y[end] != z[end] for y, z in pairs) for end in (0, 1)])

    assert said("6.3.3-b", one_by_one) == "solved"
