"""The exercises of section 7.3: solutions, and the usual mistakes, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def correlation(counts: Tensor) -> Tensor:
    (tp, fp), (fn, tn) = counts
    return (tp * tn - fp * fn) / ((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)).sqrt()


def _accuracy(counts: Tensor) -> Tensor:
    return counts.trace() / counts.sum()


def _f1(counts: Tensor) -> Tensor:
    return 2 * counts[0, 0] / (2 * counts[0, 0] + counts[0, 1] + counts[1, 0])


def _without_root(counts: Tensor) -> Tensor:
    (tp, fp), (fn, tn) = counts
    return (tp * tn - fp * fn) / ((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))


def _sum_of_products(counts: Tensor) -> Tensor:
    (tp, fp), (fn, tn) = counts
    return (tp * tn + fp * fn) / ((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)).sqrt()


def _table(*rows: tuple[float, float]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


EXERCISES["7.3-a"] = Exercise(
    solution=correlation,
    cases=[(_table((5, 2), (1, 2)),), (_table((1, 4), (3, 2)),), (_table((10, 1), (2, 30)),)],
    mistakes=[
        (_accuracy, "This is accuracy, the share of right answers. A constant answer has a Matthews correlation of 0."),
        (_f1, "This is F1. It does not look at the true negatives."),
        (_without_root, "The root is missing: the denominator is the square root of the product of the four sums."),
        (_sum_of_products, "The wrong answers count against the right ones: tp tn less fp fn."),
    ],
)


def f1_of_words(found: Tensor, true: Tensor) -> float:
    same = sum(min(int((found == word).sum()), int((true == word).sum())) for word in set(found.tolist()))
    return 2 * same / (len(found) + len(true))


def _as_sets(found: Tensor, true: Tensor) -> float:
    a, b = set(found.tolist()), set(true.tolist())
    return 2 * len(a & b) / (len(a) + len(b))


def _in_place(found: Tensor, true: Tensor) -> float:
    return 2 * sum(a == b for a, b in zip(found.tolist(), true.tolist(), strict=False)) / (len(found) + len(true))


def _precision(found: Tensor, true: Tensor) -> float:
    return f1_of_words(found, true) * (len(found) + len(true)) / (2 * len(found))


def _every_pair(found: Tensor, true: Tensor) -> float:
    return 2 * sum(word in true.tolist() for word in found.tolist()) / (len(found) + len(true))


EXERCISES["7.3-b"] = Exercise(
    solution=f1_of_words,
    cases=[
        (torch.tensor([7, 3, 3, 9]), torch.tensor([3, 9, 9])),
        (torch.tensor([1, 2]), torch.tensor([2, 1, 4])),
        (torch.tensor([5]), torch.tensor([6, 6])),
    ],
    mistakes=[
        (_as_sets, "You count each word once. A word that stands twice in both answers counts twice."),
        (_in_place, "You compare words at the same place. Their order does not count."),
        (_precision, "This is precision, the share of the words found. F1 divides twice the overlap by both lengths."),
        (_every_pair, "A word that stands twice in the answer and once in the truth is right once only."),
    ],
)
