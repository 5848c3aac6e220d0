"""The proofs of section 4.3.1: ours against the library's, case by case."""

from collections.abc import Iterator

import torch

from pyft.course.part4.optimiser_cases import Settings, against_library, start_values, trajectory
from pyft.evidence.proofs import Case
from pyft.mutation import Maths


def sgd(m: Maths) -> Iterator[Case]:
    """Plain, with momentum, with decay, with both."""
    cases: dict[str, Settings] = {
        "plain": {"lr": 0.1},
        "momentum": {"lr": 0.05, "momentum": 0.9},
        "decay": {"lr": 0.1, "weight_decay": 0.1},
        "momentum and decay": {"lr": 0.05, "momentum": 0.5, "weight_decay": 0.1},
    }
    yield from against_library(m.optim.SGD, torch.optim.SGD, cases)


def adam(m: Maths) -> Iterator[Case]:
    """Several rates, betas and epsilons; a large epsilon shows on which side of the root it stands."""
    cases: dict[str, Settings] = {
        "plain": {"lr": 0.01},
        "betas": {"lr": 0.01, "betas": (0.5, 0.9)},
        "large epsilon": {"lr": 0.01, "eps": 0.1},
        "L2": {"lr": 0.01, "weight_decay": 0.1},
    }
    yield from against_library(m.optim.Adam, torch.optim.Adam, cases)


def without_correction(m: Maths) -> Iterator[Case]:
    """Without bias correction step t is (1 - beta_1^t) / sqrt(1 - beta_2^t) times as long."""
    for make in (m.optim.Adam, m.optim.AdamW):
        moved = {}
        for corrected in (True, False):
            settings = {"lr": 0.01, "weight_decay": 0.0, "eps": 0.0, "bias_correction": corrected}
            path = trajectory(make, settings, torch.float64, lambda t, theta: torch.ones_like(theta), False, 50)
            moved[corrected] = path.diff(
                dim=0, prepend=torch.cat([x.flatten() for x in start_values(torch.float64)])[None]
            )
        t = torch.arange(1, 51, dtype=torch.float64)[:, None]  # (steps, 1)
        factor = (1 - 0.9**t) / (1 - 0.999**t).sqrt()
        yield f"{make.__name__}, longer steps", moved[False] / moved[True], factor.expand_as(moved[True]), 1e-8
