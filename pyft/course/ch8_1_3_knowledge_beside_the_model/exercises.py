"""The exercises of section 8.1.3: solutions, and the usual mistakes, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def believed(prior: float, names: float, others: float, listed: bool) -> float:
    of_name, of_other = (names, others) if listed else (1 - names, 1 - others)
    return prior * of_name / (prior * of_name + (1 - prior) * of_other)


EXERCISES["8.1.3-a"] = Exercise(
    solution=believed,
    cases=[(0.5, 0.4, 0.01, True), (0.5, 0.4, 0.01, False), (0.2, 0.5, 0.1, True), (0.3, 0.9, 0.2, False)],
    mistakes=[
        (
            lambda prior, names, others, listed: names / (names + others) if listed else 0.5,
            "You left out how frequent names are, and what a word's absence says. Use Bayes' rule in both cases.",
        ),
        (
            lambda prior, names, others, listed: (
                prior * names / (prior * names + (1 - prior) * others) if listed else prior
            ),
            "That a word is not in the list says something as well: names are missing less often than other words.",
        ),
        (
            lambda prior, names, others, listed: (
                prior * names / (prior * names + (1 - prior) * others) if listed else 0.0
            ),
            "A word outside the list may still be a name: the list does not know them all.",
        ),
        (
            lambda prior, names, others, listed: names if listed else 1 - names,
            "That is how often a name is listed. Asked for is how often a listed word is a name.",
        ),
    ],
)


def look_up(query: Tensor, keys: Tensor, labels: Tensor, k: int) -> Tensor:
    nearest = (keys - query).square().sum(1).topk(k, largest=False).indices
    return torch.bincount(labels[nearest], minlength=3) / k


_KEYS = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [3.0, 3.0], [5.0, 0.0], [6.0, 6.5]], dtype=torch.float64)
_LABELS = torch.tensor([0, 1, 1, 2, 0, 2])
EXERCISES["8.1.3-b"] = Exercise(
    solution=look_up,
    cases=[
        (torch.tensor([0.4, 0.1], dtype=torch.float64), _KEYS, _LABELS, 3),
        (torch.tensor([4.0, 3.0], dtype=torch.float64), _KEYS, _LABELS, 2),
        (torch.tensor([5.0, 5.0], dtype=torch.float64), _KEYS, _LABELS, 1),
    ],
    mistakes=[
        (
            lambda query, keys, labels, k: torch.bincount(
                labels[(keys - query).square().sum(1).topk(k).indices], minlength=3
            ) / k,
            "You take the k furthest. The nearest have the smallest distances.",
        ),
        (
            lambda query, keys, labels, k: torch.bincount(
                labels[(keys @ query).topk(k).indices], minlength=3
            ) / k,
            "Products grow with the length of a key. Compare distances.",
        ),
        (
            lambda query, keys, labels, k: torch.bincount(
                labels[(keys - query).square().sum(1).topk(k, largest=False).indices], minlength=3
            ).double(),
            "These are counts. Divide by k, so that they add up to one.",
        ),
        (
            lambda query, keys, labels, k: torch.bincount(labels, minlength=3) / len(labels),
            "You count all labels of the index. Count those of the k nearest alone.",
        ),
    ],
)  # fmt: skip
