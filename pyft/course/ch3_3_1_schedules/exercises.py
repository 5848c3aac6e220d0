"""The exercises of section 3.3.1: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def layer_rates(lr: float, xi: float, L: int) -> Tensor:
    above = torch.arange(L + 1, -1, -1)  # layers above: embeddings L + 1, first layer L, ..., last 1, head 0
    return lr * xi**above  # (L + 2)


EXERCISES["3.3.1-a"] = Exercise(
    solution=layer_rates,
    cases=[(1e-1, 0.5, 3), (1.0, 0.8, 6)],
    mistakes=[
        (
            lambda lr, xi, L: lr * xi ** torch.arange(L + 2),
            "Reversed: here the embeddings learn fastest. They come first in the result, and learn slowest.",
        ),
        (
            lambda lr, xi, L: lr * xi ** torch.arange(L, -1, -1),
            "One is missing: there are L layers, the embeddings below them and the head above.",
        ),
        (
            lambda lr, xi, L: lr * xi ** torch.arange(L + 2, 0, -1),
            "The head has the full rate: nothing lies above it.",
        ),
        (
            lambda lr, xi, L: lr * torch.tensor([xi**k for k in [L, *range(L, 0, -1), 0]]),
            "The embeddings lie below the first layer: their rate is one factor lower than its.",
        ),
        (
            lambda lr, xi, L: lr / xi ** torch.arange(L + 1, -1, -1.0),
            "You divide by the factor, so rates grow towards the bottom.",
        ),
        (
            lambda lr, xi, L: lr * (1 - (1 - xi) * torch.arange(L + 1, -1, -1)),
            "You take the same amount away at each layer. Each rate is xi times the one above it.",
        ),
    ],
)


def factor(t: int, T: int, W: int) -> float:
    return t / W if t < W else (T - t) / (T - W)


EXERCISES["3.3.1-b"] = Exercise(
    solution=factor,
    cases=[(5, 100, 10), (10, 100, 10), (55, 100, 10), (99, 100, 10)],
    mistakes=[
        (lambda t, T, W: (T - t) / T, "There is no warm-up here: before step W the factor is t / W."),
        (
            lambda t, T, W: t / W if t < W else (T - t) / T,
            "The fall begins below one: at step W the factor is one, so divide by the steps that are left, T - W.",
        ),
        (
            lambda t, T, W: t / W if t < W else 1.0,
            "After the warm-up the factor stays at one. The linear schedule falls to zero at step T.",
        ),
        (
            lambda t, T, W: t / W if t < W else 1 - (t - W) / T,
            "The factor is not zero at the end: the fall takes T - W steps, not T.",
        ),
    ],
)
