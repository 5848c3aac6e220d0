"""The exercises of section 3.2.7: Amdahl's law on a known case, and coins whose mean is one."""

import torch

from pyft.exercises import every

EXERCISES = every("3.2.7")


def test_a_part_that_takes_no_time_leaves_the_rest():
    faster = EXERCISES["3.2.7-a"].solution(torch.tensor([0.75, 0.25]), torch.tensor([1.0, 1e9]))
    assert round(float(faster), 6) == round(4 / 3, 6)


def test_all_coins_together_have_the_mean_one():
    for p in (0.0, 0.1, 0.5):
        assert abs(float(EXERCISES["3.2.7-b"].solution(torch.arange(2**16), p).mean()) - 1) < 1e-5
