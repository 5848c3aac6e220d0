"""The exercises of section 2.3: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def trained_parameters(L: int, k: int, d: int, f: int, K: int) -> int:
    attention = 4 * (d * d + d)  # W^Q, W^K, W^V, W^O with their biases
    feed_forward = (d * f + f) + (f * d + d)
    norms = 2 * (2 * d)
    head = (d * d + d) + (d * K + K)  # pooler and classifier
    return (L - k) * (attention + feed_forward + norms) + head


def _layer(d: int, f: int) -> int:
    return 4 * (d * d + d) + 2 * d * f + f + d + 4 * d


EXERCISES["2.3-a"] = Exercise(
    solution=trained_parameters,
    cases=[(6, 4, 384, 1536, 2), (12, 0, 768, 3072, 3), (2, 2, 8, 32, 2)],
    mistakes=[
        (
            lambda L, k, d, f, K: (L - k) * (4 * d * d + 2 * d * f) + d * d + d * K,
            "These are the matrices. The biases and the LayerNorms are trained, too.",
        ),
        (
            lambda L, k, d, f, K: (L - k) * (_layer(d, f) - 4 * d) + d * d + d + d * K + K,
            "The LayerNorms are missing: two a layer, each with a gain and a bias of width d.",
        ),
        (
            lambda L, k, d, f, K: (L - k) * _layer(d, f) + d * K + K,
            "The pooler is missing. It lies between the last layer and the classifier, and is trained.",
        ),
        (
            lambda L, k, d, f, K: (L - k) * _layer(d, f),
            "The head is missing: pooler and classifier are always trained.",
        ),
        (
            lambda L, k, d, f, K: k * _layer(d, f) + d * d + d + d * K + K,
            "You count the k layers that are frozen. The other L - k are trained.",
        ),
    ],
    tol=0.5,
)


def step_cost(L: int, k: int) -> float:
    forward = L  # every layer computes
    backward = 2 * (L - k)  # gradients of a trained layer's inputs and of its weights: as much again, each
    return (forward + backward) / (3 * L)


EXERCISES["2.3-b"] = Exercise(
    solution=step_cost,
    cases=[(6, 0), (6, 4), (6, 6), (12, 3)],
    mistakes=[
        (
            lambda L, k: (L - k) / L,
            "You count trained layers alone. The frozen ones compute as well: their forward pass is needed.",
        ),
        (
            lambda L, k: (2 * L - k) / (2 * L),
            "You give backward the price of forward. It makes two products where forward makes one: "
            "a gradient for the inputs, and one for the weights.",
        ),
        (lambda L, k: (L + 2 * (L - k)) / L, "Right, in units of a forward pass. Divide by the cost of a full step."),
        (
            lambda L, k: (L + 2 * k) / (3 * L),
            "You send the gradient through the frozen layers. It goes through the L - k above them.",
        ),
    ],
)


def rates(lr: float, L: int, factor: float) -> Tensor:
    depth = torch.arange(L - 1, -1, -1, dtype=torch.float64)  # layers above this one: L - 1, ..., 0
    return lr / factor**depth  # (L,), the lowest layer first


def _by_layer(lr: float, L: int, factor: float, above: int = 0) -> Tensor:
    return lr / factor ** torch.arange(L - 1 + above, above - 1, -1, dtype=torch.float64)


EXERCISES["2.3-c"] = Exercise(
    solution=rates,
    cases=[(2e-2, 6, 2.6), (1.0, 3, 2.0), (0.5, 1, 4.0)],
    mistakes=[
        (
            lambda lr, L, factor: rates(lr, L, factor).flip(0),
            "Upside down: the top layer has the full rate, and the lowest, the most general, the smallest.",
        ),
        (
            lambda lr, L, factor: _by_layer(lr, L, factor, above=1),
            "The top layer is divided once already. It should have the full rate.",
        ),
        (
            lambda lr, L, factor: lr / (1 + (factor - 1) * torch.arange(L - 1, -1, -1, dtype=torch.float64)),
            "You take steps of equal size. Each layer has the rate of the one above it, divided by the factor.",
        ),
        (
            lambda lr, L, factor: lr * factor ** torch.arange(L - 1, -1, -1, dtype=torch.float64),
            "You multiply by the factor on the way down, so that lower layers move more. Divide.",
        ),
    ],
)
