"""The exercises of section 6.3.2: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def after_repair(counts: Tensor, m: int) -> tuple[Tensor, Tensor]:
    hits, found, wanted = counts.T.double()  # (2) each: places, organisations
    hits, found = hits + torch.tensor([m, 0]), found + torch.tensor([m, -m])
    place, organisation = 2 * hits / (found + wanted)
    return place, organisation


def _repaired(counts: Tensor, hits: list[int], found: list[int]) -> tuple[Tensor, Tensor]:
    return after_repair(counts + torch.tensor([hits, found, [0, 0]]).T, 0)


_COUNTS = torch.tensor([[80, 95, 100], [60, 90, 80]])
EXERCISES["6.3.2-a"] = Exercise(
    solution=after_repair,
    cases=[(_COUNTS, 10), (torch.tensor([[5, 8, 10], [7, 12, 9]]), 2)],
    mistakes=[
        (
            lambda counts, m: _repaired(counts, [m, 0], [m, 0]),
            "The organisations that were invented are still there: an error of kind is wrong twice.",
        ),
        (
            lambda counts, m: _repaired(counts, [m, 0], [0, -m]),
            "The repaired places are found now: they count among what was found as a place, too.",
        ),
        (
            lambda counts, m: _repaired(counts, [m, m], [m, -m]),
            "No organisation is won by this: the repaired names are places.",
        ),
        (
            lambda counts, m: _repaired(counts, [-m, 0], [-m, m]),
            "You make m errors more. They are to be repaired.",
        ),
    ],
)


def wrong_by_list(place: Tensor, team: Tensor) -> Tensor:
    return torch.minimum(place, team) / (place + team).clamp(min=1)


EXERCISES["6.3.2-b"] = Exercise(
    solution=wrong_by_list,
    cases=[(torch.tensor([3, 0, 10, 1]), torch.tensor([1, 4, 10, 0])), (torch.tensor([2, 0]), torch.tensor([8, 0]))],
    mistakes=[
        (
            lambda place, team: torch.maximum(place, team) / (place + team).clamp(min=1),
            "This is the share that the commoner kind gets right. Return the share that it gets wrong.",
        ),
        (
            lambda place, team: team / (place + team).clamp(min=1),
            "This takes every name for a place. A list takes the commoner kind of each name.",
        ),
        (
            lambda place, team: torch.minimum(place, team).double(),
            "These are numbers. Divide by how often each name stands there.",
        ),
    ],
)
