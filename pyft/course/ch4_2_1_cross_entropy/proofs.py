"""The proofs of section 4.2.1: ours against the library's, case by case."""

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from pyft.course.part4.loss_cases import TOL, both, case_name, differences, logits, value_and_gradient
from pyft.evidence.proofs import Case
from pyft.mutation import Maths, precision

SHAPES = [(8, 5), (1, 2), (6, 1), (7,), (3, 4, 5), (2, 3, 2, 4)]  # logits; the classes come second, or alone


def _labels(seed: int, shape: tuple[int, ...], ignored: bool = False) -> tuple[Tensor, int]:
    """Labels for logits of a shape, the first and (if asked) every third ignored where there are several; and K."""
    K, rest = (shape[0], ()) if len(shape) == 1 else (shape[1], (shape[0], *shape[2:]))
    y = torch.randint(K, rest, generator=torch.Generator().manual_seed(seed + 1))
    if ignored and y.numel() > 1:
        y.view(-1)[::3] = -100
    return y, K


def cross_entropy(m: Maths) -> Iterator[Case]:
    """Labels: every shape, reduction, weight, smoothing; ignored positions; float64 and float32."""
    settings = product(("mean", "sum", "none"), (False, True), (False, True), (0.0, 0.1))
    for reduction, ignored, weighted, smoothing in settings:
        for seed, (shape, dtype) in enumerate(product(SHAPES, TOL)):
            z, (y, K) = logits(seed, shape, dtype), _labels(seed, shape, ignored)
            weight = torch.linspace(0.5, 2, K, dtype=dtype) if weighted else None
            options: dict[str, Any] = {"weight": weight, "reduction": reduction, "label_smoothing": smoothing}
            what = case_name(shape, dtype, reduction, ignored=ignored, weighted=weighted, smoothed=smoothing)
            ours = value_and_gradient(m.losses.cross_entropy, z, y, **options)
            yield from both(what, ours, value_and_gradient(F.cross_entropy, z, y, **options), TOL[dtype])


def soft_targets(m: Maths) -> Iterator[Case]:
    """Probabilities as targets: every shape, reduction, weight, smoothing."""
    for reduction, weighted, smoothing in product(("mean", "sum", "none"), (False, True), (0.0, 0.3)):
        for seed, (shape, dtype) in enumerate(product(SHAPES, TOL)):
            z, q = (logits(seed + s, shape, dtype) for s in (0, 100))
            K = shape[min(1, len(shape) - 1)]
            weight = torch.linspace(0.5, 2, K, dtype=dtype) if weighted else None
            q = q.softmax(min(1, len(shape) - 1))
            options: dict[str, Any] = {"weight": weight, "reduction": reduction, "label_smoothing": smoothing}
            what = case_name(shape, dtype, reduction, weighted=weighted, smoothed=smoothing)
            ours = value_and_gradient(m.losses.cross_entropy, z, q, **options)
            yield from both(what, ours, value_and_gradient(F.cross_entropy, z, q, **options), TOL[dtype])


def derived_gradient(m: Maths) -> Iterator[Case]:
    """The gradient of the mean is (softmax(z) - onehot(y)) / N, and what finite differences find."""
    for seed in range(3):
        z, (y, K) = logits(seed, (4, 5)), _labels(seed, (4, 5))
        _, gradient = value_and_gradient(m.losses.cross_entropy, z, y)
        p = z.exp() / z.exp().sum(-1, keepdim=True)  # (N, K); these logits are small, so nothing overflows
        yield f"derived gradient, seed {seed}", gradient, (p - torch.eye(K)[y]) / len(y), 1e-10
        # central differences err by h^2 and by rounding / h: about 1e-10 at h = 1e-5
        measured = differences(partial(m.losses.cross_entropy, target=y), z)
        yield f"finite differences, seed {seed}", gradient, measured, 1e-8


def stable(m: Maths) -> Iterator[Case]:
    """Logits far beyond where exp overflows (88 in float32, 709 in float64): finite, and torch's."""
    for dtype, size in product(TOL, (1e2, 1e4)):
        z, y = logits(0, (8, 5), dtype, size), _labels(0, (8, 5))[0]
        value, gradient = value_and_gradient(m.losses.cross_entropy, z, y)
        expected, derived = value_and_gradient(F.cross_entropy, z, y)
        yield f"size {size:g}, {precision(dtype)}, value", value / size, expected / size, TOL[dtype]
        yield f"size {size:g}, {precision(dtype)}, gradient", gradient, derived, TOL[dtype]
    masked = torch.tensor([[0.0, 1.0, float("-inf")]])  # a class that is ruled out
    yield "a logit of minus infinity", *_pair(m, masked, torch.tensor([1])), 1e-6


def _pair(m: Maths, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return m.losses.cross_entropy(z, y), F.cross_entropy(z, y)
