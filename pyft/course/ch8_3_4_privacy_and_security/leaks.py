"""What a model gives away, in numbers: the exposure of a secret, and who was learnt from."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def exposure(secret: float, candidates: Floats) -> float:
    """How many bits of guessing a model saves: log2 |R| less log2 of the secret's rank among all candidates R.

    `secret` is the model's score of the true value, `candidates` those of all values that it could have had, the true
    one among them. Carlini et al. 2019.
    """
    rank = 1 + int((candidates > secret).sum())
    return math.log2(len(candidates)) - math.log2(rank)


def roc(inside: Floats, outside: Floats) -> tuple[Floats, Floats]:
    """False and true positive rates of every threshold, from none to all: (T,) each.

    A text counts as learnt from if its score is the threshold or more.
    """
    thresholds = np.unique(np.concatenate([inside, outside]))[::-1]
    false, true = ((some[:, None] >= thresholds).mean(0) for some in (outside, inside))
    return np.concatenate([[0.0], false]), np.concatenate([[0.0], true])


def true_positives(inside: Floats, outside: Floats, at: Any) -> Any:
    """The share of those inside that are found while no more than the share `at` of those outside is accused.

    A number for a number, an array for an array.
    """
    false, true = roc(inside, outside)
    return true[np.searchsorted(false, at, side="right") - 1]


def found_by_chance(n: int, at: float) -> float:
    """The share of those inside that scores find which say nothing, with n outside: above `at`, for so few are there.

    k = floor(at n) of those outside may be accused, so the threshold is the (k + 1)th highest of their scores. One
    score more is as likely to fall into each of the n + 1 gaps between them, and k + 1 of these lie above it.
    """
    return (int(at * n) + 1) / (n + 1)


def area(inside: Floats, outside: Floats) -> float:
    """How often one inside scores above one outside, a tie half: the area under the curve."""
    above = (inside[:, None] > outside).mean() + 0.5 * (inside[:, None] == outside).mean()
    return float(above)


def calibrated(losses: Floats, member: Bools) -> Floats:
    """How much lower each loss is than in the *other* runs that did not learn from the text: (S, N).

    A text that is easy has a low loss everywhere; one that was learnt by heart has it in this run alone. After Carlini
    et al. 2022, without their variances. Every text needs another run that did not learn from it.
    """
    made = np.empty_like(losses)
    for s in range(len(losses)):
        out = ~member
        out[s] = False
        made[s] = (losses * out).sum(0) / out.sum(0) - losses[s]
    return made
