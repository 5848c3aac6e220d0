"""The exercises of section 6.2.1: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def honest_training_rows(of: Tensor, is_test: Tensor) -> Tensor:
    tested = of[is_test].unique()
    return ~is_test & ~torch.isin(of, tested)


_OF, _TEST = torch.tensor([0, 0, 1, 2, 2, 2, 3]), torch.tensor([0, 1, 0, 1, 1, 0, 0]).bool()
EXERCISES["6.2.1-a"] = Exercise(
    solution=honest_training_rows,
    cases=[(_OF, _TEST), (torch.tensor([4, 1, 4, 1, 7]), torch.tensor([1, 0, 0, 0, 0]).bool())],
    mistakes=[
        (
            lambda of, is_test: ~is_test,
            "These are all rows outside of the test split. Leave out those whose text has a sentence in it, too.",
        ),
        (
            lambda of, is_test: ~torch.isin(of, of[is_test].unique()[:1]),
            "Only one text of the test split is looked up. Every text with a tested sentence is out.",
        ),
        (
            lambda of, is_test: torch.isin(of, of[is_test].unique()) & ~is_test,
            "These are the rows to leave out. Return the rest of the training rows.",
        ),
    ],
)


def change_of_recall(y: Tensor, before: Tensor, after: Tensor, K: int) -> Tensor:
    change = (after == y).double() - (before == y).double()  # (N)
    return torch.stack([change[y == k].mean() for k in range(K)])


_PROBED = torch.tensor([0, 0, 0, 0, 1, 1, 2]), torch.tensor([0, 0, 1, 0, 1, 0, 2]), torch.tensor([0, 1, 1, 0, 1, 1, 0])
EXERCISES["6.2.1-b"] = Exercise(
    solution=change_of_recall,
    cases=[(*_PROBED, 3), (torch.tensor([1, 0, 1, 1]), torch.tensor([1, 0, 0, 1]), torch.tensor([1, 1, 1, 0]), 2)],
    mistakes=[
        (
            lambda y, before, after, K: -change_of_recall(y, before, after, K),
            "The sign is turned: a class that is found less often afterwards has a negative change.",
        ),
        (
            lambda y, before, after, K: torch.stack(
                [((after == y).double() - (before == y).double())[y == k].sum() for k in range(K)]
            ),
            "These are numbers of texts. Recall is a share: divide by how many texts the class has.",
        ),
        (
            lambda y, before, after, K: torch.stack(
                [((after == y).double() - (before == y).double())[y == k].sum() / len(y) for k in range(K)]
            ),
            "You divide by all texts. Recall of a class divides by the texts of that class.",
        ),
        (
            lambda y, before, after, K: torch.stack([(after != before)[y == k].double().mean() for k in range(K)]),
            "You count answers that changed. A change from one wrong class to another leaves recall as it was.",
        ),
    ],
)
