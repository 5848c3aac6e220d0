"""Is an explanation one of this model's decision? Curves of deletion and insertion, random weights, agreement."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata
from torch import Tensor

from pyft.course.ch8_3_2_which_words_decided.games import Value
from pyft.models.surgery import from_scratch

SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # of the words that are taken away or put in, the highest scores first
LEVELS = ("head", "upper half", "all")  # which weights are drawn anew


# --- deletion and insertion: Petsiuk et al. 2018 ----------------------------------------------------------------------


def steps(scores: Tensor, shares: Sequence[float] = SHARES) -> Tensor:
    """Which words are among the highest at each share: (n, W) of bool. Of equal scores the first word comes first."""
    rank = scores.argsort(descending=True, stable=True).argsort()  # (W): 0 for the highest
    count = (torch.tensor(shares, dtype=torch.float64) * len(scores)).round()  # (n)
    return rank < count[:, None]


def deletion(v: Value, scores: Tensor, shares: Sequence[float] = SHARES) -> Tensor:
    """The label's probability as the highest words go: (n)."""
    return v(~steps(scores, shares)).sigmoid()


def insertion(v: Value, scores: Tensor, shares: Sequence[float] = SHARES) -> Tensor:
    """The label's probability as the highest words come, from none: (n)."""
    return v(steps(scores, shares)).sigmoid()


def area(p: Tensor, shares: Sequence[float] = SHARES) -> float:
    """The area below a curve, from 0 to 1."""
    return float(torch.trapezoid(p, torch.tensor(shares, dtype=p.dtype)))


# --- random weights: Adebayo et al. 2018 ------------------------------------------------------------------------------


def randomised(model: Any, level: str, seed: int) -> Any:
    """A copy of a BERT classifier whose weights are drawn anew from the top down to a level.

    Raises:
        KeyError: no such level.
    """
    fresh, L = from_scratch(model, seed).eval(), len(model.bert.encoder.layer)
    from_layer = {"head": L, "upper half": L // 2, "all": 0}[level]
    if level == "all":  # word vectors too
        return fresh
    made = copy.deepcopy(model)
    made.classifier.load_state_dict(fresh.classifier.state_dict())
    made.bert.pooler.load_state_dict(fresh.bert.pooler.state_dict())
    for i in range(from_layer, L):
        made.bert.encoder.layer[i].load_state_dict(fresh.bert.encoder.layer[i].state_dict())
    return made


# --- agreement --------------------------------------------------------------------------------------------------------


def agreement(a: ArrayLike, b: ArrayLike) -> float:
    """Spearman's rank correlation of the sizes of two methods' scores; zero where one has the same for all words."""
    x, y = np.abs(np.asarray(a, dtype=float)), np.abs(np.asarray(b, dtype=float))
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])


def bootstrap(values: ArrayLike, draws: int = 2000, seed: int = 0, level: float = 0.95) -> tuple[float, float, float]:
    """Mean of a figure over texts, (N) or (S, N), with the interval of texts drawn again: `(mean, low, high)`.

    A text keeps what all S seeds say of it. The models are taken as they are.
    """
    x: NDArray[np.float64] = np.atleast_2d(np.asarray(values, dtype=float)).mean(0)  # (N)
    drawn = np.random.default_rng(seed).integers(len(x), size=(draws, len(x)))
    low, high = np.quantile(x[drawn].mean(1), [(1 - level) / 2, (1 + level) / 2])
    return float(x.mean()), float(low), float(high)
