"""The exercises of section 6.3.3: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def share_of_whole(q: float, lengths: Tensor) -> Tensor:
    return (q ** lengths.double()).mean()


EXERCISES["6.3.3-a"] = Exercise(
    solution=share_of_whole,
    cases=[(0.9, torch.tensor([1, 1, 2, 4])), (0.5, torch.tensor([1, 3])), (0.8, torch.tensor([2, 2, 6]))],
    mistakes=[
        (
            lambda q, lengths: q ** lengths.double().mean(),
            "You take the chance at the mean length. Take the mean of the chances.",
        ),
        (
            lambda q, lengths: torch.tensor(q),
            "This is the chance of one word. A name is right only if all its words are.",
        ),
        (
            lambda q, lengths: (1 - (1 - q) ** lengths.double()).mean(),
            "This is the chance that some word is right. All of them have to be.",
        ),
        (
            lambda q, lengths: (q ** lengths.double() * lengths).sum() / lengths.sum(),
            "You weigh names by their length. Each name counts once.",
        ),
    ],
)


def wrong_ends(true: Tensor, found: Tensor) -> Tensor:
    return torch.stack([(found[:, 0] != true[:, 0]).sum(), (found[:, 1] != true[:, 1]).sum()])


_TRUE, _FOUND = torch.tensor([[0, 3], [5, 6], [2, 7], [8, 9]]), torch.tensor([[1, 3], [5, 7], [3, 6], [8, 9]])
EXERCISES["6.3.3-b"] = Exercise(
    solution=wrong_ends,
    cases=[(_TRUE, _FOUND), (torch.tensor([[4, 8], [1, 2]]), torch.tensor([[4, 6], [1, 2]]))],
    mistakes=[
        (
            lambda true, found: wrong_ends(true, found).flip(0),
            "The two are the wrong way round: first where names begin, then where they end.",
        ),
        (
            lambda true, found: torch.stack([(found[:, 0] > true[:, 0]).sum(), (found[:, 1] > true[:, 1]).sum()]),
            "You count ends that lie too far to the right. One that lies too far to the left is wrong as well.",
        ),
        (
            lambda true, found: torch.stack([(found != true).any(1).sum()] * 2),
            "You count pairs with some difference twice. Ask for each end by itself.",
        ),
        (
            lambda true, found: (found - true).abs().sum(0),
            "You add up how far the ends lie apart. Count the names whose end differs.",
        ),
    ],
)
