"""The exercises of section 8.3.2: solutions, and the usual mistakes, each with its hint."""

from collections.abc import Callable

import torch
from torch import Tensor

from pyft.course.exercise_tools import normal
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def three_words(v: Tensor) -> Tensor:
    scores = []
    for i in range(3):
        a, b = (j for j in range(3) if j != i)
        first = v[2**i] - v[0]
        second = (v[2**i + 2**a] - v[2**a]) + (v[2**i + 2**b] - v[2**b])
        last = v[7] - v[2**a + 2**b]
        scores.append(first / 3 + second / 6 + last / 3)
    return torch.stack(scores)


def _steps(v: Tensor) -> Tensor:
    """What each word adds: to none, to the one other, to the next, to both: (3, 4)."""
    rows = []
    for i in range(3):
        a, b = (j for j in range(3) if j != i)
        before = [0, 2**a, 2**b, 2**a + 2**b]
        rows.append(torch.stack([v[s + 2**i] - v[s] for s in before]))
    return torch.stack(rows)


EXERCISES["8.3.2-a"] = Exercise(
    solution=three_words,
    cases=[(normal(8),), (normal(8, seed=1),), (torch.arange(8).double() ** 2,)],
    mistakes=[
        (
            lambda v: _steps(v).mean(1),
            "You weigh all sets alike. Of the six orders a word comes first in two, and last in two.",
        ),
        (lambda v: _steps(v)[:, 0], "That is each word alone. Add it to the other sets too."),
        (lambda v: _steps(v)[:, 3], "That is occlusion, each word added last. Average over all orders."),
        (
            lambda v: _steps(v) @ torch.tensor([2, 1, 1, 2], dtype=v.dtype),
            "That is the sum over the six orders. Divide by how many there are.",
        ),
    ],
)


def integrated(gradient: Callable[[Tensor], Tensor], x: Tensor, baseline: Tensor, steps: int) -> Tensor:
    total = torch.zeros_like(x)
    for k in range(steps):
        alpha = (k + 0.5) / steps
        total += gradient(baseline + alpha * (x - baseline))
    return (x - baseline) * total / steps


def _at(shift: float) -> Callable[..., Tensor]:
    """The rule whose points lie elsewhere in each step."""

    def rule(gradient: Callable[[Tensor], Tensor], x: Tensor, baseline: Tensor, steps: int) -> Tensor:
        points = [gradient(baseline + (k + shift) / steps * (x - baseline)) for k in range(steps)]
        return (x - baseline) * torch.stack(points).mean(0)

    return rule


def _cubes(x: Tensor) -> Tensor:
    return 3 * x**2


def _products(x: Tensor) -> Tensor:
    return x.prod() / x


EXERCISES["8.3.2-b"] = Exercise(
    solution=integrated,
    cases=[
        (_cubes, normal(3), normal(3, seed=1), 4),
        (_products, normal(3, seed=2).abs() + 1, torch.ones(3).double(), 8),
    ],
    mistakes=[
        (
            lambda gradient, x, baseline, steps: integrated(gradient, x, baseline, steps) / (x - baseline),
            "That is the mean gradient. Multiply it by the way that each entry goes.",
        ),
        (
            lambda gradient, x, baseline, steps: steps * integrated(gradient, x, baseline, steps),
            "You add the gradients up. The integral is their mean: each step is one over `steps` long.",
        ),
        (
            lambda gradient, x, baseline, steps: gradient(x) * (x - baseline),
            "That is the gradient at the end alone. Walk from the baseline to x.",
        ),
        (_at(0.0), "You take the beginning of each step. Take its middle."),
        (_at(1.0), "You take the end of each step. Take its middle."),
    ],
)


def area(shares: Tensor, p: Tensor) -> Tensor:
    return ((shares[1:] - shares[:-1]) * (p[1:] + p[:-1]) / 2).sum()


_SHARES = torch.tensor([0.0, 0.1, 0.3, 0.6, 1.0], dtype=torch.float64)
EXERCISES["8.3.2-c"] = Exercise(
    solution=area,
    cases=[(_SHARES, normal(5).sigmoid()), (_SHARES, torch.linspace(1, 0, 5, dtype=torch.float64))],
    mistakes=[
        (lambda shares, p: p.mean(), "The shares lie unevenly: a long stretch counts for more than a short one."),
        (
            lambda shares, p: ((shares[1:] - shares[:-1]) * p[:-1]).sum(),
            "These are boxes as high as each stretch begins. Take the mean of both its ends.",
        ),
        (
            lambda shares, p: ((shares[1:] - shares[:-1]) * p[1:]).sum(),
            "These are boxes as high as each stretch ends. Take the mean of both its ends.",
        ),
    ],
)
