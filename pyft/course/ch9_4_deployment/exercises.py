"""The exercises of section 9.4: solutions, and the usual mistakes, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def there_and_back(x: Tensor) -> Tensor:
    step = x.abs().max() / 127
    return (x / step).round() * step


def _cut(x: Tensor) -> Tensor:
    step = x.abs().max() / 127
    return (x / step).trunc() * step


def _one_sided(x: Tensor) -> Tensor:
    step = x.max() / 127
    return (x / step).round() * step


def _integers(x: Tensor) -> Tensor:
    return (x / (x.abs().max() / 127)).round()


def _steps_of_256(x: Tensor) -> Tensor:
    step = x.abs().max() / 256
    return (x / step).round() * step


EXERCISES["9.4-a"] = Exercise(
    solution=there_and_back,
    cases=[(torch.tensor([0.5, -1.2, 2.54, 0.013]),), (torch.tensor([-3.0, 0.1, 0.77]),)],
    mistakes=[
        (_cut, "You cut towards zero. Rounding to the nearest step halves the largest error."),
        (_one_sided, "The step comes from the largest absolute value, or large negative numbers leave the grid."),
        (_integers, "These are the integers. Multiply by the step to come back."),
        (_steps_of_256, "An int8 goes from -128 to 127: the largest number is the 127th step."),
    ],
    tol=1e-6,
)


def most_texts(batch: Tensor, p95: Tensor, limit: float) -> float:
    fits = p95 <= limit
    return float((1000 * batch[fits] / p95[fits]).max())


def _largest_batch(batch: Tensor, p95: Tensor, limit: float) -> float:
    return float((1000 * batch / p95)[p95 <= limit][-1])


def _no_limit(batch: Tensor, p95: Tensor, limit: float) -> float:
    return float((1000 * batch / p95).max())


def _per_millisecond(batch: Tensor, p95: Tensor, limit: float) -> float:
    return most_texts(batch, p95, limit) / 1000


EXERCISES["9.4-b"] = Exercise(
    solution=most_texts,
    cases=[
        (torch.tensor([1.0, 4, 8, 16]), torch.tensor([10.0, 20, 60, 200]), 100.0),
        (torch.tensor([1.0, 8, 32]), torch.tensor([5.0, 20, 60]), 30.0),
    ],
    mistakes=[
        (_largest_batch, "The largest batch within the limit need not be the fastest by the text. Compare them all."),
        (_no_limit, "A batch that takes longer than the limit does not count."),
        (_per_millisecond, "That is texts a millisecond. Times are in milliseconds; texts a second are asked for."),
    ],
    tol=1e-4,
)
