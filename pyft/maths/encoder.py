"""Encoders, written by hand: BERT (Devlin et al. 2019), RoBERTa (Liu et al. 2019), XLNet (Yang et al. 2019).

A layer is attention and a feed-forward network, each followed by dropout, the residual sum and LayerNorm.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pyft.errors import PyftError
from pyft.maths.attention import MultiHeadAttention, head_width, masked_softmax, split
from pyft.maths.symbols import check


class LayerNorm(nn.Module):
    """(x - mu) / sqrt(var + eps) * gamma + beta over the last dimension; Ba et al. 2016, section 3.

    The variance is divided by d, and epsilon stands inside the root.
    """

    def __init__(self, d: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.gamma, self.beta, self.eps = nn.Parameter(torch.ones(d)), nn.Parameter(torch.zeros(d)), eps

    def forward(self, x: Tensor) -> Tensor:
        """(..., d) -> (..., d)."""
        check("feed-forward", gamma=self.gamma, x=x)
        c = x - x.mean(-1, keepdim=True)  # (..., d)
        var = c.square().mean(-1, keepdim=True)  # (..., 1)
        return torch.addcmul(self.beta, c * torch.rsqrt(var + self.eps), self.gamma)  # beta + ... * gamma, in one pass


def relu(x: Tensor) -> Tensor:
    """max(0, x): what Vaswani et al. 2017 (section 3.3) have."""
    return x.clamp(min=0)


def gelu(x: Tensor) -> Tensor:
    """x Phi(x), Phi the distribution function of the standard normal: what BERT has; Hendrycks & Gimpel 2016."""
    return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))


class FeedForward(nn.Module):
    """FFN(x) = f(x W_1 + b_1) W_2 + b_2, at each position for itself; Vaswani et al. 2017, section 3.3.

    `F.gelu` is the formula of `gelu` in one kernel: the same values without five passes over memory.
    """

    def __init__(
        self, d_model: int, d_ff: int, activation: Callable[[Tensor], Tensor] = F.gelu, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)
        self.activation, self.dropout = activation, nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(..., d) -> (..., d)."""
        check("feed-forward", W_1=self.W_1.weight, x=x)
        return self.W_2(self.dropout(self.activation(self.W_1(x))))


class EncoderLayer(nn.Module):
    """Attention and feed-forward, each in a residual block with the norm after the sum (post-LN), as in the paper."""

    def __init__(self, d_model: int, num_heads: int, d_ff: int, eps: float = 1e-12, dropout: float = 0.1) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(d_model, num_heads, dropout)
        self.feed_forward = FeedForward(d_model, d_ff)
        self.norm_1, self.norm_2 = LayerNorm(d_model, eps), LayerNorm(d_model, eps)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, T, d) -> (B, T, d); `mask` broadcasts to (B, h, T, T)."""
        x = self.norm_1(x + self.dropout(self.attention(x, x, x, mask)[0]))
        return self.norm_2(x + self.dropout(self.feed_forward(x)))


class PreNormLayer(EncoderLayer):
    """The same with the norm before each sublayer (pre-LN): no norm on the residual path; Xiong et al. 2020."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, T, d) -> (B, T, d); `mask` broadcasts to (B, h, T, T)."""
        y = self.norm_1(x)
        x = x + self.dropout(self.attention(y, y, y, mask)[0])
        return x + self.dropout(self.feed_forward(self.norm_2(x)))


class BertEncoder(nn.Module):
    """Sum of word, position and segment embeddings, normalised, then the layers; Devlin et al. 2019, section 3."""

    def __init__(
        self,
        vocab_size: int,
        d_model: int,
        num_heads: int,
        d_ff: int,
        num_layers: int,
        *,
        max_length: int = 512,
        num_segments: int = 2,
        eps: float = 1e-12,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.word = nn.Embedding(vocab_size, d_model)
        self.position = nn.Embedding(max_length, d_model)
        self.segment = nn.Embedding(num_segments, d_model)
        self.norm, self.dropout = LayerNorm(d_model, eps), nn.Dropout(dropout)
        self.layers = nn.ModuleList(EncoderLayer(d_model, num_heads, d_ff, eps, dropout) for _ in range(num_layers))

    def forward(self, ids: Tensor, mask: Tensor | None = None, segments: Tensor | None = None) -> Tensor:
        """Token ids (B, T) -> hidden states (B, T, d); `mask` (B, T) is true on real tokens, `segments` (B, T)."""
        mask, segments = _inputs(ids, mask, segments)
        at, max_length = self.positions(ids), self.position.num_embeddings
        if (at >= max_length).any():
            raise PyftError(f"a text of {ids.size(1)} tokens needs position {at.max()}, max_length is {max_length}")
        x = self.word(ids) + self.position(at) + self.segment(segments)  # (B, T, d)
        x = self.dropout(self.norm(x))
        for layer in self.layers:
            x = layer(x, mask[:, None, None, :])  # keys that are padding are seen by no query
        return x

    def positions(self, ids: Tensor) -> Tensor:
        """0, 1, 2, ... wherever the text lies: (B, T) -> (T)."""
        return torch.arange(ids.size(1), device=ids.device)


class RobertaEncoder(BertEncoder):
    """BERT with two changes: positions are counted over real tokens, from the padding id + 1, and one segment.

    Liu et al. 2019 changed the training, not the model; the offset is fairseq's. Its table of positions has two rows
    more than the texts have tokens. Left padding moves no position. `size` is that of `BertEncoder`, in its order.
    """

    def __init__(
        self, *size: int, pad_id: int = 1, max_length: int = 514, eps: float = 1e-5, dropout: float = 0.1
    ) -> None:
        super().__init__(*size, max_length=max_length, num_segments=1, eps=eps, dropout=dropout)
        self.pad_id = pad_id

    def positions(self, ids: Tensor) -> Tensor:
        """Padding has the padding id, real tokens count from one more: (B, T) -> (B, T)."""
        real = ids != self.pad_id
        return real.cumsum(1) * real + self.pad_id


class TiedHead(nn.Module):
    """Logits over the vocabulary from hidden states: a layer, then the word embeddings once more, as output weights.

    The same in BERT and RoBERTa; tying is from Press & Wolf 2017.
    """

    def __init__(self, word: nn.Embedding, eps: float = 1e-12) -> None:
        super().__init__()
        vocab_size, d_model = word.weight.shape
        self.word, self.dense, self.norm = word, nn.Linear(d_model, d_model), LayerNorm(d_model, eps)
        self.bias = nn.Parameter(torch.zeros(vocab_size))

    def forward(self, x: Tensor) -> Tensor:
        """(..., d) -> (..., V)."""
        return self.norm(F.gelu(self.dense(x))) @ self.word.weight.T + self.bias


def sinusoids(offsets: Tensor, d_model: int) -> Tensor:
    """Sines of each offset at d / 2 frequencies, then cosines: (N) -> (N, d); Vaswani et al. 2017, section 3.5.

    Always in float32, as in the library. Raises `PyftError` for an odd width.
    """
    if d_model % 2:
        raise PyftError(f"d_model = {d_model} is odd: sines and cosines come in pairs")
    frequencies = 1 / torch.pow(10000, torch.arange(0, d_model, 2.0, device=offsets.device) / d_model)  # (d / 2)
    angles = offsets.float()[:, None] * frequencies  # (N, d / 2)
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


class RelativeAttention(nn.Module):
    """Attention in which position enters as the offset i - j; Dai et al. 2019, section 3.3; Yang et al. 2019, 2.5.

    A score has three parts: what the key says, how far it is, whether it is in the same segment. Each part has a bias
    of its own on the query (u, v, b); no projection has one.
    """

    def __init__(self, d_model: int, num_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.h, d_k = num_heads, head_width(d_model, num_heads)
        self.W_Q, self.W_K, self.W_V, self.W_R, self.W_O = (nn.Linear(d_model, d_model, bias=False) for _ in range(5))
        self.u, self.v, self.b = (nn.Parameter(torch.zeros(num_heads, 1, d_k)) for _ in range(3))
        self.s = nn.Parameter(torch.randn(num_heads, 2, d_k) / math.sqrt(d_k))  # same segment, other segment
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, h: Tensor, R: Tensor, offset: Tensor, other: Tensor, mask: Tensor) -> Tensor:
        """Queries from x (B, T_q, d), keys and values from h (B, T, d) -> (B, T_q, d).

        R (2T - 1, d) encodes the offsets -(T - 1) to T - 1. For each pair (B, T_q, T), `offset` is its row of R,
        `other` is 1 if it is of two segments, `mask` is true where the query may look.
        """
        Q, K, V, R = (
            split(W(y), self.h) for W, y in [(self.W_Q, x), (self.W_K, h), (self.W_V, h), (self.W_R, R)]
        )  # (..., h, T, d_k)
        content = (Q + self.u) @ K.transpose(-2, -1)  # (B, h, T_q, T)
        position = ((Q + self.v) @ R.transpose(-2, -1)).gather(-1, self.every_head(offset))  # (B, h, T_q, T)
        segment = ((Q + self.b) @ self.s.transpose(-2, -1)).gather(-1, self.every_head(other))  # (B, h, T_q, T)
        scores = (content + position + segment) / math.sqrt(Q.size(-1))
        weights = masked_softmax(scores, mask[:, None])
        return self.W_O((self.dropout(weights) @ V).transpose(1, 2).flatten(2))

    def every_head(self, pairs: Tensor) -> Tensor:
        """(B, T_q, T) -> (B, h, T_q, T)."""
        return pairs[:, None].expand(-1, self.h, -1, -1)


class XLNetLayer(nn.Module):
    """A post-LN layer on relative attention. Both streams use the same one: only their queries and masks differ."""

    def __init__(self, d_model: int, num_heads: int, d_ff: int, eps: float, dropout: float) -> None:
        super().__init__()
        self.attention = RelativeAttention(d_model, num_heads, dropout)
        self.feed_forward = FeedForward(d_model, d_ff, dropout=dropout)
        self.norm_1, self.norm_2 = LayerNorm(d_model, eps), LayerNorm(d_model, eps)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, h: Tensor, *relative: Tensor) -> Tensor:
        """(B, T_q, d) -> (B, T_q, d), reading the content stream h (B, T, d)."""
        x = self.norm_1(x + self.dropout(self.attention(x, h, *relative)))
        return self.norm_2(x + self.dropout(self.feed_forward(x)))


class XLNetEncoder(nn.Module):
    """Two streams over the same layers; Yang et al. 2019, section 2.3 and figure 1.

    The content stream h knows its own token. The query stream g knows its position alone, and reads from h.
    """

    def __init__(
        self,
        vocab_size: int,
        d_model: int,
        num_heads: int,
        d_ff: int,
        num_layers: int,
        eps: float = 1e-12,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.word = nn.Embedding(vocab_size, d_model)
        self.query = nn.Parameter(torch.randn(d_model))  # where every query starts: "w" in the paper
        self.layers = nn.ModuleList(XLNetLayer(d_model, num_heads, d_ff, eps, dropout) for _ in range(num_layers))
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        ids: Tensor,
        mask: Tensor | None = None,
        segments: Tensor | None = None,
        visible: Tensor | None = None,
        targets: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Token ids (B, T) -> content stream (B, T, d) and, at the positions `targets` (B, M), query stream (B, M, d).

        `mask` (B, T) is true on real tokens; `visible` (B, T, T) is true where token j comes before token i in the
        order that was drawn. The content stream sees its own token too; the query stream does not.
        """
        mask, segments = _inputs(ids, mask, segments)
        (B, T), d = ids.shape, self.word.embedding_dim
        visible = mask[:, None].expand(B, T, T) if visible is None else visible & mask[:, None]  # (B, T, T)
        check("two streams", ids=ids, visible=visible, targets=targets)
        place = torch.arange(T, device=ids.device)
        offset = (place[:, None] - place + T - 1).expand(B, T, T)  # the row of R for i - j
        other = (segments[:, :, None] != segments[:, None, :]).long()  # (B, T, T)
        R = self.dropout(sinusoids(torch.arange(-(T - 1), T, device=ids.device), d).to(self.word.weight.dtype))
        itself = torch.eye(T, dtype=torch.bool, device=ids.device)
        h, g = self.dropout(self.word(ids)), None
        if targets is not None:
            g = self.dropout(self.query.expand(B, targets.size(1), d))
            at = targets[:, :, None].expand(-1, -1, T)  # rows of the targets: (B, M, T)
            query_side = offset.gather(1, at), other.gather(1, at), visible.gather(1, at)
        for layer in self.layers:
            if g is not None:
                g = layer(g, h, R, *query_side)  # before h moves on: both read the same layer
            h = layer(h, h, R, offset, other, visible | itself)
        return self.dropout(h), None if g is None else self.dropout(g)


def permutation_mask(order: Tensor) -> Tensor:
    """`visible` for tokens predicted in this order: (B, T) of positions, first to last -> (B, T, T).

    Token i sees token j if j comes before i in the order.
    """
    rank = order.argsort(-1)  # rank[i]: when position i has its turn
    return rank[:, None, :] < rank[:, :, None]


def _inputs(ids: Tensor, mask: Tensor | None, segments: Tensor | None) -> tuple[Tensor, Tensor]:
    """Mask and segments as given, or those of one text without padding; held against the shape of the ids."""
    mask = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask
    segments = torch.zeros_like(ids) if segments is None else segments
    check("encoder", ids=ids, mask=mask, segments=segments)
    return mask, segments
