"""The exercises of section 3.2.7: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def speed_up(shares: Tensor, factors: Tensor) -> Tensor:
    return 1 / (shares / factors).sum()


_SHARES = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64)
EXERCISES["3.2.7-a"] = Exercise(
    solution=speed_up,
    cases=[
        (_SHARES, torch.tensor([1.0, 1.0, 10.0], dtype=torch.float64)),
        (_SHARES, torch.tensor([2.0, 4.0, 1.0], dtype=torch.float64)),
    ],
    mistakes=[
        (
            lambda shares, factors: (shares * factors).sum(),
            "Factors do not average: a part that is ten times as fast takes a tenth of its time. Add up times.",
        ),
        (
            lambda shares, factors: (shares / factors).sum(),
            "This is the new time. The step became faster by the old time, one, over it.",
        ),
        (
            lambda shares, factors: factors.prod(),
            "That would need every part to be all of the time. Weight each by its share.",
        ),
        (
            lambda shares, factors: factors.max(),
            "The fastest part does not speed up the others: their time stays.",
        ),
    ],
)


def coins(draws: Tensor, p: float) -> Tensor:
    n = round(p * 2**16)  # of 65,536 numbers so many are dropped
    return torch.where(draws >= n, 2**16 / (2**16 - n), 0.0)


_DRAWS = torch.tensor([0, 6553, 6554, 13107, 32767, 32768, 65535])
EXERCISES["3.2.7-b"] = Exercise(
    solution=coins,
    cases=[(_DRAWS, 0.1), (_DRAWS, 0.5)],
    tol=1e-5,
    mistakes=[
        (
            lambda draws, p: (draws >= round(p * 2**16)).float(),
            "The right ones are dropped, but the mean falls: divide what is kept by the share that is kept.",
        ),
        (
            lambda draws, p: torch.where(draws < round(p * 2**16), 1 / p, 0.0),
            "Kept and dropped are exchanged: `p` is the probability of zero.",
        ),
        (
            lambda draws, p: torch.where(draws > round(p * 2**16), 2**16 / (2**16 - round(p * 2**16)), 0.0),
            "The number that equals the limit is kept: from zero to n - 1 there are n numbers.",
        ),
    ],
)
