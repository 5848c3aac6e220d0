"""Attention, written by hand: scaled dot products and heads (Vaswani et al. 2017, section 3.2)."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pyft.errors import PyftError
from pyft.maths.symbols import check


def scaled_dot_product_attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, dropout: float = 0.0
) -> tuple[Tensor, Tensor]:
    """softmax(Q K^T / sqrt(d_k)) V and the weights; Vaswani et al. 2017, equation 1.

    `q` (..., T_q, d_k), `k` (..., T_k, d_k), `v` (..., T_k, d_v); `mask` is boolean, true where a query may look, and
    broadcasts to (..., T_q, T_k). A query that may see no key gets zeros. `dropout` zeroes weights at that rate.

    Raises:
        ShapeError: q, k, v and mask do not fit each other.
        PyftError: the mask is not boolean.
    """
    d_k = check("attention", q=q, k=k, v=v, mask=mask)["d_k"]
    scores = (q / math.sqrt(d_k)) @ k.transpose(-2, -1)  # (..., T_q, T_k); q is smaller than the scores
    weights = masked_softmax(scores, mask)
    return F.dropout(weights, dropout) @ v, weights  # (..., T_q, d_v), (..., T_q, T_k)


def masked_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """Softmax over the keys that the mask lets through, zero elsewhere: (..., T_q, T_k) -> (..., T_q, T_k).

    Raises:
        PyftError: the mask is not boolean. Libraries disagree on what a number, or a true, means in a mask.
    """
    if mask is None:
        return scores.softmax(-1)
    if mask.dtype != torch.bool:
        raise PyftError(
            f"a mask is boolean, true where a query may look; found {mask.dtype}. Ones and zeros: mask.bool()"
        )
    empty = ~mask.any(-1, keepdim=True)  # (..., T_q, 1): a query that may see no key
    closed = ~(mask | empty)
    bias = torch.zeros_like(closed, dtype=scores.dtype).masked_fill(closed, -math.inf)  # added, scores are not copied
    weights = (scores + bias).softmax(-1)
    return weights.masked_fill(empty, 0.0) if empty.any() else weights


def causal(T: int) -> Tensor:
    """The mask that lets token i look at tokens up to i: (T, T), true on and below the diagonal."""
    return torch.ones(T, T, dtype=torch.bool).tril()


def head_width(d_model: int, num_heads: int) -> int:
    """d_k = d / h. Raises `PyftError` if the width cannot be shared out evenly."""
    if d_model % num_heads:
        raise PyftError(f"d_model = {d_model} cannot be shared by {num_heads} heads: it is not a multiple")
    return d_model // num_heads


def split(x: Tensor, h: int) -> Tensor:
    """Cut the width into heads and move them in front of the tokens: (..., T, d) -> (..., h, T, d_k)."""
    return x.unflatten(-1, (h, -1)).transpose(-3, -2)


class MultiHeadAttention(nn.Module):
    """Concat(head_1, ..., head_h) W^O with head_i = Attention(Q W_i^Q, K W_i^K, V W_i^V); Vaswani et al. 2017, 3.2.2.

    The projections of all heads lie side by side in one matrix: head i has columns i * d_k to (i + 1) * d_k.
    """

    def __init__(self, d_model: int, num_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        head_width(d_model, num_heads)
        self.h, self.dropout = num_heads, dropout
        self.W_Q, self.W_K, self.W_V, self.W_O = (nn.Linear(d_model, d_model) for _ in range(4))

    def forward(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Output (B, T_q, d) and weights (B, h, T_q, T_k); `mask` broadcasts to the latter."""
        check("multi-head attention", q=q, k=k, v=v, W_Q=self.W_Q.weight)
        Q, K, V = split(self.W_Q(q), self.h), split(self.W_K(k), self.h), split(self.W_V(v), self.h)  # (B, h, T, d_k)
        heads, weights = scaled_dot_product_attention(Q, K, V, mask, self.dropout if self.training else 0.0)
        return self.W_O(heads.transpose(1, 2).flatten(2)), weights  # (B, T_q, d), (B, h, T_q, T_k)
