"""The exercises of section 2.2: solutions by hand, and the mistakes that people make, each with its hint."""

import math

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def _normal(*shape: int, seed: int = 0) -> Tensor:
    """Normal numbers that leave torch's own generator alone."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def mean_of_tokens(h: Tensor, mask: Tensor) -> Tensor:
    real = mask[..., None].to(h.dtype)  # (B, T, 1)
    return (h * real).sum(1) / real.sum(1)  # (B, d)


EXERCISES["2.2-a"] = Exercise(
    solution=mean_of_tokens,
    cases=[
        (_normal(2, 4, 3), torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])),
        (_normal(3, 3, 2, seed=1), torch.tensor([[1, 0, 0], [1, 1, 1], [0, 1, 1]])),
    ],
    mistakes=[
        (
            lambda h, mask: h.mean(1),
            "This is the mean over all positions, padding too. A text would have other features in a longer batch.",
        ),
        (
            lambda h, mask: (h * mask[..., None]).mean(1),
            "The padding is out of the sum and still in the divisor. Divide by the number of real tokens.",
        ),
        (
            lambda h, mask: (h * mask[..., None]).sum(1),
            "This is the sum: a long text has a long vector. Divide by the number of real tokens.",
        ),
        (
            lambda h, mask: h[:, 0],
            "This is the first position alone: the class token, or padding where a tokenizer pads on the left.",
        ),
        (
            lambda h, mask: (h * mask[..., None]).sum(1) / mask.sum(),
            "You divide by the real tokens of the whole batch. Each text has a number of its own.",
        ),
    ],
)


def labels_needed(n: Tensor, accuracy: Tensor, goal: float) -> float:
    reached = [i for i, a in enumerate(accuracy.tolist()) if a >= goal]
    if not reached:
        return math.inf
    i = reached[0]
    if i == 0:
        return float(n[0])
    low, high = accuracy[i - 1].item(), accuracy[i].item()
    share = (goal - low) / (high - low)  # of the way from one point to the next
    return float(n[i - 1]) ** (1 - share) * float(n[i]) ** share  # on a logarithmic axis


def _linear(n: Tensor, accuracy: Tensor, goal: float) -> float:
    i = next((i for i, a in enumerate(accuracy.tolist()) if a >= goal), None)
    if i is None or i == 0:
        return math.inf if i is None else float(n[0])
    share = (goal - accuracy[i - 1].item()) / (accuracy[i].item() - accuracy[i - 1].item())
    return float(n[i - 1]) + share * float(n[i] - n[i - 1])


def _next_point(n: Tensor, accuracy: Tensor, goal: float) -> float:
    return next((float(size) for size, a in zip(n, accuracy, strict=True) if a >= goal), math.inf)


_N, _CURVE = torch.tensor([50.0, 100, 200, 500]), torch.tensor([0.52, 0.60, 0.58, 0.71], dtype=torch.float64)
EXERCISES["2.2-b"] = Exercise(
    solution=labels_needed,
    cases=[(_N, _CURVE, 0.55), (_N, _CURVE, 0.65), (_N, _CURVE, 0.5), (_N, _CURVE, 0.9), (_N, _CURVE, 0.71)],
    mistakes=[
        (_linear, "Right on an axis of labels; the curve is drawn over their logarithm. Interpolate log n."),
        (_next_point, "This is the first measured number that reaches the goal. Go only part of the way to it."),
        (
            lambda n, accuracy, goal: labels_needed(n, accuracy, goal) if accuracy.max() >= goal else float(n[-1]),
            "Where the goal is never reached no number of labels was seen to be enough: return infinity.",
        ),
        (
            lambda n, accuracy, goal: math.log(labels_needed(n, accuracy, goal)),
            "This is the logarithm of the number of labels. Take the exponential.",
        ),
    ],
    tol=1e-3,
)


def divergence(a: Tensor, b: Tensor) -> float:
    p, q = a / a.sum(), b / b.sum()  # (V,), (V,)
    m = (p + q) / 2

    def kl(x: Tensor) -> float:
        seen = x > 0  # zero times the logarithm of zero counts as zero
        return (x[seen] * (x[seen] / m[seen]).log2()).sum().item()

    return (kl(p) + kl(q)) / 2


def _kl(p: Tensor, q: Tensor) -> float:
    seen = p > 0
    return (p[seen] * (p[seen] / q[seen]).log2()).sum().item()


def _js(a: Tensor, b: Tensor) -> float:
    return divergence(a.double(), b.double())


_A, _B = torch.tensor([4.0, 3, 2, 1, 0]).double(), torch.tensor([0.0, 1, 2, 3, 14]).double()
EXERCISES["2.2-c"] = Exercise(
    solution=divergence,
    cases=[(_A, _B), (_A, _A), (torch.tensor([1.0, 0]).double(), torch.tensor([0.0, 5]).double()), (2 * _A, _B)],
    mistakes=[
        (lambda a, b: _js(a, b) * math.log(2), "These are nats. Take logarithms to base two, and it ends at one."),
        (lambda a, b: 2 * _js(a, b), "This is the sum of the two divergences. Take their mean."),
        (lambda a, b: math.sqrt(_js(a, b)), "This is the root, a distance. The divergence is asked for."),
        (
            lambda a, b: _kl(a / a.sum(), b / b.sum()),
            "This is the divergence of one from the other, and infinite where the other does not have a word. "
            "Measure both from their mean.",
        ),
        (
            lambda a, b: sum(_kl(x / x.sum(), (a + b) / (a + b).sum()) for x in (a, b)) / 2,
            "You add up the counts before you divide, so that the larger corpus rules. Make each a distribution first.",
        ),
    ],
)
