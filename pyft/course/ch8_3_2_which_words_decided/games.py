"""Scores of words from nothing but answers: what a model says when some of the words are there and others are not.

A text of W words is a game: its value is what the model says of the words that are there.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

Value = Callable[[Tensor], Tensor]  # which words are there, (n, W) of bool -> what the model says of each, (n)


def occlusion(v: Value, W: int) -> Tensor:
    """How much the value falls without each word: (W)."""
    return v(torch.ones(1, W, dtype=torch.bool)) - v(~torch.eye(W, dtype=torch.bool))


# --- Shapley values: Shapley 1953 -------------------------------------------------------------------------------------


def coalitions(W: int) -> Tensor:
    """All sets of W words: (2^W, W) of bool. Set number s holds word i if bit i of s is set."""
    return (torch.arange(2**W)[:, None] >> torch.arange(W)) % 2 == 1


def shapley(v: Value, W: int) -> Tensor:
    """The mean of what each word adds to the words before it, over all orders of the words: (W). It asks 2^W values.

    A set of k words comes before word i in k! (W - 1 - k)! of the W! orders.
    """
    S = coalitions(W)
    value, size = v(S), S.sum(1)  # (2^W) each
    share = [math.factorial(k) * math.factorial(W - 1 - k) / math.factorial(W) for k in range(W)]
    weight = torch.tensor(share, dtype=value.dtype)  # (W)
    scores = []
    for i in range(W):
        before = (~S[:, i]).nonzero()[:, 0]  # the sets that lack word i: (2^(W-1))
        scores.append((weight[size[before]] * (value[before + 2**i] - value[before])).sum())
    return torch.stack(scores)


def sampled_shapley(v: Value, W: int, orders: int, generator: torch.Generator) -> Tensor:
    """The same over some orders that are drawn: (W). It asks for W + 1 values an order. Castro et al. 2009."""
    place = torch.stack([torch.randperm(W, generator=generator) for _ in range(orders)])  # (m, W): when a word comes
    S = place[:, None] < torch.arange(W + 1)[:, None]  # (m, W + 1, W)
    gain = v(S.flatten(0, 1)).view(orders, W + 1).diff(dim=1)  # (m, W): of the word that comes first, second, …
    return gain.gather(1, place).mean(0)


# --- a linear model nearby: Ribeiro et al. 2016 -----------------------------------------------------------------------


def weighted_ridge(S: Tensor, value: Tensor, weight: Tensor, strength: float) -> Tensor:
    """Weighted ridge regression of values (n) on which words are there (n, W), with an intercept: the slopes (W).

    With x centred by its weighted mean the intercept needs no column of its own.
    """
    x, w = S.to(value.dtype), weight.to(value.dtype)
    x = x - (w[:, None] * x).sum(0) / w.sum()
    A = x.T @ (w[:, None] * x) + strength * torch.eye(x.shape[1], dtype=x.dtype)  # (W, W)
    return torch.linalg.solve(A, x.T @ (w * value))


def lime(
    v: Value, W: int, samples: int, generator: torch.Generator, width: float = 0.25, strength: float = 1.0
) -> Tensor:
    """Slopes of a linear model of the values near the whole text: (W).

    Of each sample a number of words, from one to all, is taken away at random. It weighs exp(-D² / 2 width²), where D
    is the cosine distance of what is there from the whole: 1 - sqrt(k / W) for k words.
    """
    fewer = torch.randint(1, W + 1, (samples,), generator=generator)  # (n)
    rank = torch.rand(samples, W, generator=generator).argsort(1).argsort(1)  # (n, W): a random order each
    S = torch.cat([torch.ones(1, W, dtype=torch.bool), rank >= fewer[:, None]])  # (n + 1, W)
    D = 1 - (S.sum(1) / W).sqrt()
    return weighted_ridge(S, v(S), torch.exp(-(D**2) / (2 * width**2)), strength)


def shapley_kernel(W: int, whole: float = 1e7) -> Tensor:
    """Weights of all sets with which `weighted_ridge` gives Shapley values (Lundberg & Lee 2017, theorem 2): (2^W).

    (W - 1) / (C(W, k) k (W - k)) for k words; of none and of all it is infinite, here `whole`.
    """
    weights = [(W - 1) / (math.comb(W, k) * k * (W - k)) if 0 < k < W else whole for k in coalitions(W).sum(1).tolist()]
    return torch.tensor(weights, dtype=torch.float64)
