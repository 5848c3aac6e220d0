"""The fast path: work that a fine-tuning step can be spared without changing what is learnt.

    last layer   a classifier reads its class token alone, so the others need no query and no feed-forward there
    embedding    a word that no training text holds has no gradient, and needs no moments and no step
    dropout      a coin needs no more than 16 random bits, and one draw of the generator has 64

A recipe names the parts that it takes (`Recipe.fast_path`), all of them by default. What is learnt is the same, as the
tests say, but for two things: dropout draws other random numbers, and weight decay leaves the words alone that no text
holds.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from transformers import PreTrainedModel

from pyft.errors import unknown
from pyft.profiles import FAST_PATH

Rows = Sequence[Mapping[str, Any]]  # of texts: `input_ids`
MASKED = ("sdpa", "eager")  # the library's attention whose mask has a row for each query


@contextmanager
def fast_path(model: PreTrainedModel, parts: Sequence[str] = FAST_PATH, rows: Rows = ()) -> Iterator[None]:
    """Within, the model takes these `parts` of the fast path; afterwards it is the library's own again.

    `rows` are those that it is trained on; without them all of its embedding stays.

    Raises:
        PyftError: a part that does not exist.
    """
    for part in parts if isinstance(parts, (tuple, list)) else [parts]:
        if isinstance(parts, str) or part not in PARTS:
            raise unknown("part of the fast path", str(part), list(PARTS))
    with ExitStack() as stack:
        for name, part in PARTS.items():
            if name in parts:
                stack.enter_context(part(model, rows))
        yield


@contextmanager
def class_token_only(model: PreTrainedModel) -> Iterator[None]:
    """Within, the last layer of a BERT or RoBERTa that classifies texts computes its first token alone.

    Of twelve d × d products a token it saves ten. Other models are left as they are: XLNet's attention shifts whole
    rows of scores, and a model that labels words needs every token.
    """
    body = getattr(model, model.base_model_prefix, None)
    layers = getattr(getattr(body, "encoder", None), "layer", None)
    fit = model.config.model_type in ("bert", "roberta") and type(model).__name__.endswith("SequenceClassification")
    if not fit or layers is None or "forward" in vars(layers[-1]) or model.config._attn_implementation not in MASKED:
        yield
        return
    layers[-1].forward = partial(first_token, layers[-1])
    try:
        yield
    finally:
        del layers[-1].forward


def first_token(layer: Any, x: Tensor, attention_mask: Tensor | None = None, *_: Any, **__: Any) -> Tensor:
    """What a layer of the library makes of the first token: x (B, T, d) -> (B, 1, d)."""
    attention = layer.attention.self

    def heads(z: Tensor) -> Tensor:  # (B, T, d) -> (B, h, T, d_k)
        return z.unflatten(-1, (attention.num_attention_heads, -1)).transpose(1, 2)

    c = F.scaled_dot_product_attention(
        heads(attention.query(x[:, :1])),  # (B, h, 1, d_k)
        heads(attention.key(x)),
        heads(attention.value(x)),
        None if attention_mask is None else attention_mask[..., :1, :],
        dropout_p=attention.dropout.p if layer.training else 0.0,
    )  # (B, h, 1, d_k)
    return layer.feed_forward_chunk(layer.attention.output(c.transpose(1, 2).flatten(2), x[:, :1]))


class SparseEmbedding(nn.Embedding):
    """A word embedding of which only the rows `used` (n) are parameters; the others stay as they are.

    AdamW would shrink them a little at each step (weight decay), and learn nothing. In evaluation any word may come.
    """

    def __init__(self, whole: nn.Embedding, used: Tensor) -> None:
        nn.Module.__init__(self)
        self.padding_idx = None
        self.used, self.whole = used, whole.weight.data  # (n), (V, d)
        self.number = torch.full((len(self.whole),), -1, device=used.device)  # (V): where in `used` an id stands
        self.number[used] = torch.arange(len(used), device=used.device)
        self.weight = nn.Parameter(self.whole[used])  # (n, d)
        self.padding = None if whole.padding_idx is None else int(self.number[whole.padding_idx])

    def forward(self, ids: Tensor) -> Tensor:
        if self.training:
            return F.embedding(self.number[ids], self.weight, self.padding)
        return F.embedding(ids, self.merged())

    def merged(self) -> Tensor:
        """All rows, with what was learnt: (V, d)."""
        self.whole[self.used] = self.weight.detach()
        return self.whole


@contextmanager
def sparse_embedding(model: PreTrainedModel, rows: Rows) -> Iterator[None]:
    """Within, the model's word embedding is a `SparseEmbedding` of what the `rows` hold, if there are any."""
    whole = model.get_input_embeddings()
    if not rows or not whole.weight.requires_grad:
        yield
        return
    ids = {i for row in rows for i in row["input_ids"]} | {whole.padding_idx or 0, model.config.pad_token_id or 0}
    sparse = SparseEmbedding(whole, torch.tensor(sorted(ids), device=whole.weight.device))
    model.set_input_embeddings(sparse.train(whole.training))
    try:
        yield
    finally:
        sparse.merged()
        model.set_input_embeddings(whole)


def dropout(x: Tensor, p: float) -> Tensor:
    """`x` with each number set to zero with probability p, the others scaled up so that the mean stays: like `x`.

    The probability is rounded to a whole number of 65,536ths.
    """
    dropped, n = round(p * 2**16), x.numel()
    draws = torch.empty(-(-n // 4), dtype=torch.int64).random_(-(2**63), None)  # 64 bits at a time, for four numbers
    keep = draws.view(torch.int16)[:n].view(x.shape) >= dropped - 2**15
    return x * torch.where(keep, 2**16 / (2**16 - dropped), 0.0).to(x.dtype)


class FastDropout(TorchFunctionMode):
    """Within, dropout on a CPU, that of attention too, is the one above; on a GPU torch's own is the faster."""

    def __torch_function__(self, f: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        ours = {F.dropout: _dropout, F.scaled_dot_product_attention: _attention}
        return ours.get(f, f)(*args, **(kwargs or {}))


def _dropout(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    if training and 0 < p < 1 and x.device.type == "cpu" and not inplace:
        return dropout(x, p)
    return F.dropout(x, p, training, inplace)


def _attention(
    q: Tensor, k: Tensor, v: Tensor, attn_mask: Any = None, dropout_p: float = 0.0, **options: Any
) -> Tensor:
    scale = options.get("scale") or q.shape[-1] ** -0.5
    if not 0 < dropout_p < 1 or q.device.type != "cpu" or options.get("is_causal") or options.get("enable_gqa"):
        return F.scaled_dot_product_attention(q, k, v, attn_mask, dropout_p, **options)
    scores = q @ k.mT * scale  # (B, h, T, S)
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        scores = scores.masked_fill(~attn_mask, torch.finfo(scores.dtype).min)
    elif attn_mask is not None:
        scores = scores + attn_mask
    return dropout(scores.softmax(-1), dropout_p) @ v


PARTS: dict[str, Callable[[PreTrainedModel, Rows], AbstractContextManager[Any]]] = {
    "last layer": lambda model, rows: class_token_only(model),
    "embedding": sparse_embedding,
    "dropout": lambda model, rows: FastDropout(),
}
