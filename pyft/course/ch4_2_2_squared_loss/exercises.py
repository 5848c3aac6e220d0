"""The exercises of section 4.2.2: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.course.exercise_tools import normal
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def mse_and_gradient(y_hat: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    error = y_hat - y  # (N,)
    return (error**2).mean(), 2 * error / len(y)


EXERCISES["4.2.2-a"] = Exercise(
    solution=mse_and_gradient,
    cases=[(normal(5), normal(5, seed=1)), (torch.tensor([2.0, 0.0]), torch.tensor([1.0, 3.0]))],
    mistakes=[
        (
            lambda y_hat, y: (((y_hat - y) ** 2).mean() / 2, (y_hat - y) / len(y)),
            "This is half of it, as in textbooks that want to be rid of the factor two. Here the squares are whole.",
        ),
        (
            lambda y_hat, y: (((y_hat - y) ** 2).mean(), (y_hat - y) / len(y)),
            "The loss is right. The derivative of a square has a factor two.",
        ),
        (
            lambda y_hat, y: (((y_hat - y) ** 2).mean(), 2 * (y_hat - y)),
            "The loss is right, and it is a mean: its gradient is divided by N as well.",
        ),
        (
            lambda y_hat, y: (((y_hat - y) ** 2).sum(), 2 * (y_hat - y)),
            "These are the sum and its gradient. Divide both by N.",
        ),
        (
            lambda y_hat, y: (((y_hat - y) ** 2).mean(), 2 * (y - y_hat) / len(y)),
            "The sign of the gradient is reversed: a prediction that is too high must come down, "
            "so the gradient is positive there.",
        ),
    ],
)


def spread_and_bias(c: float, y: Tensor) -> tuple[Tensor, Tensor]:
    mean = y.mean()
    return ((y - mean) ** 2).mean(), (c - mean) ** 2


EXERCISES["4.2.2-b"] = Exercise(
    solution=spread_and_bias,
    cases=[(0.5, normal(7)), (-2.0, torch.tensor([1.0, 2.0, 6.0]))],
    mistakes=[
        (
            lambda c, y: (y.var(), (c - y.mean()) ** 2),
            "Your spread divides by n - 1. The loss is a mean over n, so its parts are as well.",
        ),
        (
            lambda c, y: (((y - y.mean()) ** 2).mean(), (c - y.mean()).abs()),
            "The spread is right. The second part must be squared, or the two do not add up to a mean of squares.",
        ),
        (
            lambda c, y: (((y - c) ** 2).mean(), (c - y.mean()) ** 2),
            "Your first part is the whole loss. The spread is about the mean of y, whatever c is.",
        ),
        (
            lambda c, y: (((y - y.median()) ** 2).mean(), (c - y.median()) ** 2),
            "You take the median. Squared error belongs to the mean.",
        ),
        (
            lambda c, y: ((c - y.mean()) ** 2, ((y - y.mean()) ** 2).mean()),
            "Both parts are right, in the other order: the spread first.",
        ),
    ],
)
