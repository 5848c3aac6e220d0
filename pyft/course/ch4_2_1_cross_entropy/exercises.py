"""The exercises of section 4.2.1: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.course.exercise_tools import normal
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def log_sum_exp(z: Tensor) -> Tensor:
    peak = z.amax(-1, keepdim=True)  # (B, 1)
    return torch.log(torch.exp(z - peak).sum(-1)) + peak.squeeze(-1)  # (B,)


EXERCISES["4.2.1-a"] = Exercise(
    solution=log_sum_exp,
    cases=[(normal(2, 3),), (torch.tensor([[1000.0, 1001.0], [-1000.0, -999.0], [0.0, 1.0]], dtype=torch.float64),)],
    mistakes=[
        (
            lambda z: z.exp().sum(-1).log(),
            "Right on paper. In floating point exp(1000) overflows and exp(-1000) vanishes: "
            "take the largest logit out before exp.",
        ),
        (
            lambda z: (z - z.amax(-1, keepdim=True)).exp().sum(-1).log(),
            "What you take out of the exponents must come back: add the largest logit to the logarithm.",
        ),
        (
            lambda z: (z - z.max()).exp().sum(-1).log() + z.max(),
            "You take the largest logit of the whole batch: in a row far below it every exponential vanishes. "
            "Take each row's own.",
        ),
        (
            lambda z: torch.logsumexp(z, 0),
            "You sum over the batch (axis 0). Each example has its own sum, over its classes.",
        ),
    ],
)


def cross_entropy_gradient(z: Tensor, y: Tensor) -> Tensor:
    B, K = z.shape
    exp = torch.exp(z - z.amax(-1, keepdim=True))
    p = exp / exp.sum(-1, keepdim=True)  # (B, K)
    one_hot = (torch.arange(K) == y[:, None]).to(z.dtype)  # (B, K)
    return (p - one_hot) / B


def _p_minus_one_hot(z: Tensor, y: Tensor) -> Tensor:
    return torch.softmax(z, -1) - torch.eye(z.shape[1], dtype=z.dtype)[y]


EXERCISES["4.2.1-b"] = Exercise(
    solution=cross_entropy_gradient,
    cases=[(normal(4, 3), torch.tensor([0, 2, 1, 2])), (normal(2, 5, seed=1), torch.tensor([4, 0]))],
    mistakes=[
        (
            _p_minus_one_hot,
            "This is the gradient of the sum over the batch. The loss is a mean: divide by B.",
        ),
        (
            lambda z, y: -_p_minus_one_hot(z, y) / len(y),
            "The sign is reversed: a step against the gradient must raise the logit of the right class, "
            "so the gradient is negative there.",
        ),
        (
            lambda z, y: torch.softmax(z, -1) / len(y),
            "Softmax alone is the gradient of the log-sum-exp. The loss has a term -z_y too: take 1 off at the label.",
        ),
        (
            lambda z, y: _p_minus_one_hot(z, y) / z.numel(),
            "You divide by all logits. The mean is over the examples: divide by B.",
        ),
    ],
)


def masked_cross_entropy(z: Tensor, y: Tensor, ignore: int = -100) -> Tensor:
    kept = y != ignore  # (B, T)
    z, y = z[kept], y[kept]  # (n, K), (n,)
    log_p = z - torch.logsumexp(z, -1, keepdim=True)
    return -log_p[torch.arange(len(y)), y].mean()


def _losses(z: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy at each position, ignored labels taken for class 0."""
    return -torch.log_softmax(z, -1).gather(-1, y.clamp(min=0)[..., None])[..., 0]


EXERCISES["4.2.1-c"] = Exercise(
    solution=masked_cross_entropy,
    cases=[
        (normal(2, 4, 3), torch.tensor([[0, 2, 1, 1], [2, -100, -100, -100]])),
        (normal(3, 2, 4, seed=1), torch.tensor([[-100, 3], [1, -100], [0, 2]])),
    ],
    mistakes=[
        (
            lambda z, y: (_losses(z, y) * (y != -100)).mean(),
            "You divide by all positions. Divide by those that count, or padding makes the loss look small.",
        ),
        (
            lambda z, y: _losses(z, y).mean(),
            "Ignored positions count here as if their label were class 0. Leave them out of the sum and of the number.",
        ),
        (
            lambda z, y: ((_losses(z, y) * (y != -100)).sum(-1) / (y != -100).sum(-1)).mean(),
            "This is the mean over texts of each text's mean: a token of a short text then weighs more. "
            "Take one mean over all tokens.",
        ),
        (
            lambda z, y: (_losses(z, y) * (y != -100)).sum(),
            "This is the sum. Divide by the number of positions that count.",
        ),
    ],
)
