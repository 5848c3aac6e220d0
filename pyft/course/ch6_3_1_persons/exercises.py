"""The exercises of section 6.3.1: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def two_recalls(hit: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    return hit[seen].double().mean(), hit[~seen].double().mean()


_HIT, _SEEN = torch.tensor([1, 1, 0, 1, 0, 0, 1]).bool(), torch.tensor([1, 1, 1, 1, 0, 0, 0]).bool()
EXERCISES["6.3.1-a"] = Exercise(
    solution=two_recalls,
    cases=[(_HIT, _SEEN), (torch.tensor([1, 0, 0, 0, 1]).bool(), torch.tensor([0, 0, 1, 0, 1]).bool())],
    mistakes=[
        (
            lambda hit, seen: two_recalls(hit, ~seen),
            "The two are the wrong way round: first the names that stood in training.",
        ),
        (
            lambda hit, seen: ((hit & seen).double().mean(), (hit & ~seen).double().mean()),
            "You divide by all names. Each recall divides by the names of its own half.",
        ),
        (
            lambda hit, seen: (seen[hit].double().mean(), (~seen)[hit].double().mean()),
            "These are shares of what was found. Recall asks of the names how many were found.",
        ),
    ],
)


def recall_elsewhere(seen: float, unseen: float, share: float) -> float:
    return (1 - share) * seen + share * unseen


EXERCISES["6.3.1-b"] = Exercise(
    solution=recall_elsewhere,
    cases=[(0.95, 0.7, 0.9), (0.9, 0.4, 0.2), (1.0, 0.0, 0.3)],
    mistakes=[
        (lambda seen, unseen, share: recall_elsewhere(unseen, seen, share), "`share` is that of names never seen."),
        (lambda seen, unseen, share: (seen + unseen) / 2, "You give both the same weight. Weigh them by their shares."),
        (
            lambda seen, unseen, share: seen + share * unseen,
            "The names that were seen have a share too: one less that of the others.",
        ),
    ],
)
