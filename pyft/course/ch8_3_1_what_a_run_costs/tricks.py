"""Three ways to fit a training into less memory, by hand: layers computed again, batches in parts, half precision."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

# --- layers computed again: Chen et al. 2016 --------------------------------------------------------------------------


class Recomputed(torch.autograd.Function):
    """f(x), of which x alone is kept: the backward pass computes f again, with the same random numbers."""

    @staticmethod
    def forward(ctx: Any, f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """f(x); within, autograd keeps nothing."""
        ctx.f, ctx.random = f, torch.get_rng_state()
        ctx.save_for_backward(x)
        return f(x)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[None, Tensor]:
        """The gradient of x; those of the parameters in f are added to their own."""
        x = ctx.saved_tensors[0].detach().requires_grad_()
        now = torch.get_rng_state()
        torch.set_rng_state(ctx.random)  # dropout must drop what it dropped
        with torch.enable_grad():
            y = ctx.f(x)
        torch.set_rng_state(now)
        y.backward(g)
        return None, x.grad


@contextmanager
def recomputed(layers: Iterable[nn.Module]) -> Iterator[None]:
    """Within, each of these layers keeps its input alone; their first argument must ask for a gradient."""
    layers = list(layers)
    for layer in layers:
        layer.forward = partial(_recompute, layer.forward)
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward


def _recompute(forward: Callable[..., Tensor], x: Tensor, *rest: Any, **options: Any) -> Tensor:
    return Recomputed.apply(lambda h: forward(h, *rest, **options), x)  # type: ignore[no-untyped-call]


# --- a batch in parts -------------------------------------------------------------------------------------------------


def accumulate(loss: Callable[[Any], Tensor], parts: Sequence[Any], targets: Sequence[int]) -> float:
    """Add up the gradients of a batch from its parts, one after the other, and return the batch's loss.

    `loss` of a part is a mean over its targets, of which `targets` says how many there are: each part weighs as many.
    """
    whole, found = sum(targets), 0.0
    for part, n in zip(parts, targets, strict=True):
        share = loss(part) * (n / whole)
        share.backward()
        found += share.item()
    return found


# --- half precision: Micikevicius et al. 2018 -------------------------------------------------------------------------


def scaled_backward(loss: Tensor, parameters: Iterable[nn.Parameter], scale: float) -> None:
    """Gradients of the loss, on whose way back every number is `scale` times as large, and none is lost as too small.

    A power of two changes no digit of a number that neither overflows nor underflows.
    """
    (loss * scale).backward()
    for p in parameters:
        if p.grad is not None:
            p.grad /= scale
