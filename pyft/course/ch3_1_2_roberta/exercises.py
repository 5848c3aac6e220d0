"""The exercises of section 3.1.2: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def roberta_positions(ids: Tensor, pad: int) -> Tensor:
    real = (ids != pad).long()  # (B, T)
    return real.cumsum(1) * real + pad


EXERCISES["3.1.2-a"] = Exercise(
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


def pack(lengths: list[int], T: int) -> Tensor:
    rows: list[int] = []  # tokens in each
    for n in lengths:
        if rows and rows[-1] + n <= T:
            rows[-1] += n
        else:
            rows.append(n)
    return torch.tensor(rows)


def _best_fit(lengths: list[int], T: int) -> Tensor:
    """Rows filled in any order: a sentence goes where it fits first."""
    rows: list[int] = []
    for n in lengths:
        fits = [i for i, full in enumerate(rows) if full + n <= T]
        if fits:
            rows[fits[0]] += n
        else:
            rows.append(n)
    return torch.tensor(rows)


def _cut(lengths: list[int], T: int) -> Tensor:
    """Rows that break sentences."""
    total = sum(lengths)
    return torch.tensor([T] * (total // T) + [total % T] * (total % T > 0))


def _strict(lengths: list[int], T: int) -> Tensor:
    """Rows that may not be quite full."""
    return pack(lengths, T - 1)


EXERCISES["3.1.2-b"] = Exercise(
    solution=pack,
    cases=[([4, 5, 3, 8, 2, 2], 10), ([6, 6, 4, 3, 2], 9)],
    mistakes=[
        (_best_fit, "Text stays in its order: a sentence goes into the last row or begins a new one."),
        (_cut, "Sentences stay whole here: one that does not fit any more begins a new row."),
        (_strict, "A row may be full: a sentence still fits if it brings the row to exactly T tokens."),
        (
            lambda lengths, T: torch.tensor(lengths),
            "This is a row for each sentence. Fill a row as long as the next one fits.",
        ),
    ],
)
