"""Differential privacy by hand: a step of DP-SGD for a linear head, and what it costs, by a Rényi accountant."""

import math

import numpy as np
import torch
from scipy.optimize import brentq
from scipy.special import logsumexp
from torch import Tensor
from torch.func import grad, vmap
from torch.nn import functional as F

ORDERS = (*(1 + x / 10 for x in range(1, 100)), *range(12, 64))  # those of Opacus
NO_LIMIT = 1e6  # a length that no gradient reaches


# --- learning ---------------------------------------------------------------------------------------------------------


def loss(W: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy of one example: W (K, d), x (d), y (), a class."""
    return F.cross_entropy((W @ x)[None], y[None])


per_example = vmap(grad(loss), in_dims=(None, 0, 0))  # of W (K, d), X (b, d), y (b): gradients (b, K, d)


def private_step(
    W: Tensor, X: Tensor, y: Tensor, C: float, sigma: float, B: float, lr: float, generator: torch.Generator
) -> Tensor:
    """One step of DP-SGD (Abadi et al. 2016, algorithm 1): W after it, (K, d).

    The gradient of each of the b examples is made no longer than C, and noise is added to their sum: of standard
    deviation sigma C, which hides any single one. B is the number of examples that is expected, not b: b is private.
    """
    G = per_example(W, X, y)  # (b, K, d)
    length = G.flatten(1).norm(dim=1)  # (b)
    clipped = G * (C / length.clamp(min=C))[:, None, None]
    noise = sigma * C * torch.randn(W.shape, generator=generator, dtype=W.dtype)
    return W - lr * (clipped.sum(0) + noise) / B


def train(X: Tensor, y: Tensor, K: int, q: float, steps: int, C: float, sigma: float, lr: float, seed: int) -> Tensor:
    """A linear head (K, d) from features X (N, d) and classes y (N); each step draws each example with chance q."""
    generator = torch.Generator().manual_seed(seed)
    W = torch.zeros(K, X.shape[1], dtype=X.dtype)
    for _ in range(steps):
        drawn = torch.rand(len(X), generator=generator) < q
        W = private_step(W, X[drawn], y[drawn], C, sigma, q * len(X), lr, generator)
    return W


# --- the account ------------------------------------------------------------------------------------------------------


def renyi(alpha: float, q: float, sigma: float) -> float:
    """The Rényi divergence of order alpha that one step costs: noise sigma, examples drawn with chance q.

    Mironov, Talwar & Zhang 2019, section 3: the mean of ((1 - q) + q exp((2 x - 1) / 2 sigma^2))^alpha over normal x
    of standard deviation sigma, its logarithm, over alpha - 1. The mean is an integral, here a sum over a fine grid.
    """
    x = np.linspace(-20 * sigma, alpha + 20 * sigma, 4001)
    density = -((x / sigma) ** 2) / 2 - math.log(sigma * math.sqrt(2 * math.pi))
    unseen = math.log1p(-q) if q < 1 else -math.inf
    ratio = np.logaddexp(unseen, math.log(q) + (2 * x - 1) / (2 * sigma**2))
    return float(logsumexp(density + alpha * ratio) + math.log(x[1] - x[0])) / (alpha - 1)


def to_epsilon(costs: dict[float, float], delta: float) -> float:
    """The smallest epsilon that follows from Rényi divergences by order (Balle et al. 2020, theorem 21)."""
    return min(cost + math.log1p(-1 / alpha) - math.log(delta * alpha) / (alpha - 1) for alpha, cost in costs.items())


def epsilon(q: float, sigma: float, steps: int, delta: float) -> float:
    """Epsilon of a whole training: the costs of its steps add up, order by order."""
    return to_epsilon({alpha: steps * renyi(alpha, q, sigma) for alpha in ORDERS}, delta)


def noise_for(wanted: float, q: float, steps: int, delta: float) -> float:
    """The noise sigma with which a training costs the wanted epsilon."""
    found = brentq(lambda z: epsilon(q, math.exp(z), steps, delta) - wanted, math.log(0.3), math.log(50), xtol=1e-6)
    return math.exp(found)
