"""The exercises of section 5.5: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def in_order(answers: Tensor, order: Tensor) -> Tensor:
    back = torch.empty_like(answers)
    back[order] = answers  # answer i belongs to row order[i]
    return back


EXERCISES["5.5-a"] = Exercise(
    solution=in_order,
    cases=[
        (torch.tensor([0.1, 0.7, 0.4, 0.9]), torch.tensor([2, 0, 3, 1])),
        (torch.arange(5.0), torch.tensor([1, 2, 3, 4, 0])),
    ],
    mistakes=[
        (
            lambda answers, order: answers[order],
            "You apply the order once more. Answer i belongs to row order[i]: put it there.",
        ),
        (lambda answers, order: answers, "They are still in the order in which they were computed."),
        (lambda answers, order: answers.sort().values, "You sort the answers by size. Sort them by their rows."),
    ],
)


def only_one_right(a: Tensor, b: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return ((a == y) & (b != y)).sum(), ((a != y) & (b == y)).sum()


EXERCISES["5.5-b"] = Exercise(
    solution=only_one_right,
    cases=[
        (torch.tensor([0, 1, 1, 0, 1, 2]), torch.tensor([0, 0, 1, 1, 0, 0]), torch.tensor([0, 1, 1, 1, 1, 1])),
        (torch.tensor([1, 1, 0]), torch.tensor([0, 1, 1]), torch.tensor([1, 0, 0])),
    ],
    mistakes=[
        (
            lambda a, b, y: ((a == y).sum(), (b == y).sum()),
            "These count all right answers of each. Where both are right, they do not differ.",
        ),
        (
            lambda a, b, y: only_one_right(b, a, y),
            "Both numbers are right, in the other order: first those that only the first model has right.",
        ),
        (
            lambda a, b, y: ((a != b).sum() - only_one_right(a, b, y)[1], only_one_right(a, b, y)[1]),
            "Two answers can differ and both be wrong: compare each with the label.",
        ),
        (
            lambda a, b, y: tuple(n / len(y) for n in only_one_right(a, b, y)),
            "These are shares. The test works on counts.",
        ),
    ],
)
