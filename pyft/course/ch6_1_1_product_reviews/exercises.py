"""The exercises of section 6.1.1: solutions by hand, and the mistakes that people make, each with its hint."""

from collections.abc import Callable

import torch
from torch import Tensor

from pyft.course.exercise_tools import normal
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}

Gradient = Callable[[Tensor], Tensor]


def integrated(grad: Gradient, x: Tensor, baseline: Tensor, steps: int) -> Tensor:
    alpha = (torch.arange(steps) + 0.5) / steps  # (n) midpoints
    points = baseline + alpha[:, None] * (x - baseline)  # (n, d)
    return (x - baseline) * grad(points).mean(0)  # (d)


def _cubic(points: Tensor) -> Tensor:
    """Of f(x) = x_1³ + x_1 x_2²."""
    a, b = points[:, 0], points[:, 1]
    return torch.stack([3 * a**2 + b**2, 2 * a * b], 1)


def _along(alpha: Tensor, grad: Gradient, x: Tensor, baseline: Tensor) -> Tensor:
    return (x - baseline) * grad(baseline + alpha[:, None] * (x - baseline)).mean(0)


EXERCISES["6.1.1-a"] = Exercise(
    solution=integrated,
    cases=[
        (_cubic, torch.tensor([2.0, -1.0]), torch.tensor([0.5, 1.0]), 4),
        (_cubic, torch.tensor([-1.0, 3.0]), torch.tensor([1.0, 0.5]), 7),
    ],
    mistakes=[
        (
            lambda grad, x, baseline, steps: (x - baseline) * grad(x[None])[0],
            "You take the gradient at the end of the way alone. Walk from the baseline to x and take the mean.",
        ),
        (
            lambda grad, x, baseline, steps: integrated(grad, x, baseline, steps) / (x - baseline),
            "That is the mean gradient. Each entry contributes it times how far it has moved, x less the baseline.",
        ),
        (
            lambda grad, x, baseline, steps: x * integrated(grad, x, baseline, steps) / (x - baseline),
            "You multiply by x. What counts is how far the entry has moved from the baseline.",
        ),
        (
            lambda grad, x, baseline, steps: integrated(grad, x, torch.zeros_like(x), steps),
            "You walk from zero. The baseline is an argument.",
        ),
        (
            lambda grad, x, baseline, steps: _along(torch.arange(steps) / steps, grad, x, baseline),
            "You take the beginnings of the steps. Their midpoints are half a step further.",
        ),
        (
            lambda grad, x, baseline, steps: _along((torch.arange(steps) + 1) / steps, grad, x, baseline),
            "You take the ends of the steps. Their midpoints are half a step nearer.",
        ),
        (
            lambda grad, x, baseline, steps: integrated(grad, x, baseline, steps) * steps,
            "You sum the gradients; each step is only 1/n of the way. Take their mean.",
        ),
        (
            lambda grad, x, baseline, steps: -integrated(grad, x, baseline, steps),
            "The sign is turned: from the baseline to x, not back.",
        ),
    ],
    tol=1e-5,
)


def best_correlation(first: Tensor, second: Tensor) -> float:
    r = torch.corrcoef(torch.stack([first, second]))[0, 1]  # of the means of two halves of the raters
    reliability = 2 * r / (1 + r)  # of the mean of all raters
    return reliability.sqrt().item()


def _halves(seed: int) -> tuple[Tensor, Tensor]:
    shared = normal(30, seed=seed)
    return shared + 0.4 * normal(30, seed=seed + 10), shared + 0.4 * normal(30, seed=seed + 20)


def _r(first: Tensor, second: Tensor) -> float:
    return torch.corrcoef(torch.stack([first, second]))[0, 1].item()


EXERCISES["6.1.1-b"] = Exercise(
    solution=best_correlation,
    cases=[_halves(0), _halves(1)],
    mistakes=[
        (
            lambda first, second: _r(first, second) ** 0.5,
            "You took the root of r, which is that of half the raters. Step it up to all of them first.",
        ),
        (
            lambda first, second: 2 * _r(first, second) / (1 + _r(first, second)),
            "That is the reliability of the mean. The best prediction correlates with the mean by its root.",
        ),
        (
            _r,
            "That is how two halves agree. Step it up to all raters, then take the root.",
        ),
        (
            lambda first, second: (2 * _r(first, second)) ** 0.5,
            "Twice r may be more than one. Divide by 1 + r.",
        ),
        (
            lambda first, second: best_correlation(first, second) ** 4,
            "You squared the reliability. Take its root.",
        ),
    ],
    tol=1e-5,
)
