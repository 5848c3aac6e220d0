"""The exercises of section 2.1.4: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def partial_mask(order: Tensor, chosen: Tensor) -> Tensor:
    turn = order.argsort()  # turn[i]: when position i has its turn
    earlier = turn[None, :] < turn[:, None]  # (T, T): j has its turn before i
    return earlier | ~chosen[None, :]  # what is no target is seen by all


EXERCISES["2.1.4-a"] = Exercise(
    solution=partial_mask,
    cases=[
        (torch.tensor([0, 3, 4, 2, 1]), torch.tensor([False, True, True, False, False])),
        (torch.tensor([5, 2, 0, 4, 1, 3]), torch.tensor([False, True, False, True, True, False])),
    ],
    mistakes=[
        (
            lambda order, chosen: order[None, :] < order[:, None],
            "`order` says who has turn t; you need the turn of position i: the inverse, `order.argsort()`. "
            "And what is no target is seen by all.",
        ),
        (
            lambda order, chosen: (order[None, :] < order[:, None]) | ~chosen[None, :],
            "`order` says who has turn t. You need the turn of position i, its inverse: `order.argsort()`.",
        ),
        (
            lambda order, chosen: (t := order.argsort())[None, :] < t[:, None],
            "Right for the targets. But the others are context: every token sees them, whatever the order.",
        ),
        (
            lambda order, chosen: ((t := order.argsort())[None, :] < t[:, None]) | ~chosen[:, None],
            "Here what is no target sees everything, the answers too. It is as keys, columns, that they are open.",
        ),
        (
            lambda order, chosen: ((t := order.argsort())[None, :] <= t[:, None]) | ~chosen[None, :],
            "A target sees itself here, and has nothing to predict. Earlier means strictly before.",
        ),
        (
            lambda order, chosen: ((t := order.argsort())[None, :] > t[:, None]) | ~chosen[None, :],
            "Reversed: token i sees those that come after it in the order.",
        ),
        (
            lambda order, chosen: ~(((t := order.argsort())[None, :] < t[:, None]) | ~chosen[None, :]),
            "Inverted: this is the library's perm_mask, with one where a token may not look. Here true is to see.",
        ),
    ],
)


def targets_seen(T: int, texts: int, p: float, K: int) -> tuple[float, float, float]:
    tokens = T * texts
    return p * tokens, tokens / K, tokens - texts  # left to right, the first token has nothing before it


EXERCISES["2.1.4-b"] = Exercise(
    solution=targets_seen,
    cases=[(100, 20, 0.15, 6), (512, 3, 0.4, 7)],
    mistakes=[
        (
            lambda T, texts, p, K: (p * T * texts, T * texts / K, T * texts),
            "The first two are right. Left to right, the first token of a text has nothing to be predicted from.",
        ),
        (
            lambda T, texts, p, K: (0.8 * p * T * texts, T * texts / K, T * texts - texts),
            "You count the tokens that become [MASK]. Those that are swapped or kept are predicted as well.",
        ),
        (
            lambda T, texts, p, K: (p * T * texts, T * texts * (1 - 1 / K), T * texts - texts),
            "For permutation language modelling you count what is no target: one token in K is one.",
        ),
        (
            lambda T, texts, p, K: (p * T, T / K, T - 1.0),
            "That is for one text. Count all of them.",
        ),
        (
            lambda T, texts, p, K: (p, 1 / K, 1 - 1 / T),
            "Those are shares. Return how many tokens: multiply by all that were read.",
        ),
    ],
)
