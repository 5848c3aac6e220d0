"""The exercises of section 2.1.1: solutions by hand, and the mistakes that people make, each with its hint."""

import math

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def units(log_p: Tensor, characters: int) -> tuple[Tensor, Tensor]:
    nats = -log_p.sum()  # of the whole text
    perplexity = (nats / len(log_p)).exp()
    return perplexity, nats / (characters * math.log(2))


EXERCISES["2.1.1-a"] = Exercise(
    solution=units,
    cases=[
        (torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64).log(), 12),
        (torch.tensor([0.9, 0.1, 0.3, 0.8, 0.05], dtype=torch.float64).log(), 17),
    ],
    mistakes=[
        (
            lambda log_p, characters: ((-log_p.sum() / len(log_p)).exp(), -log_p.sum() / characters),
            "The perplexity is right. The second number is in nats: divide by the logarithm of two to have bits.",
        ),
        (
            lambda log_p, characters: ((-log_p.sum() / len(log_p)).exp(), -log_p.mean() / math.log(2)),
            "The second number is bits a token. Divide the bits of the whole text by `characters`.",
        ),
        (
            lambda log_p, characters: ((1 / log_p.exp()).mean(), -log_p.sum() / (characters * math.log(2))),
            "You average one over p. The perplexity is the exponential of the mean of -ln p, a geometric mean.",
        ),
        (
            lambda log_p, characters: ((-log_p.sum()).exp(), -log_p.sum() / (characters * math.log(2))),
            "Your perplexity is that of the whole text. Take the mean over the tokens before the exponential.",
        ),
        (
            lambda log_p, characters: ((-log_p.sum() / characters).exp(), -log_p.sum() / (characters * math.log(2))),
            "Your perplexity is by the character. It is asked for by the token: divide by the number of tokens.",
        ),
    ],
)


def training_cost(N: float, batch: int, T: int, steps: int) -> float:
    D = batch * T * steps  # tokens read
    return 6 * N * D


EXERCISES["2.1.1-b"] = Exercise(
    solution=training_cost,
    cases=[(1000, 16, 128, 50), (250, 8, 512, 3)],
    mistakes=[
        (
            lambda N, batch, T, steps: 2 * N * batch * T * steps,
            "That is the forward pass alone. The backward pass costs twice as much again.",
        ),
        (
            lambda N, batch, T, steps: 4 * N * batch * T * steps,
            "That is the backward pass alone. Add the forward pass: two operations a parameter and token.",
        ),
        (
            lambda N, batch, T, steps: 6 * N * batch * steps,
            "You count texts. Each has T tokens, and the cost is for each token.",
        ),
        (
            lambda N, batch, T, steps: 6 * N * batch * T,
            "That is one step. There are `steps` of them.",
        ),
        (
            lambda N, batch, T, steps: 3 * N * batch * T * steps,
            "You count a multiplication and an addition as one operation. Here they are two.",
        ),
    ],
)
