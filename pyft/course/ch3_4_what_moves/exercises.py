"""The exercises of section 3.4: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def _normal(*shape: int, seed: int = 0) -> Tensor:
    """Normal numbers that leave torch's own generator alone."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def moved_apart(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    return (one - other).abs().max(), (one.argmax(-1) != other.argmax(-1)).double().mean()


EXERCISES["3.4-a"] = Exercise(
    solution=moved_apart,
    cases=[
        (_normal(6, 3), _normal(6, 3, seed=1)),
        (_normal(8, 2), _normal(8, 2) + 0.25 * _normal(8, 2, seed=1).abs()),
        (_normal(9, 3, seed=2), _normal(9, 3, seed=2) + _normal(9, 3, seed=3)),
    ],
    mistakes=[
        (
            lambda one, other: ((one - other).max(), moved_apart(one, other)[1]),
            "A logit that fell moved as well: take the absolute difference before the maximum.",
        ),
        (
            lambda one, other: ((one - other).abs().mean(), moved_apart(one, other)[1]),
            "The mean hides the one logit that moved far: take the largest difference.",
        ),
        (
            lambda one, other: (moved_apart(one, other)[0], 1 - moved_apart(one, other)[1]),
            "This is the share that agrees. How many answers flip?",
        ),
        (
            lambda one, other: (moved_apart(one, other)[0], (one.argmax(0) != other.argmax(0)).double().mean()),
            "An answer is the largest logit of a text: argmax over the classes, which are the last axis.",
        ),
        (
            lambda one, other: (moved_apart(one, other)[0], (one.argmax(-1) != other.argmax(-1)).double().sum()),
            "This counts answers; a share is a mean.",
        ),
    ],
)


def tolerance(figure: float, elsewhere: Tensor, N: int) -> Tensor:
    return torch.maximum(2 * (elsewhere - figure).abs().max(), torch.tensor(3 / N, dtype=elsewhere.dtype))


EXERCISES["3.4-b"] = Exercise(
    solution=tolerance,
    cases=[
        (0.80, torch.tensor([0.795, 0.803], dtype=torch.float64), 1000),
        (0.80, torch.tensor([0.80, 0.80], dtype=torch.float64), 500),
    ],
    mistakes=[
        (
            lambda figure, elsewhere, N: 2 * (elsewhere - figure).abs().max(),
            "Where nothing moved, this asks a third machine for the very last digit: allow three examples of N.",
        ),
        (
            lambda figure, elsewhere, N: torch.maximum((elsewhere - figure).abs().max(), torch.tensor(3 / N)),
            "Two machines are a small sample: a third may move it further. Twice the largest move.",
        ),
        (
            lambda figure, elsewhere, N: torch.maximum(2 * (elsewhere - figure).max(), torch.tensor(3 / N)),
            "A figure that fell has moved, too: the absolute difference.",
        ),
        (
            lambda figure, elsewhere, N: torch.maximum(
                2 * (elsewhere.max() - elsewhere.min()), torch.tensor(3 / N, dtype=elsewhere.dtype)
            ),
            "This is the range of the others. How far did they move from the figure that is stored?",
        ),
    ],
)
