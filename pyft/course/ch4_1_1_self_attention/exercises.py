"""The exercises of section 4.1.1: solutions by hand, and the mistakes that people make, each with its hint."""

import math

import torch
from torch import Tensor

from pyft.course.exercise_tools import causal, normal
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def attention_weights(q: Tensor, k: Tensor) -> Tensor:
    scores = q @ k.T / math.sqrt(q.shape[-1])  # (T_q, T_k)
    exp = torch.exp(scores - scores.amax(-1, keepdim=True))
    return exp / exp.sum(-1, keepdim=True)


EXERCISES["4.1.1-a"] = Exercise(
    solution=attention_weights,
    cases=[(normal(3, 4), normal(5, 4, seed=1)), (normal(2, 9, seed=2), normal(2, 9, seed=3))],
    mistakes=[
        (
            lambda q, k: torch.softmax(q @ k.T, -1),
            "The scores are not scaled: their variance grows with d_k, and softmax hardens. Divide by the root of d_k.",
        ),
        (
            lambda q, k: torch.softmax(q @ k.T / q.shape[-1], -1),
            "You divide by d_k. The standard deviation of a dot product grows with its root: divide by that.",
        ),
        (
            lambda q, k: torch.softmax(q @ k.T / math.sqrt(q.shape[-1]), 0),
            "Here each key shares itself out over the queries: columns sum to one. It is each query's row that must.",
        ),
        (
            lambda q, k: q @ k.T / math.sqrt(q.shape[-1]),
            "These are the scores. Softmax over the keys makes weights of them: positive, and one in sum.",
        ),
    ],
)


def attention_mask(lengths: Tensor, T: int) -> Tensor:
    t = torch.arange(T)
    causal = t[None, :] <= t[:, None]  # (T, T): key j is not after query i
    real = t[None, :] < lengths[:, None]  # (B, T): key j is not padding
    return causal & real[:, None, :]  # (B, T, T)


def _real(lengths: Tensor, T: int) -> Tensor:
    return torch.arange(T) < lengths[:, None]  # (B, T)


EXERCISES["4.1.1-b"] = Exercise(
    solution=attention_mask,
    cases=[(torch.tensor([3, 1, 4]), 4), (torch.tensor([2, 5]), 5)],
    mistakes=[
        (
            lambda lengths, T: causal(T, -1) & _real(lengths, T)[:, None, :],
            "Your triangle leaves the diagonal out: a token sees itself, and the first one has nobody else to look at.",
        ),
        (
            lambda lengths, T: causal(T).T & _real(lengths, T)[:, None, :],
            "Transposed: queries are rows and keys are columns, and here each query sees what comes after it.",
        ),
        (
            lambda lengths, T: causal(T) & _real(lengths, T)[:, :, None],
            "You hide padding among the queries, and a row that sees nothing makes softmax divide zero by zero. "
            "It is as a key, a column, that padding must not be seen.",
        ),
        (
            lambda lengths, T: causal(T).expand(len(lengths), T, T),
            "The triangle is right, but the lengths are not used: queries at padding still see padding.",
        ),
        (
            lambda lengths, T: _real(lengths, T)[:, None, :].expand(len(lengths), T, T),
            "The padding is right, but each query still sees the tokens after it.",
        ),
        (
            lambda lengths, T: ~(causal(T) & _real(lengths, T)[:, None, :]),
            "Inverted: here true means that a query may look, as in scaled_dot_product_attention; "
            "torch's MultiheadAttention has it the other way round.",
        ),
    ],
)


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    low = torch.finfo(scores.dtype).min
    peak = scores.masked_fill(~mask, low).amax(-1, keepdim=True)  # the largest that is seen
    exp = torch.exp((scores - peak).masked_fill(~mask, low))  # hidden keys: zero
    total = exp.sum(-1, keepdim=True)
    return exp / total.masked_fill(total == 0, 1)  # nothing seen: zero by one


EXERCISES["4.1.1-c"] = Exercise(
    solution=masked_softmax,
    cases=[
        (
            normal(4, 3),
            torch.tensor([[True, False, True], [False] * 3, [True, True, False], [True] * 3]),
        ),
        (normal(2, 2, seed=1), torch.tensor([[False, True], [False, False]])),
    ],
    mistakes=[
        (
            lambda scores, mask: torch.softmax(scores, -1) * mask,
            "You mask after softmax: the hidden keys have taken their share, and the rest no longer sums to one. "
            "Mask the scores.",
        ),
        (
            lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -math.inf), -1),
            "Right but for the row that sees nothing: there, softmax divides zero by zero. "
            "Give zeros where no key is seen.",
        ),
        (
            lambda scores, mask: torch.softmax(scores * mask, -1),
            "You multiply the scores by the mask: a hidden key then scores zero, and exp(0) is 1. "
            "It needs minus infinity.",
        ),
        (
            lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -1e9), -1),
            "A large negative number hides keys from those seen. Where all are hidden they are equal again, "
            "and the row becomes uniform.",
        ),
    ],
)
