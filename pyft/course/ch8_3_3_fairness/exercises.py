"""The exercises of section 8.3.3: solutions, and the usual mistakes, each with its hint."""

import math

import torch
from torch import Tensor

from pyft.course.exercise_tools import normal
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def gap(scores: Tensor, group: Tensor) -> Tensor:
    means = torch.stack([scores[group == g].mean() for g in group.unique()])
    return means.max() - means.min()


EXERCISES["8.3.3-a"] = Exercise(
    solution=gap,
    cases=[
        (normal(9), torch.tensor([0, 0, 0, 0, 0, 1, 1, 2, 2])),
        (normal(8, seed=1) + 1, torch.tensor([0, 1, 1, 1, 1, 1, 1, 0])),
    ],
    mistakes=[
        (lambda scores, group: scores.max() - scores.min(), "These are single names. Take the mean of each group."),
        (
            lambda scores, group: (
                torch.stack([scores[group == g].sum() for g in group.unique()]).max()
                - torch.stack([scores[group == g].sum() for g in group.unique()]).min()
            ),
            "A sum grows with the number of names. Groups are of unequal size: take means.",
        ),
        (
            lambda scores, group: (
                torch.stack([scores[group == g].mean() for g in group.unique()]) - scores.mean()
            ).abs().max(),
            "That is the distance from the mean of all names. Which two groups are furthest apart?",
        ),
    ],
)  # fmt: skip


def pseudo_log_likelihood(p: Tensor, x: Tensor) -> Tensor:
    return p[torch.arange(len(x)), x].log().sum()


_P = torch.softmax(normal(5, 7), -1)
EXERCISES["8.3.3-b"] = Exercise(
    solution=pseudo_log_likelihood,
    cases=[(_P, torch.tensor([0, 3, 6, 2, 2])), (torch.softmax(normal(3, 4, seed=2), -1), torch.tensor([1, 1, 0]))],
    mistakes=[
        (
            lambda p, x: p[torch.arange(len(x)), x].log().mean(),
            "That is the mean. It is the sum that makes a long text less likely than a short one.",
        ),
        (lambda p, x: p[torch.arange(len(x)), x].prod(), "That is a product of probabilities. Take the logarithm."),
        (lambda p, x: p.log().sum(), "You take every word of the vocabulary. Ask for the word that stands there."),
        (
            lambda p, x: p.max(-1).values.log().sum(),
            "That is the word that the model would have chosen. Ask for the one that stands there.",
        ),
    ],
)


def smallest_p(gaps: int, alpha: float) -> float:
    return alpha / gaps


EXERCISES["8.3.3-c"] = Exercise(
    solution=smallest_p,
    cases=[(9, 0.05), (20, 0.01)],
    mistakes=[
        (lambda gaps, alpha: alpha, "This is for one gap. Of many, some are small by chance alone."),
        (lambda gaps, alpha: alpha * gaps, "The other way round: the more gaps, the smaller its p-value must be."),
        (
            lambda gaps, alpha: 1 - (1 - alpha) ** gaps,
            "That is how likely a false find is without correction, if the gaps are independent.",
        ),
        (lambda gaps, alpha: alpha / math.sqrt(gaps), "Holm's rule divides by the number itself."),
    ],
)
