"""Numbers of eight bits by hand: round to a grid, multiply on the grid, and go back."""

import torch
from torch import Tensor


def step_of(x: Tensor) -> Tensor:
    """The step of the grid for x: its largest number is the 127th step."""
    return x.abs().max() / 127


def to_int8(x: Tensor, step: Tensor) -> Tensor:
    """The nearest step of each number, as an integer from -127 to 127."""
    return (x / step).round().clamp(-127, 127).to(torch.int8)


def product(A: Tensor, B: Tensor) -> Tensor:
    """A (n, m) times B (m, k), computed with integers: one step for all of A, one for all of B."""
    a, b = step_of(A), step_of(B)
    whole = to_int8(A, a).to(torch.int32) @ to_int8(B, b).to(torch.int32)  # (n, k)
    return whole * (a * b)
