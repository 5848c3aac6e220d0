"""The exercises of section 1.1: solutions, and the usual mistakes, each with its hint."""

import torch
from torch import Tensor
from torch.nn import functional as F

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def kneser_ney(counts: Tensor, D: float) -> Tensor:
    once_or_more = (counts > 0).sum(0)  # (V): after how many different signs each one came
    shorter = once_or_more / once_or_more.sum()  # (V)
    kept = (counts - D).clamp(min=0)  # (V, V)
    taken = D * (counts > 0).sum(1, keepdim=True)  # (V, 1)
    return (kept + taken * shorter) / counts.sum(1, keepdim=True)


_FEW = torch.tensor([[0.0, 3.0, 1.0], [2.0, 0.0, 0.0], [1.0, 1.0, 4.0]])
_MORE = torch.tensor([[5.0, 1.0, 0.0, 0.0], [0.0, 0.0, 2.0, 1.0], [1.0, 7.0, 0.0, 1.0], [0.0, 3.0, 0.0, 1.0]])
EXERCISES["1.1-a"] = Exercise(
    solution=kneser_ney,
    cases=[(_FEW, 0.75), (_MORE, 0.5)],
    mistakes=[
        (
            lambda counts, D: (
                ((counts - D).clamp(min=0) + D * (counts > 0).sum(1, keepdim=True) * counts.sum(0) / counts.sum())
                / counts.sum(1, keepdim=True)
            ),
            "Your shorter model counts how often a sign occurs. Count after how many different signs it came.",
        ),
        (
            lambda counts, D: (
                (counts - D + D * (counts > 0).sum(1, keepdim=True) * (counts > 0).sum(0) / (counts > 0).sum())
                / counts.sum(1, keepdim=True)
            ),
            "A count of zero has nothing to be taken off: never go below zero.",
        ),
        (
            lambda counts, D: (
                ((counts - D).clamp(min=0) + D * (counts > 0).sum(0) / (counts > 0).sum()) / counts.sum(1, keepdim=True)
            ),
            "Your rows do not add up to one: D was taken once for each different sign in the row, so give it all back.",
        ),
        (
            lambda counts, D: (counts - D).clamp(min=0) / counts.sum(1, keepdim=True),
            "What was taken off is lost. Share it out among all signs, by the shorter model.",
        ),
    ],
)


def windows(c: Tensor, n: int) -> Tensor:
    before = F.pad(c, (0, 0, n - 1, 0))  # (n - 1 + T, d), zeros in front
    return torch.cat([before[k : k + len(c)] for k in range(n)], dim=-1)  # (T, n d), the oldest first


EXERCISES["1.1-b"] = Exercise(
    solution=windows,
    cases=[
        (torch.arange(1.0, 9).view(4, 2), 3),
        (torch.tensor([[1.0], [2.0], [4.0], [8.0], [16.0]]), 2),
    ],
    mistakes=[
        (
            lambda c, n: torch.cat([F.pad(c, (0, 0, n, 0))[k : k + len(c)] for k in range(n)], dim=-1),
            "Your window ends one sign too early: the last of its vectors is that of the place itself.",
        ),
        (
            lambda c, n: torch.cat([F.pad(c, (0, 0, 0, n - 1))[k : k + len(c)] for k in range(n)], dim=-1),
            "Your window looks to the right, at what is to be predicted. Put the zeros in front.",
        ),
        (
            lambda c, n: torch.cat([F.pad(c, (0, 0, n - 1, 0))[k : k + len(c)] for k in range(n)][::-1], dim=-1),
            "The order is turned round: the oldest sign comes first, the place itself last.",
        ),
        (
            lambda c, n: torch.stack([F.pad(c, (0, 0, n - 1, 0))[k : k + len(c)] for k in range(n)], -1).flatten(1),
            "Here the first numbers of all vectors come first. Put whole vectors side by side.",
        ),
    ],
)
