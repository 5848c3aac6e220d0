"""Efficient fine-tuning by hand: low-rank adaptation and what else learns a few numbers beside frozen weights.

Each is a module that takes the place of a linear map, or stands behind one. x holds vectors: (..., d_in).
"""

import copy
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class LoRA(nn.Module):
    """W x + b + s B A x, of which A and B alone learn (Hu et al. 2022, equation 3); dropout is on their x alone.

    s is alpha / r, or alpha / sqrt(r) if `rank_stabilised` (Kalajdzievski 2023).
    """

    def __init__(
        self, linear: nn.Linear, r: int, alpha: float, dropout: float = 0.0, rank_stabilised: bool = False
    ) -> None:
        super().__init__()
        W = linear.weight  # (d_out, d_in)
        self.linear = linear.requires_grad_(False)
        self.A = nn.Parameter(W.new_empty(r, W.shape[1]))
        self.B = nn.Parameter(W.new_zeros(W.shape[0], r))  # so that training begins with the model as it was
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))  # as nn.Linear's weights
        self.s = alpha / (math.sqrt(r) if rank_stabilised else r)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(..., d_in) -> (..., d_out)"""
        return self.linear(x) + self.s * (self.dropout(x) @ self.A.T @ self.B.T)

    def delta(self) -> Tensor:
        """What W has learnt: (d_out, d_in)."""
        return self.s * (self.B @ self.A)

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        """One linear map that does the same in evaluation; this module stays as it is."""
        linear = copy.deepcopy(self.linear)
        linear.weight += self.delta()
        return linear


class DoRA(LoRA):
    """m V / |V| in place of W, where V = W + s B A: its rows' lengths m learn by themselves (Liu et al. 2024, eq. 5).

    |V| counts as a constant in the backward pass (section 4.3 there), which saves memory.
    """

    def __init__(
        self, linear: nn.Linear, r: int, alpha: float, dropout: float = 0.0, rank_stabilised: bool = False
    ) -> None:
        super().__init__(linear, r, alpha, dropout, rank_stabilised)
        self.m = nn.Parameter(linear.weight.norm(dim=1))  # (d_out)

    def forward(self, x: Tensor) -> Tensor:
        """(..., d_in) -> (..., d_out)"""
        return self.linear(x) + F.linear(self.dropout(x), self.delta())

    def delta(self) -> Tensor:
        """(d_out, d_in)"""
        V = self.linear.weight + super().delta()
        return (self.m / V.norm(dim=1).detach())[:, None] * V - self.linear.weight


class Rescaled(nn.Module):
    """(IA)^3: what a linear map gives, or what it takes, times a learnt vector l (Liu et al. 2022, section 3.3)."""

    def __init__(self, linear: nn.Linear, inputs: bool = False) -> None:
        super().__init__()
        self.linear, self.inputs = linear.requires_grad_(False), inputs
        self.l = nn.Parameter(linear.weight.new_ones(linear.weight.shape[int(inputs)]))  # (d_in) or (d_out)

    def forward(self, x: Tensor) -> Tensor:
        """(..., d_in) -> (..., d_out)"""
        return self.linear(self.l * x) if self.inputs else self.l * self.linear(x)


class Adapter(nn.Module):
    """x + U gelu(D x): a bottleneck of width m that begins as the identity (Houlsby et al. 2019, section 2.1)."""

    def __init__(self, d: int, m: int) -> None:
        super().__init__()
        self.D, self.U = nn.Linear(d, m), nn.Linear(m, d)
        nn.init.zeros_(self.U.weight)
        nn.init.zeros_(self.U.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(..., d) -> (..., d)"""
        return x + self.U(F.gelu(self.D(x)))


class Prefixed(nn.Module):
    """A map to keys or values that gives m learnt vectors P behind its own (Li & Liang 2021, section 4).

    Attention knows no order, so it makes no difference that they stand behind. They begin as what the map makes of the
    m vectors `start` (m, d_in).
    """

    def __init__(self, linear: nn.Linear, start: Tensor) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.P = nn.Parameter(linear(start).detach())  # (m, d_out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, d_in) -> (B, T + m, d_out)"""
        return torch.cat([self.linear(x), self.P.expand(len(x), -1, -1)], 1)
