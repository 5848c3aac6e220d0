"""States of Adam and AdamW for the cases of exercises."""

import torch
from torch import Tensor

from pyft.course.exercise_tools import normal

Step = tuple[Tensor, Tensor, Tensor]  # theta, m, v


def state(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """theta, g, m and v of an optimiser that has taken steps."""
    return (
        normal(3, seed=seed),
        normal(3, seed=seed + 1),
        0.1 * normal(3, seed=seed + 2),
        0.1 * normal(3, seed=seed + 3) ** 2,
    )


FRESH = (normal(2, 2, seed=8), normal(2, 2, seed=9), torch.zeros(2, 2).double(), torch.zeros(2, 2).double())
