"""The exercises of Part 3: solutions by hand, and the mistakes that people make, each with its hint."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from pyft.exercise import Exercise

PART_3: dict[str, Exercise] = {}


def _normal(*shape: int, seed: int = 0) -> Tensor:
    """Normal numbers that leave torch's own generator alone."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# --- 3.1 choosing a model ---------------------------------------------------------------------------------------------


def xlnet_pair(a: list[int], b: list[int], sep: int, cls: int, pad: int, T: int) -> tuple[Tensor, Tensor]:
    ids = [*a, sep, *b, sep, cls]
    segments = [0] * (len(a) + 1) + [1] * (len(b) + 1) + [2]
    padding = T - len(ids)
    return torch.tensor([pad] * padding + ids), torch.tensor([3] * padding + segments)


def _pair(left: bool, first: bool, own: int, filling: int = 3) -> Callable[..., Any]:
    """A row as `xlnet_pair` makes it, with one convention of another family."""

    def row(a: list[int], b: list[int], sep: int, cls: int, pad: int, T: int) -> tuple[Tensor, Tensor]:
        body, kinds = [*a, sep, *b, sep], [0] * (len(a) + 1) + [1] * (len(b) + 1)
        ids, segments = ([cls, *body], [own, *kinds]) if first else ([*body, cls], [*kinds, own])
        padding, others = [pad] * (T - len(ids)), [filling] * (T - len(ids))
        ids, segments = (padding + ids, others + segments) if left else (ids + padding, segments + others)
        return torch.tensor(ids), torch.tensor(segments)

    return row


PART_3["3.1-a"] = Exercise(
    solution=xlnet_pair,
    cases=[([7, 8], [9], 3, 2, 0, 8), ([5], [6, 7, 8], 4, 1, 9, 10)],
    mistakes=[
        (
            _pair(left=True, first=True, own=0),
            "The class token comes first, as in BERT. In XLNet it comes last, where the whole text is behind it.",
        ),
        (
            _pair(left=False, first=False, own=2),
            "Padding is on the right: the last place of the row is then padding, and that is what XLNet's head reads.",
        ),
        (
            _pair(left=True, first=False, own=1),
            "The class token belongs to the second segment here. XLNet gives it one of its own, number two.",
        ),
        (
            _pair(left=True, first=False, own=2, filling=0),
            "Padding is in the first segment. XLNet gives it a segment of its own, number three.",
        ),
    ],
)


def roberta_positions(ids: Tensor, pad: int) -> Tensor:
    real = (ids != pad).long()  # (B, T)
    return real.cumsum(1) * real + pad


PART_3["3.1-b"] = Exercise(
    solution=roberta_positions,
    cases=[(torch.tensor([[5, 6, 7, 1, 1], [1, 1, 8, 9, 9]]), 1), (torch.tensor([[0, 0, 4], [3, 4, 0]]), 0)],
    mistakes=[
        (
            lambda ids, pad: torch.arange(ids.size(1)).expand_as(ids),
            "These are BERT's positions, counted from the start of the row: padding on the left would move the text.",
        ),
        (
            lambda ids, pad: torch.arange(ids.size(1)).expand_as(ids) + pad + 1,
            "The offset is right, but padding is counted too. Count real tokens only; padding has position `pad`.",
        ),
        (
            lambda ids, pad: (ids != pad).long().cumsum(1) * (ids != pad).long(),
            "The count is right, but positions start behind the number of the padding token: add `pad`.",
        ),
        (
            lambda ids, pad: (ids != pad).long().cumsum(1) + pad,
            "Padding behind a text takes the position of its last token. It must have position `pad`.",
        ),
    ],
)


def tokens_to_read(targets: int, share: float, epochs: int) -> float:
    return targets / share / epochs


PART_3["3.1-c"] = Exercise(
    solution=tokens_to_read,
    cases=[(1500, 0.15, 1), (1200, 1 / 6, 4), (700, 1.0, 2)],
    mistakes=[
        (
            lambda targets, share, epochs: targets / share,
            "You forget that the text is read several times: each epoch gives targets again.",
        ),
        (
            lambda targets, share, epochs: targets * share / epochs,
            "A smaller share of targets needs more tokens, not fewer: divide by the share.",
        ),
        (
            lambda targets, share, epochs: targets / share * epochs,
            "More epochs need less text for the same number of targets: divide by them.",
        ),
    ],
)


# --- 3.1.4 transplant -------------------------------------------------------------------------------------------------


def constant(W_V: Tensor, b_V: Tensor, W_O: Tensor, b_O: Tensor) -> Tensor:
    return W_O @ b_V + b_O  # (d)


_PROJECTIONS = [(_normal(4, 4), _normal(4, seed=1), _normal(4, 4, seed=2), _normal(4, seed=3))]

PART_3["3.1.4-a"] = Exercise(
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


PART_3["3.1.4-b"] = Exercise(
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


PART_3["3.1.4-c"] = Exercise(
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
