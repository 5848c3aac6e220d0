"""Matrix products in bfloat16, on any processor: numbers rounded, sums in float32, as hardware for it computes them.

A processor without instructions for bfloat16 takes thirty times as long for the real thing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

PRODUCTS = ("linear", "scaled_dot_product_attention")  # of torch.nn.functional: all that a BERT's layers multiply


class ToBfloat16(torch.autograd.Function):
    """Keep eight significant bits of each number, on the way forward and of its gradient on the way back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.bfloat16().to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *g: Tensor) -> Tensor:
        return g[0].bfloat16().to(g[0].dtype)


def rounded(product: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The same product of float32 numbers, with each factor and the result, and their gradients, in bfloat16."""

    def keep(x: Any) -> Any:
        return ToBfloat16.apply(x) if isinstance(x, Tensor) and x.is_floating_point() else x  # type: ignore[no-untyped-call]

    def of(*factors: Any, **named: Any) -> Tensor:
        return keep(product(*map(keep, factors), **{name: keep(x) for name, x in named.items()}))

    return of


@contextmanager
def bfloat16_products() -> Iterator[None]:
    """Within it every linear layer and every attention of torch takes its products so."""
    whole = {name: getattr(F, name) for name in PRODUCTS}
    try:
        for name, product in whole.items():
            setattr(F, name, rounded(product))
        yield
    finally:
        for name, product in whole.items():
            setattr(F, name, product)
