"""Losses, written by hand: cross-entropy from logits, and squared error."""

import torch
from torch import Tensor

from pyft.errors import PyftError, unknown
from pyft.maths.symbols import ShapeError, check


def log_softmax(z: Tensor) -> Tensor:
    """Logarithms of the probabilities over the last dimension, z_k - log sum_j exp(z_j); shape as `z`.

    Every shift c gives the same, since exp(z - c) has the factor exp(-c) above and below the line.
    The largest logit as c keeps every exponential at 1 or below: none overflows, and their sum is at least 1.
    """
    c = z.amax(-1, keepdim=True).detach()
    return z - c - (z - c).exp().sum(-1, keepdim=True).log()


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Cross-entropy of logits, in nats; arguments and meaning as in `torch.nn.functional.cross_entropy`.

    Logits are (K), (B, K) or (B, K, ...). Targets are labels of the same shape without K, or probabilities of the
    same shape. The mean over labels divides by the weights of the labels; the mean over probabilities by their number.
    Smoothing as in Szegedy et al. 2016 (arXiv 1512.00567, section 7): the share goes to all K classes, the right one
    among them.

    Raises:
        ShapeError: shapes that do not fit each other.
        PyftError: a label out of range, or a mean over nothing (where torch returns nan).
    """
    z, y, w = _fitted(input, target, weight, ignore_index, label_smoothing)
    K, log_p = z.size(-1), w * log_softmax(z)  # (..., K)
    if y.is_floating_point():  # probabilities
        loss = -(y * log_p).sum(-1)  # (...)
        kept, share = torch.ones_like(loss, dtype=torch.bool), torch.ones_like(loss)
    else:
        kept = y != ignore_index  # (...)
        y = y.where(kept, 0)
        loss = -log_p.gather(-1, y.unsqueeze(-1)).squeeze(-1)  # (...)
        share = w[y] * kept
    if label_smoothing:
        loss = (1 - label_smoothing) * loss - label_smoothing / K * log_p.sum(-1)
    return _reduced(loss.masked_fill(~kept, 0), share, reduction)


def mse(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Squared error; arguments and meaning as in `torch.nn.functional.mse_loss`, but shapes must be equal.

    Raises:
        ShapeError: shapes differ. (torch warns and broadcasts: (B, 1) against (B) compares all with all.)
        PyftError: a mean over nothing (where torch returns nan).
    """
    if input.shape != target.shape:
        raise ShapeError(
            f"target has shape {tuple(target.shape)}, expected that of the input, {tuple(input.shape)}: "
            "squared error compares number with number"
        )
    loss = (input - target).square()
    return _reduced(loss, torch.ones_like(loss), reduction)


def _reduced(loss: Tensor, share: Tensor, reduction: str) -> Tensor:
    """All losses, their sum, or their sum divided by the sum of the shares, both (...)."""
    if reduction not in ("none", "mean", "sum"):
        raise unknown("reduction", reduction, ["none", "mean", "sum"])
    if reduction == "none":
        return loss
    if reduction == "sum":
        return loss.sum()
    if not share.sum():
        raise PyftError(
            f"a mean over nothing: of {loss.numel()} positions none counts (all ignored, or of weight 0). "
            'Leave the batch out, or take reduction="sum", which is 0.'
        )
    return loss.sum() / share.sum()


def _fitted(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, label_smoothing: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Logits (..., K), targets (...) or (..., K), and weights (K): checked, the classes last."""
    last = min(1, input.dim() - 1)  # where the classes stand: after the batch, if there is one
    z = input.movedim(last, -1)  # (..., K)
    w = torch.ones(z.size(-1), dtype=z.dtype, device=z.device) if weight is None else weight
    K = check("cross-entropy", z=z, weight=w)["K"]
    if not 0 <= label_smoothing <= 1:
        raise PyftError(f"label_smoothing is {label_smoothing}, expected a share from 0 to 1")
    soft = target.is_floating_point()
    expected = input.shape if soft else z.shape[:-1]
    if target.shape != expected:
        kind = "probabilities have the shape of the logits" if soft else "labels have that shape without the classes"
        raise ShapeError(
            f"target has shape {tuple(target.shape)}, expected {tuple(expected)} "
            f"for logits of shape {tuple(input.shape)}: {kind}"
        )
    if soft:
        if ignore_index >= 0:
            raise PyftError(f"ignore_index {ignore_index} marks labels; these targets are probabilities and have none")
        return z, target.movedim(last, -1), w
    if target.dtype != torch.int64:
        raise PyftError(f"labels have dtype {target.dtype}, expected torch.int64: write target.long()")
    wrong = ((target < 0) | (target >= K)) & (target != ignore_index)
    if wrong.any():
        where = tuple(wrong.nonzero()[0].tolist())
        raise PyftError(
            f"label {target[where].item()} at position {where}: expected 0 to {K - 1}, or {ignore_index} to ignore it"
        )
    return z, target, w
