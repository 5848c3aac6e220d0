"""What the proofs of both optimisers share: parameters, gradients by step, and the paths that they lead to."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import torch
from torch import Tensor

from pyft.evidence.proofs import Case
from pyft.mutation import precision

TOL = {torch.float64: 1e-10, torch.float32: 1e-4}
STEPS = 200
Settings = dict[str, Any]
Gradients = Callable[[int, Tensor], Tensor | None]


def start_values(dtype: torch.dtype, seed: int = 0) -> list[Tensor]:
    """Parameters of several shapes, with values about 1."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(6,), (3, 4), ()]
    return [torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype) for shape in shapes]


def bowl(seed: int = 0) -> Gradients:
    """The gradient of a bowl, steeper in some directions than in others, with noise that depends on the step alone."""
    generator = torch.Generator().manual_seed(seed)
    noise = 0.3 * torch.randn(STEPS, 12, generator=generator, dtype=torch.float64)  # (steps, largest parameter)
    steep = torch.logspace(-2, 0, 12, dtype=torch.float64)

    def gradient(t: int, theta: Tensor) -> Tensor:
        n = theta.numel()
        return (steep[:n].view(theta.shape) * (theta - 0.5 + noise[t, :n].view(theta.shape))).to(theta.dtype)

    return gradient


def zero_gradient(t: int, theta: Tensor) -> Tensor:
    return torch.zeros_like(theta)


def missing_gradient(t: int, theta: Tensor) -> Tensor | None:
    """No gradient in two steps of three, for some shapes only: their means and their t fall behind."""
    return None if theta.ndim == 2 and t % 3 else theta - 0.5 + 0.3 * (-1) ** t


def trajectory(
    make: Callable[..., Any], settings: Settings, dtype: torch.dtype, gradients: Gradients, grouped: bool, steps: int
) -> Tensor:
    """All parameters after every step, side by side, (steps, n)."""
    parameters = [torch.nn.Parameter(theta) for theta in start_values(dtype)]
    groups = [{"params": parameters[:1], "lr": 0.02, "weight_decay": 0.3}, {"params": parameters[1:]}]
    optimiser = make(groups if grouped else parameters, **settings)
    return torch.stack([take_step(optimiser, parameters, t, gradients) for t in range(steps)])


def take_step(optimiser: Any, parameters: list[Any], t: int, gradients: Gradients) -> Tensor:
    for theta in parameters:
        theta.grad = gradients(t, theta.detach())
    optimiser.step()
    return torch.cat([theta.detach().flatten() for theta in parameters])


def against_library(ours: Any, reference: Any, cases: dict[str, Settings]) -> Iterator[Case]:
    """Each setting on the bowl; then, with the last setting, what must hold whatever the setting."""
    for (what, settings), dtype in product(cases.items(), TOL):
        a, b = (trajectory(make, settings, dtype, bowl(), False, STEPS) for make in (ours, reference))
        yield f"{what}, {precision(dtype)}, first step", a[0], b[0], TOL[dtype]
        yield f"{what}, {precision(dtype)}, {STEPS} steps", a, b, TOL[dtype]
    settings = list(cases.values())[-1]
    for what, gradients, grouped in [
        ("gradients of zero", zero_gradient, False),
        ("missing gradients", missing_gradient, False),
        ("parameter groups", bowl(1), True),
    ]:
        a, b = (trajectory(make, settings, torch.float64, gradients, grouped, STEPS) for make in (ours, reference))
        yield what, a, b, TOL[torch.float64]
