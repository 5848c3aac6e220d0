"""The exercises of section 7.1: solutions, and the usual mistakes, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def offsets(sizes: Tensor) -> Tensor:
    ends = sizes.cumsum(0)
    return torch.stack([ends - sizes, ends], 1)


def _inclusive(sizes: Tensor) -> Tensor:
    ends = sizes.cumsum(0)
    return torch.stack([ends - sizes, ends - 1], 1)


def _start_and_size(sizes: Tensor) -> Tensor:
    return torch.stack([sizes.cumsum(0) - sizes, sizes], 1)


def _from_each(sizes: Tensor) -> Tensor:
    return torch.stack([torch.zeros_like(sizes), sizes], 1)


EXERCISES["7.1-a"] = Exercise(
    solution=offsets,
    cases=[(torch.tensor([12, 8, 40]),), (torch.tensor([4, 4, 4, 16]),)],
    mistakes=[
        (_inclusive, "The end is not included: it is where the next tensor begins."),
        (_start_and_size, "The second number is the end, not the size."),
        (_from_each, "Offsets count from where the numbers of the whole file begin, not from each tensor."),
    ],
)


def drawn_at_random(file: Tensor, model: Tensor) -> int:
    kept = torch.isin(model[:, 0], file)
    return int(model[~kept, 1].sum())


def _all(file: Tensor, model: Tensor) -> int:
    return int(model[:, 1].sum())


def _kept(file: Tensor, model: Tensor) -> int:
    return int(model[torch.isin(model[:, 0], file), 1].sum())


def _count(file: Tensor, model: Tensor) -> int:
    return int((~torch.isin(model[:, 0], file)).sum())


EXERCISES["7.1-b"] = Exercise(
    solution=drawn_at_random,
    cases=[
        (torch.tensor([1, 2, 3]), torch.tensor([[1, 100], [2, 50], [9, 14]])),
        (torch.tensor([5, 6]), torch.tensor([[5, 8], [7, 3], [8, 4]])),
    ],
    mistakes=[
        (_all, "These are all parameters. Those whose name is in the file are read from it."),
        (_kept, "These are the ones that are read. The others are drawn at random."),
        (_count, "You count tensors. Their sizes, in the second column, are asked for."),
    ],
)
