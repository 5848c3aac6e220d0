"""Frozen matrices in blocks of four bits, by hand: levels, codes, scales, and a linear map that computes with them.

A matrix is cut, row by row, into blocks of numbers that share a scale. Of each number a code is kept: which of sixteen
levels, times the scale, is nearest. Dettmers et al. 2023, arXiv 2305.14314, sections 2 and 3.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BLOCK = 64  # numbers of a block


def normal_levels(bits: int = 4) -> Tensor:
    """NF4: levels that normal numbers use about equally often, from -1 to 1, in rising order: (2^bits), float64.

    Quantiles of the normal distribution, one more above zero than below, zero itself, over the largest. The outermost
    stands for the half of a level's share: between 1/32 and 1/30 for four bits, as above zero there are eight levels
    and below it seven (as Yoshida 2023 works out, arXiv 2306.06965). For other numbers of bits the rule is ours.
    """
    n = 2 ** (bits - 1)
    delta = (1 / (4 * n) + 1 / (4 * n - 2)) / 2
    above, below = (
        torch.special.ndtri(torch.linspace(1 - delta, 0.5, k + 1, dtype=torch.float64)[:-1]) for k in (n, n - 1)
    )
    levels = torch.cat([-below, torch.zeros(1, dtype=torch.float64), above.flip(0)])
    return levels / levels.max()


def uniform_levels(bits: int = 4) -> Tensor:
    """Levels at equal distances, from -1 to just below 1: -8/8, ..., 7/8 for four bits; (2^bits), float64."""
    n = 2 ** (bits - 1)
    return torch.arange(-n, n, dtype=torch.float64) / n


def quantise(x: Tensor, levels: Tensor, block: int = BLOCK) -> tuple[Tensor, Tensor]:
    """Codes (N / block, block) and scales (N / block) of N numbers, in their order; a tie takes the lower level.

    The scale is the largest absolute value. Where the levels end below 1, it has the sign with which the number of
    that size meets the level -1.

    Raises:
        ValueError: N is no multiple of `block`.
    """
    if x.numel() % block:
        raise ValueError(f"{x.numel():,} numbers make no whole blocks of {block}: choose a block that divides them.")
    blocks = x.reshape(-1, block)
    extreme = blocks.gather(1, blocks.abs().argmax(1, keepdim=True))[:, 0]
    scale = extreme.abs() if levels[-1] == 1 else -extreme
    shares = blocks / torch.where(scale == 0, 1, scale)[:, None]  # from -1 to 1
    between = ((levels[1:] + levels[:-1]) / 2).to(x.dtype)
    return torch.bucketize(shares, between), scale


def dequantise(codes: Tensor, scale: Tensor, levels: Tensor) -> Tensor:
    """The numbers that are kept: (N / block, block)."""
    return scale[:, None] * levels.to(scale.dtype)[codes.long()]


def pack(codes: Tensor) -> Tensor:
    """Two codes a byte, the first in its high half: (..., n) -> (..., n / 2) of uint8."""
    return (codes[..., ::2] << 4 | codes[..., 1::2]).to(torch.uint8)


def unpack(packed: Tensor) -> Tensor:
    """The codes: (..., n / 2) -> (..., n)."""
    return torch.stack([packed >> 4, packed & 15], -1).flatten(-2)


class FourBit(nn.Module):
    """A frozen linear map whose matrix is kept in blocks of four bits; its bias stays as it is."""

    packed: Tensor  # (N / block, block / 2), two codes a byte
    scale: Tensor  # (N / block)
    levels: Tensor  # (2^bits)

    def __init__(self, linear: nn.Linear, levels: Tensor, block: int = BLOCK) -> None:
        super().__init__()
        W = linear.weight.detach()  # (d_out, d_in)
        codes, scale = quantise(W, levels, block)
        self.shape = W.shape
        self.register_buffer("packed", pack(codes))
        self.register_buffer("scale", scale)
        self.register_buffer("levels", levels.to(W.dtype))
        self.bias = linear.bias if linear.bias is None else nn.Parameter(linear.bias.detach(), requires_grad=False)

    @property
    def weight(self) -> Tensor:
        """The matrix that is computed with, made anew each time: (d_out, d_in)."""
        return dequantise(unpack(self.packed), self.scale, self.levels).view(self.shape)

    def forward(self, x: Tensor) -> Tensor:
        """(..., d_in) -> (..., d_out)"""
        return ThroughFrozen.apply(x, self)  # type: ignore[no-untyped-call]


class ThroughFrozen(torch.autograd.Function):
    """W x + b, of which nothing is kept for the backward pass: there W is made of its codes a second time."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, of: FourBit) -> Tensor:
        ctx.of = of
        return F.linear(x, of.weight, of.bias)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None]:
        return g @ ctx.of.weight.to(g.dtype), None


def freeze_in_four_bits(root: nn.Module, levels: Tensor, block: int = BLOCK) -> None:
    """Put a `FourBit` in the place of each linear map below `root` that does not learn, in place."""
    for parent in list(root.modules()):
        for name, part in list(parent.named_children()):
            if isinstance(part, nn.Linear) and not part.weight.requires_grad:
                setattr(parent, name, FourBit(part, levels, block))


@torch.no_grad()
def thaw(root: nn.Module) -> None:
    """Put back linear maps that hold what the blocks hold, so that a LoRA can be merged into them; in place."""
    for parent in list(root.modules()):
        for name, part in list(parent.named_children()):
            if isinstance(part, FourBit):
                d_out, d_in = part.shape
                linear = nn.utils.skip_init(nn.Linear, d_in, d_out, part.bias is not None, dtype=part.scale.dtype)
                linear.weight.copy_(part.weight)
                if part.bias is not None:
                    linear.bias.copy_(part.bias)
                setattr(parent, name, linear.requires_grad_(False))
