"""The exercises of section 8.2.5: solutions, and the usual mistakes, each with its hint."""

import torch
from torch import Tensor

from pyft.course.exercise_tools import normal
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def rounded(x: Tensor, levels: Tensor) -> Tensor:
    scale = x.abs().max()
    nearest = (x[:, None] / scale - levels).abs().argmin(1)
    return scale * levels[nearest]


_LEVELS = torch.tensor([-1.0, -0.5, -0.1, 0.0, 0.2, 0.5, 1.0], dtype=torch.float64)
EXERCISES["8.2.5-a"] = Exercise(
    solution=rounded,
    cases=[(normal(8), _LEVELS), (3 * normal(16, seed=1), _LEVELS), (-normal(5, seed=2).abs(), _LEVELS)],
    mistakes=[
        (
            lambda x, levels: levels[(x[:, None] / x.abs().max() - levels).abs().argmin(1)],
            "You found the right levels. Multiply them by the scale again.",
        ),
        (
            lambda x, levels: x.max() * levels[(x[:, None] / x.max() - levels).abs().argmin(1)],
            "The scale is the largest absolute value: the number that is furthest out may be negative.",
        ),
        (
            lambda x, levels: levels[(x[:, None] - levels).abs().argmin(1)],
            "Levels lie between -1 and 1. Divide by the scale before you look for the nearest.",
        ),
        (
            lambda x, levels: x.abs().max() * levels[(torch.searchsorted(levels, x / x.abs().max()) - 1).clamp(min=0)],
            "You take the level below. The nearest one may lie above.",
        ),
    ],
)


def bits(block: int, scale: int) -> float:
    return 4 + scale / block


EXERCISES["8.2.5-b"] = Exercise(
    solution=bits,
    cases=[(64, 32), (32, 16), (128, 8)],
    mistakes=[
        (lambda block, scale: 4.0, "You forgot the scales. Each block has one, and its numbers share it."),
        (lambda block, scale: 4 + scale, "That is a scale for each number. A block of numbers shares one."),
        (lambda block, scale: 4 + block / scale, "Upside down: a larger block makes the share of each number smaller."),
        (lambda block, scale: (4 + scale) / block, "The code of a number is its own. Only the scale is shared."),
    ],
)


def kept(d: int, d_ff: int, L: int, bits: float) -> float:
    return L * (4 * d * d + 2 * d * d_ff) * bits / 8


EXERCISES["8.2.5-c"] = Exercise(
    solution=kept,
    cases=[(384, 1536, 6, 4.5), (4096, 11008, 32, 4.125)],
    mistakes=[
        (lambda d, d_ff, L, bits: L * (4 * d * d + 2 * d * d_ff) * bits, "These are bits. A byte has eight."),
        (
            lambda d, d_ff, L, bits: (4 * d * d + 2 * d * d_ff) * bits / 8,
            "That is one layer. Each of the L layers has its own matrices.",
        ),
        (
            lambda d, d_ff, L, bits: L * (3 * d * d + 2 * d * d_ff) * bits / 8,
            "Beside queries, keys and values, attention has a fourth matrix, for its output.",
        ),
        (
            lambda d, d_ff, L, bits: L * (4 * d * d + d * d_ff) * bits / 8,
            "The feed-forward network has two matrices: into the inner layer, and out of it.",
        ),
    ],
)
