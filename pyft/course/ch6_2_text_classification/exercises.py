"""The exercises of section 6.2: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def counted(y: Tensor, guess: Tensor, K: int) -> Tensor:
    C = torch.zeros(K, K, dtype=torch.long)
    for true, found in zip(y, guess, strict=True):
        C[true, found] += 1
    return C


_Y, _GUESS = torch.tensor([0, 0, 0, 0, 1, 1, 1, 3]), torch.tensor([0, 0, 1, 3, 1, 0, 0, 3])
EXERCISES["6.2-a"] = Exercise(
    solution=counted,
    cases=[(_Y, _GUESS, 4), (torch.tensor([1, 1, 0]), torch.tensor([0, 1, 0]), 2)],
    mistakes=[
        (
            lambda y, guess, K: counted(guess, y, K),
            "Transposed: rows are what a text is, columns what it was taken for.",
        ),
        (
            lambda y, guess, K: counted(y, guess, K) * (1 - torch.eye(K, dtype=torch.long)),
            "The diagonal is empty: texts that were classified rightly count too.",
        ),
        (
            lambda y, guess, K: counted(y, guess, K).clamp(max=1),
            "Each cell is one at most here. Two texts in the same cell count twice; `C[y, guess] += 1` misses that.",
        ),
    ],
)


def macro_f1(C: Tensor) -> Tensor:
    hit, true, found = C.diag(), C.sum(1), C.sum(0)  # (K) each
    return (2 * hit / (true + found).clamp(min=1)).mean()


def _mean_ratio(C: Tensor, dim: int) -> Tensor:
    return (C.diag() / C.sum(dim).clamp(min=1)).mean()


EXERCISES["6.2-b"] = Exercise(
    solution=macro_f1,
    cases=[
        (torch.tensor([[8, 1, 1], [2, 3, 0], [1, 0, 4]]),),
        (torch.tensor([[90, 2], [7, 1]]),),
        (torch.tensor([[5, 0, 0], [1, 3, 0], [2, 0, 0]]),),  # the third class is never found
    ],
    mistakes=[
        (lambda C: C.diag().sum() / C.sum(), "This is accuracy, in which every text counts the same, not every class."),
        (lambda C: _mean_ratio(C, 1), "This is the mean recall. F1 asks of each class for its precision too."),
        (lambda C: _mean_ratio(C, 0), "This is the mean precision. F1 asks of each class for its recall too."),
        (
            lambda C: 2 * _mean_ratio(C, 0) * _mean_ratio(C, 1) / (_mean_ratio(C, 0) + _mean_ratio(C, 1)),
            "You average precision and recall first. Take F1 of each class, and then the mean.",
        ),
        (
            lambda C: (2 * C.diag() / (C.sum(0) + C.sum(1)).clamp(min=1) * C.sum(1)).sum() / C.sum(),
            "You weigh the classes by their size. In macro F1 a small class counts as much as a large one.",
        ),
    ],
)
