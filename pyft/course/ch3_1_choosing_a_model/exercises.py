"""The exercises of section 3.1: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def tokens_to_read(targets: int, share: float, epochs: int) -> float:
    return targets / share / epochs


EXERCISES["3.1-a"] = Exercise(
    solution=tokens_to_read,
    cases=[(1500, 0.15, 1), (1200, 1 / 6, 4), (700, 1.0, 2)],
    mistakes=[
        (
            lambda targets, share, epochs: targets / share,
            "You forget that the text is read several times: each epoch gives targets again.",
        ),
        (
            lambda targets, share, epochs: targets * share / epochs,
            "A smaller share of targets needs more tokens, not fewer: divide by the share.",
        ),
        (
            lambda targets, share, epochs: targets / share * epochs,
            "More epochs need less text for the same number of targets: divide by them.",
        ),
    ],
)


def class_place(mask: Tensor, last: bool) -> Tensor:
    T = mask.size(1)
    return T - 1 - mask.flip(1).argmax(1) if last else mask.argmax(1)  # (B): the first maximum is the first one


_RIGHT, _LEFT = torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]]), torch.tensor([[0, 0, 1, 1], [0, 1, 1, 1], [1, 1, 1, 1]])
EXERCISES["3.1-b"] = Exercise(
    solution=class_place,
    cases=[(_RIGHT, False), (_RIGHT, True), (_LEFT, False), (_LEFT, True)],
    mistakes=[
        (
            lambda mask, last: torch.full((len(mask),), mask.size(1) - 1 if last else 0),
            "This is the end of the row, which may be padding. Look for the first or the last real token.",
        ),
        (
            lambda mask, last: mask.sum(1) - 1 if last else mask.argmax(1),
            "The number of real tokens tells the last place only if padding is on the right.",
        ),
        (
            lambda mask, last: class_place(mask, not last),
            "First and last are exchanged: `last` is true for XLNet, whose class token ends the text.",
        ),
        (
            lambda mask, last: mask.flip(1).argmax(1) if last else mask.argmax(1),
            "In the flipped row places are counted from the end: take them from T - 1.",
        ),
    ],
)
