"""The exercises of section 8.2.2: solutions, and the usual mistakes, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def mean(x: Tensor) -> Tensor:
    return x.sum() / x.numel()


EXERCISES["8.2.2-a"] = Exercise(
    solution=mean,
    cases=[(torch.tensor([1.0, 2.0, 6.0]),), (torch.tensor([-1.0, 1.0]),)],
    mistakes=[(lambda x: x.median(), "This is the median: half of the numbers lie below it. Add up, and divide.")],
)
