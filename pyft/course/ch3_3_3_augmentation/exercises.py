"""The exercises of section 3.3.3: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor
from torch.nn import functional as F

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def mixed_loss(z: Tensor, y: Tensor, other: Tensor, share: Tensor) -> Tensor:
    own, others = (F.cross_entropy(z, labels, reduction="none") for labels in (y, y[other]))  # (B), (B)
    return (share * own + (1 - share) * others).mean()


def _mixed_case(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    g = torch.Generator().manual_seed(seed)
    B, K = 6, 3
    y, other = torch.randint(K, (B,), generator=g), torch.randperm(B, generator=g)
    return torch.randn(B, K, generator=g), y, other, torch.rand(B, generator=g)


EXERCISES["3.3.3-a"] = Exercise(
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


def label_survives(n: int, k: int, p: float) -> tuple[float, float]:
    return (1 - p) ** k, n * (1 - p)


EXERCISES["3.3.3-b"] = Exercise(
    solution=label_survives,
    cases=[(20, 1, 0.1), (20, 3, 0.1), (12, 2, 0.5)],
    mistakes=[
        (
            lambda n, k, p: (1 - k * p, n * (1 - p)),
            "Probabilities do not add up: all k words must stay, so the k probabilities multiply.",
        ),
        (
            lambda n, k, p: ((1 - p) ** n, n * (1 - p)),
            "This asks that no word at all is dropped. Only the k words that decide must stay.",
        ),
        (lambda n, k, p: (1 - p**k, n * (1 - p)), "This asks that one of the k words stays. All of them must."),
        (lambda n, k, p: ((1 - p) ** k, n * p), "That many are dropped on average. How many are left?"),
    ],
)
