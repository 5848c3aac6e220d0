"""The exercises of section 3.1.3: solutions by hand, and the mistakes that people make, each with its hint."""

from collections.abc import Callable

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def xlnet_pair(a: list[int], b: list[int], sep: int, cls: int, pad: int, T: int) -> tuple[Tensor, Tensor]:
    ids = [*a, sep, *b, sep, cls]
    segments = [0] * (len(a) + 1) + [1] * (len(b) + 1) + [2]
    padding = T - len(ids)
    return torch.tensor([pad] * padding + ids), torch.tensor([3] * padding + segments)


def _pair(left: bool, first: bool, own: int, filling: int = 3) -> Callable[..., tuple[Tensor, Tensor]]:
    """A row as `xlnet_pair` makes it, with one convention of another family."""

    def row(a: list[int], b: list[int], sep: int, cls: int, pad: int, T: int) -> tuple[Tensor, Tensor]:
        body, kinds = [*a, sep, *b, sep], [0] * (len(a) + 1) + [1] * (len(b) + 1)
        ids, segments = ([cls, *body], [own, *kinds]) if first else ([*body, cls], [*kinds, own])
        padding, others = [pad] * (T - len(ids)), [filling] * (T - len(ids))
        ids, segments = (padding + ids, others + segments) if left else (ids + padding, segments + others)
        return torch.tensor(ids), torch.tensor(segments)

    return row


EXERCISES["3.1.3-a"] = Exercise(
    solution=xlnet_pair,
    cases=[([7, 8], [9], 3, 2, 0, 8), ([5], [6, 7, 8], 4, 1, 9, 10)],
    mistakes=[
        (
            _pair(left=True, first=True, own=0),
            "The class token comes first, as in BERT. In XLNet it comes last, where the whole text is behind it.",
        ),
        (
            _pair(left=False, first=False, own=2),
            "Padding is on the right: the last place of the row is then padding, and that is what XLNet's head reads.",
        ),
        (
            _pair(left=True, first=False, own=1),
            "The class token belongs to the second segment here. XLNet gives it one of its own, number two.",
        ),
        (
            _pair(left=True, first=False, own=2, filling=0),
            "Padding is in the first segment. XLNet gives it a segment of its own, number three.",
        ),
    ],
)


def mean_context(T: int, K: int) -> tuple[float, float, float]:
    targets = T // K  # the last of the drawn order: they see T - T/K, ..., T - 1 tokens
    return (T - 1) / 2, T - targets, T - (targets + 1) / 2


EXERCISES["3.1.3-b"] = Exercise(
    solution=mean_context,
    cases=[(60, 6), (64, 8), (12, 3)],
    mistakes=[
        (
            lambda T, K: (T / 2, T - T // K, T - (T // K + 1) / 2),
            "Left to right the first token sees none and the last T - 1: the mean is (T - 1) / 2.",
        ),
        (
            lambda T, K: ((T - 1) / 2, T - 1, T - (T // K + 1) / 2),
            "A masked token sees no other masked token: all T / K of them are hidden.",
        ),
        (
            lambda T, K: ((T - 1) / 2, T - T // K, T - T // K),
            "XLNet's targets see each other, in order: the last one sees all other tokens.",
        ),
        (
            lambda T, K: ((T - 1) / 2, T - T // K, (T - 1) / 2),
            "Only the last of the order are predicted, so that each has much to look at. Average over these alone.",
        ),
    ],
)
