"""The exercises of section 2.1.3: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def in_order(sentences: Tensor, swap: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    a, b = sentences[:-1], sentences[1:]  # (N - 1,) neighbours
    return torch.where(swap, b, a), torch.where(swap, a, b), ~swap


EXERCISES["2.1.3-a"] = Exercise(
    solution=in_order,
    cases=[
        (torch.tensor([4, 7, 1, 9]), torch.tensor([False, True, False])),
        (torch.tensor([3, 8, 2, 6, 5]), torch.tensor([True, True, False, True])),
    ],
    mistakes=[
        (
            lambda s, swap: (torch.where(swap, s[1:], s[:-1]), torch.where(swap, s[:-1], s[1:]), swap),
            "The pairs are right. The label is true where they stand in order: where nothing was swapped.",
        ),
        (
            lambda s, swap: (s[:-1], torch.where(swap, s[:-1], s[1:]), ~swap),
            "Where you swap, both sentences are the same one: the first place must become the second sentence.",
        ),
        (
            lambda s, swap: (s[:-1], s[1:], ~swap),
            "No pair is swapped. Where `swap` is true the later sentence comes first.",
        ),
        (
            lambda s, swap: (torch.where(swap, s[:-1], s[1:]), torch.where(swap, s[1:], s[:-1]), ~swap),
            "You swap where `swap` is false. `torch.where` takes its first value where the condition is true.",
        ),
    ],
)


def standard_error(right: Tensor, document: Tensor) -> Tensor:
    u = (right - right.mean()) / len(right)  # what each pair adds to the accuracy, less its share
    C = int(document.max()) + 1
    of_documents = torch.zeros(C, dtype=u.dtype).index_add(0, document, u)  # (C,)
    return (C / (C - 1) * of_documents.square().sum()).sqrt()


def _apart(right: Tensor, document: Tensor) -> Tensor:
    return right.std() / len(right) ** 0.5


def _of_means(right: Tensor, document: Tensor) -> Tensor:
    means = torch.stack([right[document == c].mean() for c in document.unique()])
    return means.std() / len(means) ** 0.5


EXERCISES["2.1.3-b"] = Exercise(
    solution=standard_error,
    cases=[
        (torch.tensor([1, 1, 1, 0, 0, 1, 0], dtype=torch.float64), torch.tensor([0, 0, 0, 1, 1, 2, 2])),
        (torch.tensor([1, 0, 1, 1, 1, 0, 0, 0], dtype=torch.float64), torch.tensor([0, 1, 1, 1, 1, 2, 3, 3])),
    ],
    mistakes=[
        (_apart, "You take the pairs for independent. Add up what the pairs of a document contribute, then square."),
        (
            _of_means,
            "You give each document one vote. Long documents count for more in the accuracy: add up contributions.",
        ),
        (
            lambda right, document: (
                standard_error(right, document) * ((C := int(document.max()) + 1) - 1) ** 0.5 / C**0.5
            ),
            "Nearly: the factor C / (C - 1) is missing, which makes up for the mean that was taken from the same data.",
        ),
        (
            lambda right, document: standard_error(right, document).square(),
            "That is the variance. Take its root.",
        ),
        (
            lambda right, document: standard_error(right, document) * len(right),
            "That is the error of the number of right answers. Divide by how many pairs there are.",
        ),
    ],
)
