"""The exercises of section 5.1 to 5.3: solutions by hand, and the mistakes that people make, each with its hint."""

from collections.abc import Callable

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def padding(lengths: Tensor, B: int, M: int) -> tuple[Tensor, Tensor]:
    tokens = lengths.sum()
    fixed = M * len(lengths)  # positions if every text is filled up to M
    dynamic = sum(len(batch) * batch.max() for batch in lengths.split(B))  # each batch to its own longest
    return 1 - tokens / fixed, 1 - tokens / dynamic


def _positions(lengths: Tensor, B: int) -> Tensor:
    return torch.stack([len(batch) * batch.max() for batch in lengths.split(B)])


EXERCISES["5.1-a"] = Exercise(
    solution=padding,
    cases=[
        (torch.tensor([3, 5, 4, 9, 2, 7, 6]), 3, 12),
        (torch.tensor([20, 6, 11, 30, 8]), 2, 128),
    ],
    mistakes=[
        (
            lambda lengths, B, M: tuple(1 - share for share in padding(lengths, B, M)),
            "These are the shares of real tokens; padding is the rest.",
        ),
        (
            lambda lengths, B, M: (
                padding(lengths, B, M)[0],
                1 - lengths.sum() / sum(B * batch.max() for batch in lengths.split(B)),
            ),
            "The last batch may hold fewer than B texts: multiply by as many as it holds.",
        ),
        (
            lambda lengths, B, M: (
                padding(lengths, B, M)[0],
                1 - torch.stack([batch.sum() / (len(batch) * batch.max()) for batch in lengths.split(B)]).mean(),
            ),
            "You average the batches' shares. Count the positions of all batches first, and divide once.",
        ),
        (
            lambda lengths, B, M: (
                M * len(lengths) / lengths.sum() - 1,
                _positions(lengths, B).sum() / lengths.sum() - 1,
            ),
            "You divide by the real tokens. The share is of all positions, padding included.",
        ),
        (
            lambda lengths, B, M: (padding(lengths, B, M)[0], 1 - lengths.float().mean() / lengths.max()),
            "You fill all texts up to the longest of all. Each batch has its own longest.",
        ),
    ],
    tol=1e-5,
)


def padded(tokens: Tensor, lengths: Tensor, fill: int) -> tuple[Tensor, Tensor]:
    mask = torch.arange(int(lengths.max())) < lengths[:, None]  # (B, T)
    ids = torch.full(mask.shape, fill)  # (B, T)
    ids[mask] = tokens  # row by row, from left to right
    return ids, mask.long()


def _with_mask(change: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., tuple[Tensor, Tensor]]:
    def answer(tokens: Tensor, lengths: Tensor, fill: int) -> tuple[Tensor, Tensor]:
        ids, mask = padded(tokens, lengths, fill)
        return ids, change(mask, (ids != fill).long())

    return answer


EXERCISES["5.1-b"] = Exercise(
    solution=padded,
    cases=[
        (torch.tensor([5, 6, 7, 8, 9, 4]), torch.tensor([3, 1, 2]), 0),
        (torch.tensor([3, 1, 2, 1, 4]), torch.tensor([3, 2]), 1),
    ],
    mistakes=[
        (
            lambda tokens, lengths, fill: padded(tokens, lengths, 0),
            "You fill with zero. Not every tokenizer pads with it: use `fill`.",
        ),
        (_with_mask(lambda mask, _: 1 - mask), "Your mask is turned round: it is 1 on what is the text's own."),
        (
            _with_mask(lambda _, by_id: by_id),
            "You find the padding by its id. A text may hold that id itself: go by the lengths.",
        ),
        (
            _with_mask(lambda mask, _: torch.ones_like(mask)),
            "Your mask is 1 everywhere, so the model would read the padding.",
        ),
    ],
)
