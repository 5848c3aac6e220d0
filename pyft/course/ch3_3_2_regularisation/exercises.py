"""The exercises of section 3.3.2: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def stopped(losses: Tensor, patience: int) -> tuple[int, int]:
    best = 0
    for t, loss in enumerate(losses):
        if loss < losses[best]:
            best = t
        if t - best >= patience:
            return t, best
    return len(losses) - 1, best


def _in_a_row(losses: Tensor, patience: int) -> tuple[int, int]:
    rises = 0
    for t in range(1, len(losses)):
        rises = rises + 1 if losses[t] >= losses[t - 1] else 0
        if rises >= patience:
            return t, int(losses[: t + 1].argmin())
    return len(losses) - 1, int(losses.argmin())


def _ties_are_better(losses: Tensor, patience: int) -> tuple[int, int]:
    best = 0
    for t, loss in enumerate(losses):
        if loss <= losses[best]:
            best = t
        if t - best >= patience:
            return t, best
    return len(losses) - 1, best


EXERCISES["3.3.2-a"] = Exercise(
    solution=stopped,
    cases=[
        (torch.tensor([0.9, 0.6, 0.8, 0.7, 0.65, 0.7, 0.2]), 3),
        (torch.tensor([0.9, 0.5, 0.5, 0.6, 0.4, 0.4, 0.5, 0.1]), 2),
        (torch.tensor([0.9, 0.8, 0.7]), 2),
    ],
    mistakes=[
        (
            _in_a_row,
            "You count rises in a row. What counts is how long ago the lowest loss was, no matter what happened since.",
        ),
        (
            lambda losses, patience: (stopped(losses, patience)[0], stopped(losses, patience)[0]),
            "The first number is right. The weights that come back are those of the lowest loss, not the last.",
        ),
        (
            lambda losses, patience: stopped(losses, patience + 1),
            "One too late: training stops when `patience` measurements have brought nothing lower.",
        ),
        (
            lambda losses, patience: (int(losses.argmin()), int(losses.argmin())),
            "You look at all losses. When training stops, the later ones do not exist yet.",
        ),
        (
            lambda losses, patience: (stopped(losses, patience)[0], int(losses.argmin())),
            "You stop at the right time, and then look for the lowest loss among those that were never measured.",
        ),
        (_ties_are_better, "You take an equal loss for a better one. Only a lower one restarts the count."),
    ],
)


def left(etas: Tensor, lam: float) -> Tensor:
    return (1 - etas * lam).prod()


EXERCISES["3.3.2-b"] = Exercise(
    solution=left,
    cases=[
        (torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64), 0.5),
        (torch.tensor([0.5, 0.4], dtype=torch.float64), 1.0),
    ],
    mistakes=[
        (
            lambda etas, lam: 1 - (etas * lam).sum(),
            "Each step takes its share of what is left, not of the weight at the start: factors multiply.",
        ),
        (lambda etas, lam: (1 - lam) ** len(etas), "In AdamW the decay is multiplied by the rate of the step."),
        (
            lambda etas, lam: (1 - etas.mean() * lam) ** len(etas),
            "The mean rate gives nearly the same; each step has a rate of its own.",
        ),
        (lambda etas, lam: 1 - (1 - etas * lam).prod(), "That is what is lost. What is left?"),
    ],
)
