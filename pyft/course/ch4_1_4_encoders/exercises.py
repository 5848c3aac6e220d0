"""The exercises of section 4.1.4: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.course.exercise_tools import causal, normal
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def position_ids(ids: Tensor, pad: int = 1) -> Tensor:
    real = (ids != pad).long()  # (B, T)
    return real.cumsum(-1) * real + pad  # real tokens count on from pad + 1; padding gets pad


EXERCISES["4.1.4-a"] = Exercise(
    solution=position_ids,
    cases=[
        (torch.tensor([[0, 9, 7, 2], [0, 8, 2, 1]]),),
        (torch.tensor([[1, 1, 0, 5, 2]]),),  # padded on the left
    ],
    mistakes=[
        (
            lambda ids: torch.arange(ids.shape[1]).expand_as(ids),
            "This is how BERT counts, from 0. RoBERTa's first real token has position pad + 1, and padding has pad.",
        ),
        (
            lambda ids: torch.arange(2, 2 + ids.shape[1]).expand_as(ids),
            "You count every column. Padding has position pad and does not count: with padding on the left, "
            "the first real token still has pad + 1.",
        ),
        (
            lambda ids: (ids != 1).long().cumsum(-1) + 1,
            "Padding repeats the last count here. Multiply by the mask before you add pad.",
        ),
        (
            lambda ids: (ids != 1).long().cumsum(-1) * (ids != 1),
            "The count is right, but it starts one row too early: pad itself is the position of padding, so add pad.",
        ),
        (
            lambda ids: ((ids != 1).long().cumsum(-1) + 1) * (ids != 1),
            "Real tokens are right. Padding has position pad, not 0.",
        ),
        (
            lambda ids: torch.where(ids != 1, torch.arange(2, 2 + ids.shape[1]), 1),
            "Padding has its position, but still counts: with padding on the left, the first real token has pad + 1.",
        ),
    ],
)


def relative_shift(x: Tensor) -> Tensor:
    T = x.shape[0]
    i, j = torch.arange(T)[:, None], torch.arange(T)[None, :]
    column = (T - 1) - (i - j)  # column c holds the offset T - 1 - c
    return x.gather(1, column)  # (T, T)


def _xlnet_shift(x: Tensor) -> Tensor:
    T, R = x.shape
    return x.reshape(R, T)[1:].reshape(T, R - 1)[:, :T]


def _sign_reversed(x: Tensor) -> Tensor:
    return relative_shift(x.flip(1))


EXERCISES["4.1.4-b"] = Exercise(
    solution=relative_shift,
    cases=[(normal(3, 5),), (torch.arange(28.0).view(4, 7),)],
    mistakes=[
        (
            _xlnet_shift,
            "Off by one column. XLNet's reshaping is made for 2T columns that begin with the offset T; "
            "here they begin with T - 1.",
        ),
        (
            _sign_reversed,
            "The sign is reversed: the entry at i, j is for the offset i - j, positive where the key comes first.",
        ),
        (
            lambda x: x[:, : x.shape[0]],
            "Every row starts at the same column here. The offset of key 0 is i, so that the start moves with the row.",
        ),
        (
            lambda x: x[:, x.shape[0] - 1 :],
            "Right for the first row alone: each further row starts one column to the left.",
        ),
    ],
)


def permutation_mask(order: Tensor) -> Tensor:
    T = len(order)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(T)  # when each position has its turn
    return rank[None, :] < rank[:, None]  # (T, T)


EXERCISES["4.1.4-c"] = Exercise(
    solution=permutation_mask,
    cases=[(torch.tensor([2, 0, 3, 1]),), (torch.tensor([1, 2, 0]),)],
    mistakes=[
        (
            lambda order: order.argsort()[None, :] <= order.argsort()[:, None],
            "Here a token sees itself. So does XLNet's content stream; "
            "for the one that must predict the token, that gives the answer away.",
        ),
        (
            lambda order: order[None, :] < order[:, None],
            "You compare the entries of order as if they were ranks. "
            "order[t] is the position whose turn is t; invert it to learn when position i has its turn.",
        ),
        (
            lambda order: order.argsort()[None, :] > order.argsort()[:, None],
            "The other way round: row i is to be true at the positions whose turn came before that of i.",
        ),
        (
            lambda order: causal(len(order), -1),
            "This is the order of the text, left to right; the drawn order is not used.",
        ),
        (
            lambda order: order.argsort().argsort()[None, :] <= order.argsort().argsort()[:, None],
            "Two slips: a token sees itself, and the entries of order are compared as if they were ranks.",
        ),
    ],
)
