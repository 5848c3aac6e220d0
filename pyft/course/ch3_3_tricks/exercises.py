"""The exercises of section 3.3: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor
from torch.nn import functional as F

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def layer_rates(lr: float, xi: float, L: int) -> Tensor:
    above = torch.arange(L + 1, -1, -1)  # layers above: embeddings L + 1, first layer L, ..., last 1, head 0
    return lr * xi**above  # (L + 2)


EXERCISES["3.3-a"] = Exercise(
    solution=layer_rates,
    cases=[(1e-1, 0.5, 3), (1.0, 0.8, 6)],
    mistakes=[
        (
            lambda lr, xi, L: lr * xi ** torch.arange(L + 2),
            "Reversed: here the embeddings learn fastest. They come first in the result, and learn slowest.",
        ),
        (
            lambda lr, xi, L: lr * xi ** torch.arange(L, -1, -1),
            "One is missing: there are L layers, the embeddings below them and the head above.",
        ),
        (
            lambda lr, xi, L: lr * xi ** torch.arange(L + 2, 0, -1),
            "The head has the full rate: nothing lies above it.",
        ),
        (
            lambda lr, xi, L: lr * torch.tensor([xi**k for k in [L, *range(L, 0, -1), 0]]),
            "The embeddings lie below the first layer: their rate is one factor lower than its.",
        ),
        (
            lambda lr, xi, L: lr / xi ** torch.arange(L + 1, -1, -1.0),
            "You divide by the factor, so rates grow towards the bottom.",
        ),
        (
            lambda lr, xi, L: lr * (1 - (1 - xi) * torch.arange(L + 1, -1, -1)),
            "You take the same amount away at each layer. Each rate is xi times the one above it.",
        ),
    ],
)


def stopped(losses: Tensor, patience: int) -> tuple[int, int]:
    best = 0
    for t, loss in enumerate(losses):
        if loss < losses[best]:
            best = t
        if t - best >= patience:
            return t, best
    return len(losses) - 1, best


def _in_a_row(losses: Tensor, patience: int) -> tuple[int, int]:
    rises = 0
    for t in range(1, len(losses)):
        rises = rises + 1 if losses[t] >= losses[t - 1] else 0
        if rises >= patience:
            return t, int(losses[: t + 1].argmin())
    return len(losses) - 1, int(losses.argmin())


def _ties_are_better(losses: Tensor, patience: int) -> tuple[int, int]:
    best = 0
    for t, loss in enumerate(losses):
        if loss <= losses[best]:
            best = t
        if t - best >= patience:
            return t, best
    return len(losses) - 1, best


EXERCISES["3.3-b"] = Exercise(
    solution=stopped,
    cases=[
        (torch.tensor([0.9, 0.6, 0.8, 0.7, 0.65, 0.7, 0.2]), 3),
        (torch.tensor([0.9, 0.5, 0.5, 0.6, 0.4, 0.4, 0.5, 0.1]), 2),
        (torch.tensor([0.9, 0.8, 0.7]), 2),
    ],
    mistakes=[
        (
            _in_a_row,
            "You count rises in a row. What counts is how long ago the lowest loss was, no matter what happened since.",
        ),
        (
            lambda losses, patience: (stopped(losses, patience)[0], stopped(losses, patience)[0]),
            "The first number is right. The weights that come back are those of the lowest loss, not the last.",
        ),
        (
            lambda losses, patience: stopped(losses, patience + 1),
            "One too late: training stops when `patience` measurements have brought nothing lower.",
        ),
        (
            lambda losses, patience: (int(losses.argmin()), int(losses.argmin())),
            "You look at all losses. When training stops, the later ones do not exist yet.",
        ),
        (
            lambda losses, patience: (stopped(losses, patience)[0], int(losses.argmin())),
            "You stop at the right time, and then look for the lowest loss among those that were never measured.",
        ),
        (_ties_are_better, "You take an equal loss for a better one. Only a lower one restarts the count."),
    ],
)


def mixed_loss(z: Tensor, y: Tensor, other: Tensor, share: Tensor) -> Tensor:
    own, others = (F.cross_entropy(z, labels, reduction="none") for labels in (y, y[other]))  # (B), (B)
    return (share * own + (1 - share) * others).mean()


def _mixed_case(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    g = torch.Generator().manual_seed(seed)
    B, K = 6, 3
    y, other = torch.randint(K, (B,), generator=g), torch.randperm(B, generator=g)
    return torch.randn(B, K, generator=g), y, other, torch.rand(B, generator=g)


EXERCISES["3.3-c"] = Exercise(
    solution=mixed_loss,
    cases=[_mixed_case(0), _mixed_case(1)],
    mistakes=[
        (
            lambda z, y, other, share: F.cross_entropy(z, y),
            "You forget the other text: it has gone into the logits, and its label counts by its share.",
        ),
        (
            lambda z, y, other, share: mixed_loss(z, y, other, 1 - share),
            "The shares are exchanged: `share` is that of the text itself.",
        ),
        (
            lambda z, y, other, share: (F.cross_entropy(z, y) + F.cross_entropy(z, y[other])) / 2,
            "Both labels count by half here. They count by the share that each text has in the mixture.",
        ),
        (
            lambda z, y, other, share: mixed_loss(z, y, other, share.mean()),
            "One share for all: each row of the batch has its own. Weight before you take the mean.",
        ),
        (
            lambda z, y, other, share: mixed_loss(z, y, other, share) * len(y),
            "That is the sum over the batch; return the mean.",
        ),
        (
            lambda z, y, other, share: (
                share * F.cross_entropy(z, y, reduction="none")
                + (1 - share) * F.cross_entropy(z[other], y[other], reduction="none")
            ).mean(),
            "You take the other row's logits with the other row's label. The mixture is one: its logits, both labels.",
        ),
    ],
)
