"""The exercises of section 8.2.2: solutions, and the usual mistakes, each with its hint."""

import torch
from torch import Tensor
from torch.nn import functional as F

from pyft.course.exercise_tools import normal
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def centre(X: Tensor, language: Tensor) -> Tensor:
    means = torch.stack([X[language == k].mean(0) for k in range(int(language.max()) + 1)])
    return X - means[language]


EXERCISES["8.2.2-a"] = Exercise(
    solution=centre,
    cases=[
        (torch.tensor([[1.0, 1.0], [-1.0, 1.0], [4.0, 0.0], [2.0, 0.0], [3.0, 3.0]]), torch.tensor([0, 0, 1, 1, 1])),
        (normal(7, 3), torch.tensor([1, 0, 1, 1, 0, 2, 2])),
    ],
    mistakes=[
        (
            lambda X, language: X - X.mean(0),
            "That is one mean for all texts. Both languages move together, and the gap between them stays.",
        ),
        (
            lambda X, language: X - X[language == 0].mean(0),
            "You subtract the first language's mean from all. Each language has its own.",
        ),
        (
            lambda X, language: X - X.mean(1, keepdim=True),
            "The mean runs over the numbers of one text. It must run over the texts of one language.",
        ),
        (
            lambda X, language: F.normalize(centre(X, language), dim=1),
            "The lengths are changed too. Subtract, and leave it at that.",
        ),
    ],
)


def share_found(A: Tensor, B: Tensor) -> Tensor:
    cosines = F.normalize(A, dim=1) @ F.normalize(B, dim=1).T
    found = cosines.argmax(1) == torch.arange(len(A))
    return found.double().mean()


def _at(*degrees: float) -> Tensor:
    """Vectors of length one in these directions."""
    angles = torch.tensor(degrees).deg2rad()
    return torch.stack([angles.cos(), angles.sin()], dim=1)


EXERCISES["8.2.2-b"] = Exercise(
    solution=share_found,
    cases=[
        (torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), torch.tensor([[1.0, 0.2], [0.1, 3.0], [5.0, 4.0]])),
        (_at(0, 18), _at(12, 20)),  # B's first row is nearer to A's second
    ],
    mistakes=[
        (
            lambda A, B: ((A @ B.T).argmax(1) == torch.arange(len(A))).double().mean(),
            "Products of vectors of any length: a long vector is near everything. Scale to length one first.",
        ),
        (
            lambda A, B: share_found(B, A),
            "You look for each row of B among those of A. The other way round is asked for.",
        ),
        (
            lambda A, B: share_found(A, B) * len(A),
            "That is a count. Return it as a share of the rows.",
        ),
        (
            lambda A, B: F.cosine_similarity(A, B).mean(),
            "This is how near translations are. Asked is how often no other sentence is nearer.",
        ),
    ],
)
