"""The exercises of section 6.1.3: solutions by hand, and the mistakes that people make, each with its hint."""

import math

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def rows_needed(accuracy: float, half: float, c: float = 1.96) -> int:
    return math.ceil(accuracy * (1 - accuracy) * (c / half) ** 2)


EXERCISES["6.1.3-a"] = Exercise(
    solution=rows_needed,
    cases=[(0.8, 0.05), (0.9, 0.02), (0.5, 0.03)],
    mistakes=[
        (
            lambda accuracy, half, c=1.96: math.floor(accuracy * (1 - accuracy) * (c / half) ** 2),
            "You round down: with one row fewer the interval is wider than asked. Round up.",
        ),
        (
            lambda accuracy, half, c=1.96: rows_needed(accuracy, half / 2, c),
            "You take `half` for the whole width of the interval. It is the distance from the middle to an end.",
        ),
        (
            lambda accuracy, half, c=1.96: rows_needed(accuracy, half, 1.0),
            "That is one standard error. An interval at 95 % reaches 1.96 of them to either side.",
        ),
        (
            lambda accuracy, half, c=1.96: math.ceil((accuracy * (1 - accuracy)) ** 0.5 * c / half),
            "The standard error falls with the root of n, so solve for n by squaring both sides.",
        ),
        (
            lambda accuracy, half, c=1.96: math.ceil(accuracy * (c / half) ** 2),
            "The variance of one answer is p (1 - p), not p.",
        ),
        (
            lambda accuracy, half, c=1.96: math.ceil(0.25 * (c / half) ** 2),
            "That is the worst case, an accuracy of one half. You know better: use `accuracy`.",
        ),
    ],
)


def unknown_share(ids: Tensor, unknown: int, special: Tensor) -> float:
    pieces = ids[~torch.isin(ids, special)]  # (n) of the text itself
    return (pieces == unknown).double().mean().item()


_SPECIAL = torch.tensor([0, 101, 102])  # [PAD], [CLS], [SEP]
_IDS = torch.tensor([[101, 7, 100, 9, 100, 102, 0, 0], [101, 100, 102, 0, 0, 0, 0, 0], [101, 5, 6, 7, 8, 9, 11, 102]])


EXERCISES["6.1.3-b"] = Exercise(
    solution=unknown_share,
    cases=[(_IDS, 100, _SPECIAL), (_IDS[:2], 100, _SPECIAL)],
    mistakes=[
        (
            lambda ids, unknown, special: (ids == unknown).double().mean().item(),
            "You count [CLS], [SEP] and padding among the pieces. They stand in every row and are always known.",
        ),
        (
            lambda ids, unknown, special: (
                ((ids == unknown).sum(1).double() / (~torch.isin(ids, special)).sum(1)).mean().item()
            ),
            "You take a share for each text, and their mean: a short text then weighs as much as a long one. "
            "Count the pieces of all texts together.",
        ),
        (
            lambda ids, unknown, special: (ids == unknown).any(1).double().mean().item(),
            "That is the share of texts with an unknown piece. Count pieces.",
        ),
        (
            lambda ids, unknown, special: 1 - unknown_share(ids, unknown, special),
            "That is the share of the pieces that are known.",
        ),
        (
            lambda ids, unknown, special: float((ids == unknown).sum()),
            "That is a number of pieces. Divide by how many there are.",
        ),
    ],
)
