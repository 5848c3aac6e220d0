"""The exercises of section 8.3.4: solutions, and the usual mistakes, each with its hint."""

import math

import torch
from torch import Tensor

from pyft.course.exercise_tools import normal
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def clipped_sum(G: Tensor, C: float) -> Tensor:
    length = G.norm(dim=1, keepdim=True)
    return (G * (C / length).clamp(max=1)).sum(0)


EXERCISES["8.3.4-a"] = Exercise(
    solution=clipped_sum,
    cases=[(normal(6, 4), 1.5), (normal(5, 3, seed=1) * torch.arange(1, 6)[:, None], 2.0)],
    mistakes=[
        (
            lambda G, C: G.sum(0) * (C / G.sum(0).norm()).clamp(max=1),
            "You shorten the sum. One example may then still be all of it: shorten each before you add.",
        ),
        (
            lambda G, C: (G * C / G.norm(dim=1, keepdim=True)).sum(0),
            "Short gradients become longer. Only those that are longer than C change.",
        ),
        (
            lambda G, C: G.clamp(-C, C).sum(0),
            "You limit each number by itself. Limit the length of the whole gradient; its direction stays.",
        ),
        (
            lambda G, C: (G * (C / G.norm(dim=1, keepdim=True)).clamp(max=1)).mean(0),
            "That is the mean. Add them up: the noise belongs to the sum.",
        ),
    ],
)


def exposure(scores: Tensor, secret: int) -> float:
    rank = 1 + int((scores > scores[secret]).sum())
    return math.log2(len(scores)) - math.log2(rank)


EXERCISES["8.3.4-b"] = Exercise(
    solution=exposure,
    cases=[(torch.tensor([0.1, 0.9, 0.5, 0.7, 0.2, 0.3, 0.0, 0.4]), 2), (normal(64), 5), (normal(32, seed=3), 7)],
    mistakes=[
        (
            lambda scores, secret: math.log(len(scores)) - math.log(1 + int((scores > scores[secret]).sum())),
            "These are nats. Bits have logarithms to the base two.",
        ),
        (
            lambda scores, secret: math.log2(len(scores)) - math.log2(1 + int((scores < scores[secret]).sum())),
            "You count from below. The best rank is one, and belongs to the highest score.",
        ),
        (
            lambda scores, secret: math.log2(1 + int((scores > scores[secret]).sum())),
            "That is how many bits are still to be guessed. How many are saved of all?",
        ),
        (
            lambda scores, secret: len(scores) / (1 + int((scores > scores[secret]).sum())),
            "This factor is right. In bits it is its logarithm.",
        ),
    ],
)


def found_share(inside: Tensor, outside: Tensor, k: int) -> Tensor:
    threshold = outside.sort().values[k]
    return (inside < threshold).double().mean()


EXERCISES["8.3.4-c"] = Exercise(
    solution=found_share,
    cases=[(normal(40).abs(), normal(30, seed=1).abs() + 0.5, 3), (normal(20, seed=2), normal(25, seed=3) + 1, 5)],
    mistakes=[
        (
            lambda inside, outside, k: (inside > outside.sort().values[k]).double().mean(),
            "You accuse those with high losses. What was learnt from has a low one.",
        ),
        (
            lambda inside, outside, k: (inside < outside.sort(descending=True).values[k]).double().mean(),
            "Nearly all outside lie below this threshold. Count the accused from the lowest loss.",
        ),
        (
            lambda inside, outside, k: (inside < outside.sort().values[k]).double().sum(),
            "That is how many are found. Return the share.",
        ),
        (
            lambda inside, outside, k: (inside < inside.sort().values[k]).double().mean(),
            "The threshold comes from those outside: it is they who must not be accused.",
        ),
    ],
)
