"""The exercises of section 9.1: solutions, and the usual mistakes, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def tied(mean: Tensor, p: Tensor, alpha: float) -> Tensor:
    better = (mean[None, :] > mean[:, None]) & (p < alpha)  # [i, j]: j is shown to beat i
    return ~better.any(1)


_P = torch.tensor([[1.0, 0.4, 0.001, 0.2], [0.4, 1.0, 0.03, 0.3], [0.001, 0.03, 1.0, 0.6], [0.2, 0.3, 0.6, 1.0]])
EXERCISES["9.1-a"] = Exercise(
    solution=tied,
    cases=[
        (torch.tensor([0.84, 0.82, 0.75, 0.79]), _P, 0.05),
        (torch.tensor([0.84, 0.82, 0.75, 0.79]), _P, 0.01),
        (torch.tensor([0.70, 0.80, 0.72, 0.81]), _P, 0.05),
        (torch.tensor([0.80, 0.82, 0.75]), torch.tensor([[1.0, 0.2, 0.01], [0.2, 1.0, 0.09], [0.01, 0.09, 1.0]]), 0.05),
    ],
    mistakes=[
        (
            lambda mean, p, alpha: p[mean.argmax()] >= alpha,
            "You held each way against the one with the highest mean alone. Another may be shown to beat it as well.",
        ),
        (
            lambda mean, p, alpha: (p >= alpha).all(1),
            "A small p says that two ways differ. Only the one with the lower mean is beaten.",
        ),
        (
            lambda mean, p, alpha: mean == mean.max(),
            "That is the highest mean, and nothing else. A lower mean is a tie until a test shows the difference.",
        ),
        (
            lambda mean, p, alpha: ~tied(mean, p, alpha),
            "Those are the ways that are beaten. Turn the answer round.",
        ),
    ],
)


def best_that_fits(accuracy: Tensor, weights: Tensor, bits: int, limit: float) -> int:
    mib = weights.double() * bits / 8 / 2**20
    fit = mib <= limit
    return int(torch.where(fit, accuracy, -1.0).argmax()) if fit.any() else -1


_ACCURACY, _WEIGHTS = (
    torch.tensor([0.74, 0.80, 0.83, 0.85]),
    torch.tensor([40_000, 11_000_000, 22_700_000, 110_000_000]),
)
EXERCISES["9.1-b"] = Exercise(
    solution=best_that_fits,
    cases=[
        (_ACCURACY, _WEIGHTS, 32, 90.0),
        (_ACCURACY, _WEIGHTS, 8, 90.0),
        (_ACCURACY, _WEIGHTS, 8, 105.0),
        (_ACCURACY, _WEIGHTS, 32, 0.1),
        (_ACCURACY, _WEIGHTS, 16, 43.4),
    ],
    mistakes=[
        (
            lambda accuracy, weights, bits, limit: best_that_fits(accuracy, weights * 8, bits, limit),
            "You took bits for bytes: a byte has eight bits.",
        ),
        (
            lambda accuracy, weights, bits, limit: best_that_fits(accuracy, weights, bits, limit * 1e6 / 2**20),
            "A MiB has two to the twentieth bytes, not a million.",
        ),
        (
            lambda accuracy, weights, bits, limit: best_that_fits(accuracy, weights, 32, limit),
            "A weight does not always take four bytes: use `bits`.",
        ),
        (
            lambda accuracy, weights, bits, limit: max(best_that_fits(accuracy, weights, bits, limit), 0),
            "Where nothing fits there is no answer: return -1.",
        ),
    ],
)
