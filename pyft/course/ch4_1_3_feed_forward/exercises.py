"""The exercises of section 4.1.3: solutions by hand, and the mistakes that people make, each with its hint."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from pyft.course.exercise_tools import normal
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}

Layer = Callable[[Tensor], Tensor]


def layer_norm(x: Tensor, gamma: Tensor, beta: Tensor, eps: float) -> Tensor:
    mu = x.mean(-1, keepdim=True)
    var = ((x - mu) ** 2).mean(-1, keepdim=True)  # divided by d, not by d - 1
    return gamma * (x - mu) / torch.sqrt(var + eps) + beta


def _centred(x: Tensor) -> Tensor:
    return x - x.mean(-1, keepdim=True)


def _variance(x: Tensor, correction: int = 0) -> Tensor:
    return x.var(-1, keepdim=True, correction=correction)


EXERCISES["4.1.3-a"] = Exercise(
    solution=layer_norm,
    cases=[
        (normal(2, 3, 4), normal(4, seed=1), normal(4, seed=2), 0.1),
        (3 + normal(3, 5, seed=3), normal(5, seed=4), normal(5, seed=5), 1e-5),
    ],
    mistakes=[
        (
            lambda x, gamma, beta, eps: gamma * _centred(x) / torch.sqrt(_variance(x, 1) + eps) + beta,
            "Your variance divides by d - 1 (Bessel's correction, the default of torch's var). LayerNorm divides by d.",
        ),
        (
            lambda x, gamma, beta, eps: gamma * _centred(x) / (torch.sqrt(_variance(x)) + eps) + beta,
            "Your epsilon stands outside the root. It is added to the variance, under the root.",
        ),
        (
            lambda x, gamma, beta, eps: gamma * _centred(x) / (torch.sqrt(_variance(x, 1)) + eps) + beta,
            "Two slips, seen in many tutorials: torch's std divides by d - 1, and epsilon belongs under the root.",
        ),
        (
            lambda x, gamma, beta, eps: (
                gamma * (x - x.mean(-2, keepdim=True)) / torch.sqrt(x.var(-2, keepdim=True, correction=0) + eps) + beta
            ),
            "You normalise over the tokens (axis -2). LayerNorm looks at one token at a time: over the width, axis -1.",
        ),
        (
            lambda x, gamma, beta, eps: gamma * (x - x.mean()) / torch.sqrt(x.var(correction=0) + eps) + beta,
            "You take one mean and one variance for the whole tensor. Each token has its own: give the axis.",
        ),
        (
            lambda x, gamma, beta, eps: gamma * x / torch.sqrt((x**2).mean(-1, keepdim=True) + eps) + beta,
            "This is RMSNorm (with an offset): the mean is not subtracted.",
        ),
    ],
)


def gelu(x: Tensor) -> Tensor:
    Phi = (1 + torch.erf(x / math.sqrt(2))) / 2  # a standard normal number is at most x
    return x * Phi


EXERCISES["4.1.3-b"] = Exercise(
    solution=gelu,
    cases=[(torch.linspace(-4, 4, 17, dtype=torch.float64),), (normal(2, 3),)],
    mistakes=[
        (
            lambda x: x / 2 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
            "This is the tanh approximation, the one in the TensorFlow code of BERT and XLNet. "
            "The exact form has erf, and is what transformers runs for BERT.",
        ),
        (
            lambda x: x * torch.sigmoid(1.702 * x),
            "This is the sigmoid approximation, x times sigmoid(1.702 x), from the paper that proposed GELU. "
            "The exact form has erf.",
        ),
        (lambda x: x * torch.sigmoid(x), "This is SiLU (swish): the logistic curve in place of the normal one."),
        (
            lambda x: x * (1 + torch.erf(x)) / 2,
            "The root of 2 is missing: erf belongs to a normal of variance one half, so give it x over that root.",
        ),
        (
            lambda x: x * torch.erf(x / math.sqrt(2)),
            "erf runs from -1 to 1. The probability that a normal number is at most x runs from 0 to 1.",
        ),
    ],
)


def post_ln_block(x: Tensor, attention: Layer, feed_forward: Layer, norm_1: Layer, norm_2: Layer) -> Tensor:
    x = norm_1(x + attention(x))  # add, then normalise
    return norm_2(x + feed_forward(x))


def _mix(x: Tensor) -> Tensor:
    return x.cumsum(-2) / 3


def _square(x: Tensor) -> Tensor:
    return x**2 - x


def _norm_1(x: Tensor) -> Tensor:
    return _centred(x) / torch.sqrt(_variance(x) + 1e-5)


def _norm_2(x: Tensor) -> Tensor:
    return 2 * _norm_1(x) + 1


EXERCISES["4.1.3-c"] = Exercise(
    solution=post_ln_block,
    cases=[
        (normal(2, 3, 4), _mix, _square, _norm_1, _norm_2),
        (normal(2, 5, seed=1), _square, _mix, _norm_2, _norm_1),
    ],
    mistakes=[
        (
            lambda x, attention, feed_forward, norm_1, norm_2: (
                (y := x + attention(norm_1(x))) + feed_forward(norm_2(y))
            ),
            "This is pre-LN, as in GPT-2: the norm comes before the sublayer. BERT normalises the sum.",
        ),
        (
            lambda x, attention, feed_forward, norm_1, norm_2: (
                (y := x + norm_1(attention(x))) + norm_2(feed_forward(y))
            ),
            "You normalise what the sublayer gives and add x after that. Add first: the norm is taken of the sum.",
        ),
        (
            lambda x, attention, feed_forward, norm_1, norm_2: norm_2(feed_forward(norm_1(attention(x)))),
            "The residual connections are missing: each sublayer's result is added to what went into it.",
        ),
        (
            lambda x, attention, feed_forward, norm_1, norm_2: norm_2(feed_forward(norm_1(x + attention(x)))),
            "The second residual connection is missing: the feed-forward result is added to what went into it.",
        ),
        (
            lambda x, attention, feed_forward, norm_1, norm_2: norm_2(x + feed_forward(norm_1(x + attention(x)))),
            "Your second residual connection starts from the input of the block. "
            "It adds what went into the feed-forward layer.",
        ),
        (
            lambda x, attention, feed_forward, norm_1, norm_2: norm_2((y := x + attention(x)) + feed_forward(y)),
            "The first norm is missing: there is one after each of the two sums.",
        ),
    ],
)
