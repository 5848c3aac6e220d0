"""The exercises of section 3.3: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def holm(p: Tensor) -> Tensor:
    order = p.argsort()
    steps = p[order] * torch.arange(len(p), 0, -1)  # times k, k - 1, ..., 1
    corrected = torch.empty_like(p)
    corrected[order] = steps.cummax(0).values.clamp(max=1)
    return corrected  # (k)


def _not_kept(p: Tensor) -> Tensor:
    """Holm's factors without the rule that p-values never fall."""
    order, corrected = p.argsort(), torch.empty_like(p)
    corrected[order] = (p[order] * torch.arange(len(p), 0, -1)).clamp(max=1)
    return corrected


EXERCISES["3.3-a"] = Exercise(
    solution=holm,
    cases=[
        (torch.tensor([0.01, 0.04, 0.03], dtype=torch.float64),),
        (torch.tensor([0.5, 0.001, 0.02, 0.6], dtype=torch.float64),),
    ],
    mistakes=[
        (
            lambda p: (p * len(p)).clamp(max=1),
            "All are multiplied by k: that is Bonferroni's rule. Only the smallest is.",
        ),
        (_not_kept, "A larger p-value may not become smaller than one before it: keep a running maximum."),
        (lambda p: holm(p).sort().values, "They are sorted. Return them in the order in which they came."),
        (
            lambda p: (p * torch.arange(len(p), 0, -1)).clamp(max=1),
            "The factors belong to sorted p-values: k is for the smallest.",
        ),
    ],
)


def interval(d: Tensor, t: float) -> tuple[Tensor, Tensor]:
    half = t * d.std() / len(d) ** 0.5
    return d.mean() - half, d.mean() + half


EXERCISES["3.3-b"] = Exercise(
    solution=interval,
    cases=[
        (torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64), 4.303),
        (torch.tensor([0.5, -0.5, 1.0, 2.0, 0.0], dtype=torch.float64), 2.776),
    ],
    mistakes=[
        (
            lambda d, t: (d.mean() - t * d.std(), d.mean() + t * d.std()),
            "This is how far single differences spread. The mean of m of them varies less: divide by the root of m.",
        ),
        (
            lambda d, t: (
                d.mean() - t * d.std(correction=0) / len(d) ** 0.5,
                d.mean() + t * d.std(correction=0) / len(d) ** 0.5,
            ),
            "Student's interval takes the deviation with m - 1 below the sum, since the mean was estimated too.",
        ),
        (
            lambda d, t: (d.mean() - t * d.std() / len(d), d.mean() + t * d.std() / len(d)),
            "Divide by the root of m, not by m.",
        ),
    ],
)
