"""The exercises of 9.1, by hand."""

import torch

from pyft.exercises import every

EXERCISES = every("9.1")


def test_ties_by_hand():
    mean, p = torch.tensor([0.9, 0.8, 0.7]), torch.tensor([[1.0, 0.2, 0.2], [0.2, 1.0, 0.01], [0.2, 0.01, 1.0]])
    assert EXERCISES["9.1-a"].solution(mean, p, 0.05).tolist() == [True, True, False]  # beaten by the second alone


def test_memory_by_hand():
    accuracy, weights = torch.tensor([0.7, 0.8]), torch.tensor([2**18, 2**20])
    solution = EXERCISES["9.1-b"].solution
    assert [solution(accuracy, weights, 32, limit) for limit in (0.5, 1.0, 4.0)] == [-1, 0, 1]
    assert solution(accuracy, weights, 8, 1.0) == 1
