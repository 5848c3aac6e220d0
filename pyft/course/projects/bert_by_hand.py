"""A solution of the project of part 4: BERT's forward pass for classes of texts, from its weights alone."""

import torch
from torch import Tensor
from torch.nn.functional import gelu

Weights = dict[str, Tensor]


def logits(w: Weights, ids: Tensor, mask: Tensor, h: int) -> Tensor:
    """Logits (B, K) for token ids (B, T); mask (B, T) is true for tokens, false for padding; h heads."""
    T = ids.shape[1]
    x = w["bert.embeddings.word_embeddings.weight"][ids]  # (B, T, d)
    x = x + w["bert.embeddings.position_embeddings.weight"][:T] + w["bert.embeddings.token_type_embeddings.weight"][0]
    x = norm(w, "bert.embeddings.LayerNorm", x)
    number = 0
    while f"bert.encoder.layer.{number}.output.dense.weight" in w:
        x = layer(w, f"bert.encoder.layer.{number}", x, mask, h)
        number += 1
    pooled = torch.tanh(linear(w, "bert.pooler.dense", x[:, 0]))  # (B, d)
    return linear(w, "classifier", pooled)


def layer(w: Weights, name: str, x: Tensor, mask: Tensor, h: int) -> Tensor:
    """A layer: attention, then the feed-forward network, each with its sum and its norm after it."""
    joined = linear(w, f"{name}.attention.output.dense", attention(w, f"{name}.attention.self", x, mask, h))
    x = norm(w, f"{name}.attention.output.LayerNorm", x + joined)
    inner = gelu(linear(w, f"{name}.intermediate.dense", x))  # (B, T, d_ff)
    return norm(w, f"{name}.output.LayerNorm", x + linear(w, f"{name}.output.dense", inner))


def attention(w: Weights, name: str, x: Tensor, mask: Tensor, h: int) -> Tensor:
    """Self-attention in h heads, side by side again: (B, T, d)."""
    parts = (linear(w, f"{name}.{part}", x) for part in ("query", "key", "value"))
    Q, K, V = (part.unflatten(-1, (h, -1)).transpose(1, 2) for part in parts)  # (B, h, T, d_k)
    scores = Q @ K.mT / Q.shape[-1] ** 0.5  # (B, h, T, T)
    scores = scores.masked_fill(~mask[:, None, None, :], float("-inf"))
    return (scores.softmax(-1) @ V).transpose(1, 2).flatten(2)


def linear(w: Weights, name: str, x: Tensor) -> Tensor:
    """A linear layer; torch keeps the transpose of its matrix."""
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def norm(w: Weights, name: str, x: Tensor) -> Tensor:
    """LayerNorm over the width, with BERT's epsilon."""
    x = x - x.mean(-1, keepdim=True)
    return x / (x.square().mean(-1, keepdim=True) + 1e-12).sqrt() * w[f"{name}.weight"] + w[f"{name}.bias"]
