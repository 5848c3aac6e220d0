"""The exercises of section 5.4: solutions by hand, and the mistakes that people make, each with its hint."""

import math

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def updates(n: int, B: int, k: int, epochs: int, warmup: int) -> tuple[int, float]:
    T = epochs * math.ceil(n / (B * k))  # the last update of an epoch may be of fewer rows
    return T, min(1.0, (T - 1) / warmup)  # the updates are numbered from 0 to T - 1


EXERCISES["5.4-a"] = Exercise(
    solution=updates,
    cases=[(1000, 16, 1, 3, 500), (1000, 32, 4, 2, 10), (37, 8, 2, 3, 9), (100, 8, 1, 5, 65)],
    mistakes=[
        (
            lambda n, B, k, epochs, warmup: (
                (T := epochs * (n // (B * k))),
                min(1.0, (T - 1) / warmup),
            ),
            "You drop the last rows of an epoch. They make an update too, of fewer rows: round up.",
        ),
        (
            lambda n, B, k, epochs, warmup: ((T := epochs * math.ceil(n / B)), min(1.0, (T - 1) / warmup)),
            "You count batches. An update is made after k of them.",
        ),
        (
            lambda n, B, k, epochs, warmup: ((T := math.ceil(epochs * n / (B * k))), min(1.0, (T - 1) / warmup)),
            "You round up once, at the end. Each epoch ends with an update: round up, then multiply.",
        ),
        (
            lambda n, B, k, epochs, warmup: ((T := updates(n, B, k, epochs, warmup)[0]), min(1.0, T / warmup)),
            "Almost: updates are numbered from zero, so the last has number T - 1.",
        ),
        (
            lambda n, B, k, epochs, warmup: ((T := updates(n, B, k, epochs, warmup)[0]), (T - 1) / warmup),
            "After the warm-up the factor does not go on rising: it is one at most.",
        ),
        (
            lambda n, B, k, epochs, warmup: (updates(n, B, k, epochs, warmup)[0], 1.0),
            "The number of updates is right. But does the warm-up end before the training does?",
        ),
    ],
)


def loss_in_parts(means: Tensor, sizes: Tensor) -> Tensor:
    return (means * sizes).sum() / sizes.sum()  # (): each part counts as much as it holds


EXERCISES["5.4-b"] = Exercise(
    solution=loss_in_parts,
    cases=[
        (torch.tensor([1.0, 3.0]), torch.tensor([4, 4])),
        (torch.tensor([0.5, 2.0, 0.9]), torch.tensor([8, 8, 1])),
        (torch.tensor([0.7]), torch.tensor([6])),
    ],
    mistakes=[
        (
            lambda means, sizes: means.sum(),
            "You add the means up: with k equal parts that is k times too much. It is what Trainer does with BERT.",
        ),
        (
            lambda means, sizes: means.mean(),
            "Right as long as all parts hold as many targets. A small part must count for less: weigh by its size.",
        ),
        (
            lambda means, sizes: (means * sizes).sum(),
            "This is the sum over all targets; the loss is their mean.",
        ),
        (
            lambda means, sizes: (means * sizes).sum() / len(sizes),
            "You divide by the number of parts. Divide by the number of targets.",
        ),
        (
            lambda means, sizes: (means / sizes).sum(),
            "The means were divided by their sizes already. Multiply by them to get the parts' sums back.",
        ),
    ],
)
