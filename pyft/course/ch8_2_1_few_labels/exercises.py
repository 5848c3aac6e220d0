"""The exercises of section 8.2.1: solutions, and the usual mistakes, each with its hint."""

import torch
from torch import Tensor
from torch.nn import functional as F

from pyft.course.exercise_tools import normal
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def centroid_head(X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    M = torch.stack([X[y == k].mean(0) for k in range(int(y.max()) + 1)])
    W = 2 * M
    b = -(M**2).sum(1)
    return W, b


def _means(X: Tensor, y: Tensor) -> Tensor:
    return torch.stack([X[y == k].mean(0) for k in range(int(y.max()) + 1)])


EXERCISES["8.2.1-a"] = Exercise(
    solution=centroid_head,
    cases=[
        (torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]), torch.tensor([0, 0, 1])),
        (normal(6, 4), torch.tensor([0, 1, 2, 0, 1, 1])),
    ],
    mistakes=[
        (
            lambda X, y: (_means(X, y), -(_means(X, y) ** 2).sum(1)),
            "Multiply out |x - m|²: the product of x and m stands there twice.",
        ),
        (
            lambda X, y: (2 * _means(X, y), torch.zeros(len(_means(X, y)), dtype=X.dtype)),
            "Without a bias a longer mean always wins. What of |x - m|² is left that does not hold x?",
        ),
        (
            lambda X, y: (2 * _means(X, y), (_means(X, y) ** 2).sum(1)),
            "The nearest mean must get the largest score, so the score is minus the squared distance: mind the sign.",
        ),
        (
            lambda X, y: (-2 * _means(X, y), (_means(X, y) ** 2).sum(1)),
            "This is the squared distance itself, less |x|². The nearest mean would get the smallest score.",
        ),
        (
            lambda X, y: (2 * _means(X, y), -_means(X, y).norm(dim=1)),
            "That is the length of the mean. Its square is wanted.",
        ),
    ],
)


def loss_of_pairs(u: Tensor, y: Tensor) -> Tensor:
    u = F.normalize(u, dim=-1)
    cosines = u @ u.T
    same = (y[:, None] == y[None]).to(u.dtype)
    first, second = torch.triu_indices(len(y), len(y), offset=1)
    return (cosines - same)[first, second].square().mean()


def _pairs(u: Tensor, y: Tensor, unit: bool = True, diagonal: bool = False, sign: bool = False) -> Tensor:
    u = F.normalize(u, dim=-1) if unit else u
    same = (y[:, None] == y[None]).to(u.dtype)
    found = (u @ u.T - (2 * same - 1 if sign else same)).square()
    return found.mean() if diagonal else found[tuple(torch.triu_indices(len(y), len(y), offset=1))].mean()


EXERCISES["8.2.1-b"] = Exercise(
    solution=loss_of_pairs,
    cases=[
        (torch.tensor([[2.0, 0.0], [0.6, 0.8], [0.0, 1.0]]), torch.tensor([0, 0, 1])),
        (normal(5, 3, seed=1), torch.tensor([0, 1, 0, 2, 1])),
    ],
    mistakes=[
        (
            lambda u, y: _pairs(u, y, unit=False),
            "These are products of vectors of any length. A cosine is that of vectors of length one.",
        ),
        (
            lambda u, y: _pairs(u, y, diagonal=True),
            "Each text is paired with itself too, where the loss is zero. Take each pair of two texts once.",
        ),
        (
            lambda u, y: _pairs(u, y, sign=True),
            "You pull other labels to a cosine of -1. Zero is asked for: unlike is not opposite.",
        ),
        (
            lambda u, y: _pairs(u, y) * len(y) * (len(y) - 1) / 2,
            "That is the sum over pairs. The mean does not grow with the batch.",
        ),
        (
            lambda u, y: _pairs(u, torch.arange(len(y))),
            "No pair is pulled together here. Two texts with the same label have the target 1.",
        ),
    ],
)


def word_probabilities(z: Tensor, ids: Tensor) -> Tensor:
    return z[:, ids].softmax(1)


EXERCISES["8.2.1-c"] = Exercise(
    solution=word_probabilities,
    cases=[
        (torch.tensor([[0.0, 2.0, 1.0, 5.0]]), torch.tensor([1, 2])),
        (normal(3, 7, seed=2), torch.tensor([6, 0, 3])),
    ],
    mistakes=[
        (
            lambda z, ids: z.softmax(1)[:, ids],
            "These are shares of the whole vocabulary, and do not add up to one over the classes. Choose first.",
        ),
        (lambda z, ids: z[:, ids], "These are scores. A softmax over the classes makes probabilities of them."),
        (
            lambda z, ids: z[:, ids].softmax(0),
            "The softmax runs over the texts. Each text has its own distribution: take the other axis.",
        ),
        (
            lambda z, ids: z[:, : len(ids)].softmax(1),
            "You took the first tokens of the vocabulary. The numbers of the words are in ids.",
        ),
    ],
)
