"""The exercises of section 6.1: solutions by hand, and the mistakes that people make, each with its hint."""

from torch import Tensor

from pyft.course.exercise_tools import normal
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def interval(correct: int, n: int, c: float = 1.959964) -> tuple[float, float]:
    p_hat = correct / n
    centre = (p_hat + c**2 / (2 * n)) / (1 + c**2 / n)
    half = c / (1 + c**2 / n) * (p_hat * (1 - p_hat) / n + c**2 / (4 * n**2)) ** 0.5
    return centre - half, centre + half


def _wald_interval(correct: int, n: int, c: float = 1.959964) -> tuple[float, float]:
    p_hat = correct / n
    half = c * (p_hat * (1 - p_hat) / n) ** 0.5
    return p_hat - half, p_hat + half


EXERCISES["6.1-a"] = Exercise(
    solution=interval,
    cases=[(8, 10), (10, 10), (0, 25), (917, 1056)],
    mistakes=[
        (
            _wald_interval,
            "This is the normal (Wald) interval: with every answer right it has no width at all. "
            "Solve for the rate, as Wilson did.",
        ),
        (lambda correct, n: interval(correct, n)[::-1], "The low end comes first."),
        (
            lambda correct, n: tuple(100 * end for end in interval(correct, n)),
            "These look like percentages; return shares between 0 and 1.",
        ),
    ],
    tol=1e-4,
)


def clip(g: Tensor, h: Tensor, max_norm: float) -> tuple[Tensor, Tensor]:
    norm = ((g**2).sum() + (h**2).sum()).sqrt()  # () of both together
    factor = (max_norm / norm).clamp(max=1.0)
    return factor * g, factor * h


def _scaled(g: Tensor, h: Tensor, factor: float) -> tuple[Tensor, Tensor]:
    return min(1.0, factor) * g, min(1.0, factor) * h


def _squares(g: Tensor, h: Tensor) -> float:
    return ((g**2).sum() + (h**2).sum()).item()


EXERCISES["6.1-b"] = Exercise(
    solution=clip,
    cases=[
        (normal(2, 3, seed=0), normal(4, seed=1), 1.5),
        (0.01 * normal(2, 3, seed=2), 0.01 * normal(4, seed=3), 1.0),
        (5 * normal(3, seed=4), 0.1 * normal(2, 2, seed=5), 2.0),
    ],
    mistakes=[
        (
            lambda g, h, max_norm: (clip(g, 0 * h, max_norm)[0], clip(0 * g, h, max_norm)[1]),
            "You clip each gradient by its own norm, which turns the step into another direction. "
            "Take one norm of both together.",
        ),
        (
            lambda g, h, max_norm: (g.clamp(-max_norm, max_norm), h.clamp(-max_norm, max_norm)),
            "You cut single values, which turns the step into another direction. Scale all of them by one factor.",
        ),
        (
            lambda g, h, max_norm: (max_norm / _squares(g, h) ** 0.5 * g, max_norm / _squares(g, h) ** 0.5 * h),
            "You make a small gradient larger. Only one whose norm is above the limit is scaled.",
        ),
        (
            lambda g, h, max_norm: _scaled(g, h, max_norm / (g.norm() + h.norm()).item()),
            "You add up the norms. Add up the squares, then take the root.",
        ),
        (
            lambda g, h, max_norm: _scaled(g, h, max_norm / _squares(g, h)),
            "That is the square of the norm: take its root.",
        ),
        (
            lambda g, h, max_norm: _scaled(g, h, 1 / _squares(g, h) ** 0.5),
            "You scale to a norm of one. The limit is an argument.",
        ),
    ],
)
