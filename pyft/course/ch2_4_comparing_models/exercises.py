"""The exercises of section 2.4: solutions, and the usual mistakes, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def variance(d: Tensor) -> Tensor:
    S, N = d.shape
    of_runs, of_examples = d.mean(1).var() / S, d.mean(0).var() / N
    rest = d - d.mean(1, keepdim=True) - d.mean(0) + d.mean()
    of_both = rest.square().sum() / ((S - 1) * (N - 1)) / (S * N)
    return torch.stack([of_runs + of_examples - of_both, of_runs, of_examples]).max()


def _drawn(seed: int, of_runs: float, of_examples: float) -> Tensor:
    g = torch.Generator().manual_seed(seed)
    runs, examples = of_runs * torch.randn(4, 1, generator=g), of_examples * torch.randn(6, generator=g)
    return runs + examples + torch.randn(4, 6, generator=g)


EXERCISES["2.4-a"] = Exercise(
    solution=variance,
    cases=[(_drawn(0, 2.0, 0.5),), (_drawn(1, 0.0, 2.0),), (_drawn(2, 1.0, 1.0),)],
    mistakes=[
        (
            lambda d: d.var() / d.numel(),
            "You took all numbers as independent. Those of one run share its seed, those of one example its text.",
        ),
        (
            lambda d: d.mean(1).var() / d.size(0),
            "Those are the seeds alone: it would hold if the test examples were all that there are.",
        ),
        (
            lambda d: d.mean(0).var() / d.size(1),
            "Those are the examples alone: it would hold if there were no other seeds.",
        ),
        (
            lambda d: d.mean(1).var() / d.size(0) + d.mean(0).var() / d.size(1),
            "What belongs to a pair of seed and example is in both parts. Take it off once.",
        ),
    ],
    tol=1e-5,
)


def corrected(p: Tensor) -> Tensor:
    m = len(p)
    ordered, order = p.sort()
    raised = (ordered * (m - torch.arange(m))).clamp(max=1).cummax(0).values
    return torch.empty_like(p).index_copy(0, order, raised)


EXERCISES["2.4-b"] = Exercise(
    solution=corrected,
    cases=[
        (torch.tensor([0.01, 0.04, 0.03]),),
        (torch.tensor([0.5, 0.001, 0.9, 0.02]),),
        (torch.tensor([0.02, 0.021, 0.022]),),
    ],
    mistakes=[
        (
            lambda p: (p * len(p)).clamp(max=1),
            "That is Bonferroni's rule: every p times m. Holm's lets the factor fall, from m to one.",
        ),
        (
            lambda p: corrected(p).sort().values,
            "The values are right, and in another order: return each at the place of its own p.",
        ),
        (
            lambda p: (p * (len(p) - p.argsort().argsort())).clamp(max=1),
            "A larger p may not come out below a smaller one: let the corrected values never fall.",
        ),
        (
            lambda p: p * (len(p) - p.argsort().argsort()).flip(0),
            "The smallest p gets the largest factor.",
        ),
    ],
    tol=1e-6,
)
