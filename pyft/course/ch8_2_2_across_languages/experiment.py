"""What section 8.2.2 measures and a page has no time for: `pyft bench 8.2.2`."""

from collections.abc import Sequence
from typing import Any

import torch

from pyft.benchmarks.experiment import Experiment, Run
from pyft.course.ch8_2_2_across_languages.recipes import SIZES


def run(n: int, seed: int) -> dict[str, Any]:
    """The mean of n normal numbers."""
    x = torch.randn(n, generator=torch.Generator().manual_seed(seed))
    return {"n": n, "seed": seed, "mean": round(x.mean().item(), 6)}


def plan(_: Sequence[Run] = ()) -> list[tuple[int, int]]:
    """Every run, `(n, seed)`."""
    return [(n, seed) for n in SIZES for seed in range(3)]


def depends(n: int, seed: int) -> dict[str, Any]:
    """A run is that of its arguments alone. Data and weights that it reads would be named here, by their digests."""
    return {}


EXPERIMENT = Experiment("8.2.2", plan, run, depends, about="means of random numbers; a second")
