"""The exercises of section 3.1: solutions by hand, and the mistakes that people make, each with its hint."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def xlnet_pair(a: list[int], b: list[int], sep: int, cls: int, pad: int, T: int) -> tuple[Tensor, Tensor]:
    ids = [*a, sep, *b, sep, cls]
    segments = [0] * (len(a) + 1) + [1] * (len(b) + 1) + [2]
    padding = T - len(ids)
    return torch.tensor([pad] * padding + ids), torch.tensor([3] * padding + segments)


def _pair(left: bool, first: bool, own: int, filling: int = 3) -> Callable[..., Any]:
    """A row as `xlnet_pair` makes it, with one convention of another family."""

    def row(a: list[int], b: list[int], sep: int, cls: int, pad: int, T: int) -> tuple[Tensor, Tensor]:
        body, kinds = [*a, sep, *b, sep], [0] * (len(a) + 1) + [1] * (len(b) + 1)
        ids, segments = ([cls, *body], [own, *kinds]) if first else ([*body, cls], [*kinds, own])
        padding, others = [pad] * (T - len(ids)), [filling] * (T - len(ids))
        ids, segments = (padding + ids, others + segments) if left else (ids + padding, segments + others)
        return torch.tensor(ids), torch.tensor(segments)

    return row


EXERCISES["3.1-a"] = Exercise(
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


def roberta_positions(ids: Tensor, pad: int) -> Tensor:
    real = (ids != pad).long()  # (B, T)
    return real.cumsum(1) * real + pad


EXERCISES["3.1-b"] = Exercise(
    solution=roberta_positions,
    cases=[(torch.tensor([[5, 6, 7, 1, 1], [1, 1, 8, 9, 9]]), 1), (torch.tensor([[0, 0, 4], [3, 4, 0]]), 0)],
    mistakes=[
        (
            lambda ids, pad: torch.arange(ids.size(1)).expand_as(ids),
            "These are BERT's positions, counted from the start of the row: padding on the left would move the text.",
        ),
        (
            lambda ids, pad: torch.arange(ids.size(1)).expand_as(ids) + pad + 1,
            "The offset is right, but padding is counted too. Count real tokens only; padding has position `pad`.",
        ),
        (
            lambda ids, pad: (ids != pad).long().cumsum(1) * (ids != pad).long(),
            "The count is right, but positions start behind the number of the padding token: add `pad`.",
        ),
        (
            lambda ids, pad: (ids != pad).long().cumsum(1) + pad,
            "Padding behind a text takes the position of its last token. It must have position `pad`.",
        ),
    ],
)


def tokens_to_read(targets: int, share: float, epochs: int) -> float:
    return targets / share / epochs


EXERCISES["3.1-c"] = Exercise(
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
