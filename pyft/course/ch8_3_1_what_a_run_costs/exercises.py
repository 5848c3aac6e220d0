"""The exercises of section 8.3.1: solutions, and the usual mistakes, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def operations(N: int, frozen: int, D: int) -> int:
    forward = 2 * N * D
    backward = 4 * (N - frozen) * D
    return forward + backward


EXERCISES["8.3.1-a"] = Exercise(
    solution=operations,
    cases=[(1000, 400, 10), (10_616_832, 7_077_888, 128), (500, 0, 3)],
    mistakes=[
        (lambda N, frozen, D: 6 * N * D, "Nothing goes back into the frozen layers. Their forward pass stays."),
        (
            lambda N, frozen, D: 6 * (N - frozen) * D,
            "You left the frozen layers out. They still have to be gone through forwards.",
        ),
        (
            lambda N, frozen, D: 2 * N * D + 2 * (N - frozen) * D,
            "A product that learns has two in the backward pass: for its matrix, and for what came in.",
        ),
        (
            lambda N, frozen, D: 2 * N * D + 4 * frozen * D,
            "You have the backward pass of the frozen parameters. It is the others that learn.",
        ),
    ],
)


def whole(means: Tensor, targets: Tensor) -> Tensor:
    return (means * targets).sum() / targets.sum()


_MEANS = torch.tensor([0.5, 2.0, 1.0], dtype=torch.float64)
EXERCISES["8.3.1-b"] = Exercise(
    solution=whole,
    cases=[(_MEANS, torch.tensor([8, 1, 3])), (_MEANS, torch.tensor([4, 4, 4])), (_MEANS, torch.tensor([1, 90, 5]))],
    mistakes=[
        (
            lambda means, targets: means.mean(),
            "That is a mean of means. A part of one target must not weigh as much as one of a hundred.",
        ),
        (lambda means, targets: (means * targets).sum(), "That is the sum over all targets. Divide by how many."),
        (
            lambda means, targets: (means * targets).sum() / len(targets),
            "You divide by the number of parts. Divide by the number of targets.",
        ),
        (
            lambda means, targets: (means / targets).sum() / (1 / targets).sum(),
            "The weights are upside down: a part with more targets weighs more.",
        ),
    ],
)


def hours(texts: int, tokens: int, epochs: int, N: int, peak: float, used: float) -> float:
    return 6 * N * texts * tokens * epochs / (peak * used) / 3600


EXERCISES["8.3.1-c"] = Exercise(
    solution=hours,
    cases=[(10_000, 128, 3, 85_000_000, 65e12, 0.25), (2000, 32, 1, 10_000_000, 1e11, 0.6)],
    mistakes=[
        (
            lambda texts, tokens, epochs, N, peak, used: 6 * N * texts * tokens * epochs / peak / 3600,
            "No run reaches the peak. Divide by the share of it that is used.",
        ),
        (
            lambda texts, tokens, epochs, N, peak, used: 6 * N * texts * tokens * epochs * used / peak / 3600,
            "A lower share makes a run longer, not shorter.",
        ),
        (
            lambda texts, tokens, epochs, N, peak, used: 6 * N * texts * tokens * epochs / (peak * used),
            "These are seconds. Divide them by 3600 to have hours.",
        ),
        (
            lambda texts, tokens, epochs, N, peak, used: 6 * N * texts * tokens / (peak * used) / 3600,
            "Every text is gone through once an epoch.",
        ),
        (
            lambda texts, tokens, epochs, N, peak, used: 2 * N * texts * tokens * epochs / (peak * used) / 3600,
            "That is the forward pass. The backward pass costs twice as much again.",
        ),
    ],
)
