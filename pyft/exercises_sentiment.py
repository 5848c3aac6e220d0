"""The exercises of section 6.1's pages: solutions by hand, and the mistakes that people make, each with its hint."""

from collections.abc import Callable

import torch
from torch import Tensor

from pyft.exercise import Exercise

SENTIMENT: dict[str, Exercise] = {}
Gradient = Callable[[Tensor], Tensor]


# --- 6.1.1 product reviews --------------------------------------------------------------------------------------------


def integrated(grad: Gradient, x: Tensor, baseline: Tensor, steps: int) -> Tensor:
    alpha = (torch.arange(steps) + 0.5) / steps  # (n) midpoints
    points = baseline + alpha[:, None] * (x - baseline)  # (n, d)
    return (x - baseline) * grad(points).mean(0)  # (d)


def _cubic(points: Tensor) -> Tensor:
    """Of f(x) = x_1³ + x_1 x_2²."""
    a, b = points[:, 0], points[:, 1]
    return torch.stack([3 * a**2 + b**2, 2 * a * b], 1)


def _along(alpha: Tensor, grad: Gradient, x: Tensor, baseline: Tensor) -> Tensor:
    return (x - baseline) * grad(baseline + alpha[:, None] * (x - baseline)).mean(0)


SENTIMENT["6.1.1-a"] = Exercise(
    solution=integrated,
    cases=[
        (_cubic, torch.tensor([2.0, -1.0]), torch.tensor([0.5, 1.0]), 4),
        (_cubic, torch.tensor([-1.0, 3.0]), torch.tensor([1.0, 0.5]), 7),
    ],
    mistakes=[
        (
            lambda grad, x, baseline, steps: (x - baseline) * grad(x[None])[0],
            "You take the gradient at the end of the way alone. Walk from the baseline to x and take the mean.",
        ),
        (
            lambda grad, x, baseline, steps: integrated(grad, x, baseline, steps) / (x - baseline),
            "That is the mean gradient. Each entry contributes it times how far it has moved, x less the baseline.",
        ),
        (
            lambda grad, x, baseline, steps: x * integrated(grad, x, baseline, steps) / (x - baseline),
            "You multiply by x. What counts is how far the entry has moved from the baseline.",
        ),
        (
            lambda grad, x, baseline, steps: integrated(grad, x, torch.zeros_like(x), steps),
            "You walk from zero. The baseline is an argument.",
        ),
        (
            lambda grad, x, baseline, steps: _along(torch.arange(steps) / steps, grad, x, baseline),
            "You take the beginnings of the steps. Their midpoints are half a step further.",
        ),
        (
            lambda grad, x, baseline, steps: _along((torch.arange(steps) + 1) / steps, grad, x, baseline),
            "You take the ends of the steps. Their midpoints are half a step nearer.",
        ),
        (
            lambda grad, x, baseline, steps: integrated(grad, x, baseline, steps) * steps,
            "You sum the gradients; each step is only 1/n of the way. Take their mean.",
        ),
        (
            lambda grad, x, baseline, steps: -integrated(grad, x, baseline, steps),
            "The sign is turned: from the baseline to x, not back.",
        ),
    ],
    tol=1e-5,
)


# --- 6.1.2 social media -----------------------------------------------------------------------------------------------


def ceiling(ratings: Tensor) -> float:
    R = ratings.size(1)
    others = (ratings.sum(1, keepdim=True) - ratings) / (R - 1)  # (N, R) the mean without each rater's own
    pairs = [torch.corrcoef(torch.stack([ratings[:, k], others[:, k]]))[0, 1] for k in range(R)]
    return torch.stack(pairs).mean().item()


def _raters(seed: int) -> Tensor:
    g = torch.Generator().manual_seed(seed)
    return torch.randn(20, 1, generator=g) + torch.randn(20, 4, generator=g)  # (N, R): what is shared, and noise


def _mean_r(a: Tensor, b: Tensor) -> float:
    return sum(torch.corrcoef(torch.stack([a[:, k], b[:, k]]))[0, 1].item() for k in range(a.size(1))) / a.size(1)


SENTIMENT["6.1.2-a"] = Exercise(
    solution=ceiling,
    cases=[(_raters(0),), (_raters(1),)],
    mistakes=[
        (
            lambda ratings: _mean_r(ratings, ratings.mean(1, keepdim=True).expand_as(ratings)),
            "The mean holds the rater's own rating, so each agrees with himself a little. Leave it out.",
        ),
        (
            lambda ratings: (
                (torch.corrcoef(ratings.T).sum() - ratings.size(1)) / (ratings.size(1) * (ratings.size(1) - 1))
            ).item(),
            "That is the mean correlation of two raters. A mean of many is steadier than one: correlate with that.",
        ),
        (
            lambda ratings: _mean_r(ratings[:, :1], (ratings.sum(1, keepdim=True) - ratings)[:, :1]),
            "That is the first rater alone. Take the mean over all of them.",
        ),
        (
            lambda ratings: torch.corrcoef(
                torch.stack([ratings.flatten(), ((ratings.sum(1, keepdim=True) - ratings) / 3).flatten()])
            )[0, 1].item(),
            "You put all raters into one long list. Correlate each by himself, then take the mean.",
        ),
        (
            lambda ratings: ceiling(ratings) ** 2,
            "That is the share of the variance, r squared. Return r.",
        ),
        (
            lambda ratings: ceiling(ratings.T),
            "You went through the columns as if they were texts. A row is a text, a column a rater.",
        ),
    ],
    tol=1e-5,
)
