"""What the proofs of both losses share: logits, labels, values with gradients, finite differences."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from pyft.evidence.proofs import Case
from pyft.mutation import precision

TOL = {torch.float64: 1e-10, torch.float32: 1e-4}


def logits(seed: int, shape: tuple[int, ...], dtype: torch.dtype = torch.float64, scale: float = 3.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)


def value_and_gradient(loss: Callable[..., Tensor], z: Tensor, *arguments: Any, **settings: Any) -> tuple[Any, Any]:
    z = z.clone().requires_grad_()
    value = loss(z, *arguments, **settings)
    # any weights do, so long as they differ: a gradient that is wrong in one place only must not cancel
    weights = torch.linspace(1, 2, value.numel(), dtype=value.dtype).view(value.shape)
    return value, torch.autograd.grad((weights * value).sum(), z)[0]


def case_name(shape: tuple[int, ...], dtype: torch.dtype, reduction: str, **switched: Any) -> str:
    """What a case is, in a line: `(8, 5), float64, mean, ignored`."""
    return ", ".join([str(shape), precision(dtype), reduction, *(name for name, on in switched.items() if on)])


def both(what: str, ours: Any, reference: Any, tol: float) -> Iterator[Case]:
    for part, a, b in zip(("value", "gradient"), ours, reference, strict=True):
        yield f"{what}, {part}", a, b, tol


def differences(f: Callable[[Tensor], Tensor], x: Tensor, h: float = 1e-5) -> Tensor:
    """The gradient of f at x by central differences, one coordinate at a time; shaped as x."""
    steps = h * torch.eye(x.numel(), dtype=x.dtype).view(-1, *x.shape)  # (n, ...)
    return torch.stack([(f(x + step) - f(x - step)) / (2 * h) for step in steps]).view(x.shape)
