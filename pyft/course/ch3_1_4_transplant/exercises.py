"""The exercises of section 3.1.4: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def _normal(*shape: int, seed: int = 0) -> Tensor:
    """Normal numbers that leave torch's own generator alone."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def constant(W_V: Tensor, b_V: Tensor, W_O: Tensor, b_O: Tensor) -> Tensor:
    return W_O @ b_V + b_O  # (d)


_PROJECTIONS = [(_normal(4, 4), _normal(4, seed=1), _normal(4, 4, seed=2), _normal(4, seed=3))]
EXERCISES["3.1.4-a"] = Exercise(
    solution=constant,
    cases=_PROJECTIONS,
    mistakes=[
        (
            lambda W_V, b_V, W_O, b_O: b_V + b_O,
            "The values' bias goes through the output projection, too, on its way out.",
        ),
        (lambda W_V, b_V, W_O, b_O: W_O @ b_V, "And the bias of the output projection itself?"),
        (
            lambda W_V, b_V, W_O, b_O: W_V @ b_V + b_O,
            "b_V is added after W_V; it is W_O that it still has to pass.",
        ),
        (
            lambda W_V, b_V, W_O, b_O: b_V @ W_O + b_O,
            "Here a projection multiplies from the left, W x; you have its transpose.",
        ),
    ],
)


def displacement(W_V: Tensor, W_O: Tensor, c: Tensor, damping: float) -> Tensor:
    I = torch.eye(len(c), dtype=c.dtype)  # noqa: E741 - the formula's letter
    A = I + W_O @ W_V  # (d, d)
    return torch.linalg.solve(A.T @ A + damping * I, A.T @ c)


def _solve(A: Tensor, c: Tensor, damping: float) -> Tensor:
    return torch.linalg.solve(A.T @ A + damping * torch.eye(len(c), dtype=c.dtype), A.T @ c)


EXERCISES["3.1.4-b"] = Exercise(
    solution=displacement,
    cases=[(_normal(4, 4), _normal(4, 4, seed=2), _normal(4, seed=4), damping) for damping in (0.0, 0.5)],
    mistakes=[
        (
            lambda W_V, W_O, c, damping: _solve(torch.eye(4, dtype=c.dtype) + W_O @ W_V, c, 0.0),
            "Exact, but not damped: add damping to the diagonal of A^T A.",
        ),
        (
            lambda W_V, W_O, c, damping: _solve(W_O @ W_V, c, damping + 1e-9),
            "The residual adds δ itself to the sum as well: A is I + W_O W_V.",
        ),
        (
            lambda W_V, W_O, c, damping: _solve(torch.eye(4, dtype=c.dtype) + W_V @ W_O, c, damping),
            "Values are projected first and outputs second: W_O W_V.",
        ),
        (
            lambda W_V, W_O, c, damping: _solve(torch.eye(4, dtype=c.dtype) + W_O @ W_V, c, damping**2),
            "The penalty is damping times |δ|², and its gradient has damping once: do not square it.",
        ),
    ],
    tol=1e-5,
)


def mean_by_offset(scores: Tensor, reach: int) -> Tensor:
    return torch.stack([torch.diagonal(scores, offset=-o).mean() for o in range(-reach, reach + 1)])


EXERCISES["3.1.4-c"] = Exercise(
    solution=mean_by_offset,
    cases=[(_normal(6, 6), 3), (_normal(5, 5, seed=5), 2)],
    mistakes=[
        (
            lambda scores, reach: torch.stack(
                [torch.diagonal(scores, offset=o).mean() for o in range(-reach, reach + 1)]
            ),
            "The sign is turned: the offset is i - j, query less key, and diagonal(offset=k) holds j - i = k.",
        ),
        (
            lambda scores, reach: torch.stack(
                [torch.diagonal(scores, offset=-o).sum() for o in range(-reach, reach + 1)]
            ),
            "These are sums. Far offsets have fewer pairs: take the mean.",
        ),
        (
            lambda scores, reach: torch.stack(
                [torch.diagonal(scores, offset=-o).sum() / len(scores) for o in range(-reach, reach + 1)]
            ),
            "You divide by T. There are only T - |o| pairs at offset o.",
        ),
    ],
)
