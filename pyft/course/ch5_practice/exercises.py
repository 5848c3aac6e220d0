"""The exercises of section 5: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor
from torch.nn import functional as F

from pyft.course.exercise_tools import normal
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def loss_and_accuracy(z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    right = z.argmax(-1) == y  # (B,)
    return F.cross_entropy(z, y), right.double().mean()


EXERCISES["5-a"] = Exercise(
    solution=loss_and_accuracy,
    cases=[(normal(6, 2), torch.tensor([0, 1, 1, 0, 1, 1])), (normal(4, 3, seed=1), torch.tensor([2, 0, 1, 1]))],
    mistakes=[
        (
            lambda z, y: (F.cross_entropy(z.softmax(-1), y), loss_and_accuracy(z, y)[1]),
            "The loss takes logits: it does the softmax by itself, and yours is the second one.",
        ),
        (
            lambda z, y: (F.cross_entropy(z, y, reduction="sum"), loss_and_accuracy(z, y)[1]),
            "The accuracy is right. Your loss is the sum over the batch; take the mean.",
        ),
        (
            lambda z, y: (F.cross_entropy(z, y), 1 - loss_and_accuracy(z, y)[1]),
            "The loss is right. You count the answers that are wrong.",
        ),
        (
            lambda z, y: (F.cross_entropy(z, y), (z.argmax(-1) == y).double().sum()),
            "The loss is right. You return the number of right answers; divide by the size of the batch.",
        ),
    ],
)


def clipped(g: Tensor, max_norm: float) -> Tensor:
    norm = g.square().sum().sqrt()
    return g * min(1.0, max_norm / float(norm))


EXERCISES["5-b"] = Exercise(
    solution=clipped,
    cases=[(torch.tensor([3.0, 4.0]), 1.0), (torch.tensor([3.0, 4.0]), 10.0), (normal(7), 0.5)],
    mistakes=[
        (
            lambda g, max_norm: g.clamp(-max_norm, max_norm),
            "You cut each component by itself, which turns the direction. Shorten the whole vector.",
        ),
        (
            lambda g, max_norm: g * max_norm / g.norm(),
            "You make every gradient that long. One that is shorter already stays as it is.",
        ),
        (
            lambda g, max_norm: g * min(1.0, max_norm / float(g.abs().max())),
            "You measure the largest component. The length is the root of the sum of squares.",
        ),
        (
            lambda g, max_norm: g * min(1.0, max_norm / float(g.square().sum())),
            "The root is missing: the length is the root of the sum of squares.",
        ),
    ],
    tol=1e-5,
)
