"""The exercises of section 5: solutions by hand, and the mistakes that people make, each with its hint."""

import math

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def padding_shares(lengths: Tensor, B: int, M: int) -> tuple[Tensor, Tensor]:
    tokens = lengths.sum()
    fixed = M * len(lengths)  # positions if every text is filled up to M
    dynamic = sum(len(batch) * batch.max() for batch in lengths.split(B))  # each batch to its own longest
    return 1 - tokens / fixed, 1 - tokens / dynamic


def _positions(lengths: Tensor, B: int) -> Tensor:
    return torch.stack([len(batch) * batch.max() for batch in lengths.split(B)])


EXERCISES["5-a"] = Exercise(
    solution=padding_shares,
    cases=[
        (torch.tensor([3, 5, 4, 9, 2, 7, 6]), 3, 12),
        (torch.tensor([20, 6, 11, 30, 8]), 2, 128),
    ],
    mistakes=[
        (
            lambda lengths, B, M: tuple(1 - share for share in padding_shares(lengths, B, M)),
            "These are the shares of real tokens; padding is the rest.",
        ),
        (
            lambda lengths, B, M: (
                padding_shares(lengths, B, M)[0],
                1 - lengths.sum() / sum(B * batch.max() for batch in lengths.split(B)),
            ),
            "The last batch may hold fewer than B texts: multiply by as many as it holds.",
        ),
        (
            lambda lengths, B, M: (
                padding_shares(lengths, B, M)[0],
                1 - torch.stack([batch.sum() / (len(batch) * batch.max()) for batch in lengths.split(B)]).mean(),
            ),
            "You average the batches' shares. Count the positions of all batches first, and divide once.",
        ),
        (
            lambda lengths, B, M: (
                M * len(lengths) / lengths.sum() - 1,
                _positions(lengths, B).sum() / lengths.sum() - 1,
            ),
            "You divide by the real tokens. The share is of all positions, padding included.",
        ),
        (
            lambda lengths, B, M: (padding_shares(lengths, B, M)[0], 1 - lengths.float().mean() / lengths.max()),
            "You fill all texts up to the longest of all. Each batch has its own longest.",
        ),
    ],
    tol=1e-5,
)


def updates(n: int, B: int, k: int, epochs: int, warmup: int) -> tuple[int, float]:
    T = epochs * math.ceil(n / (B * k))  # the last update of an epoch may be of fewer rows
    return T, min(1.0, (T - 1) / warmup)  # the updates are numbered from 0 to T - 1


EXERCISES["5-b"] = Exercise(
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


def batch_loss(means: Tensor, sizes: Tensor) -> Tensor:
    return (means * sizes).sum() / sizes.sum()  # (): each part counts as much as it holds


EXERCISES["5-c"] = Exercise(
    solution=batch_loss,
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
