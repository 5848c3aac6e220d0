"""One model's weights in another architecture: BERT into RoBERTa, which is exact, and into XLNet, which nearly is.

XLNet adds no position to its words, and its projections have no biases. What BERT has there is folded into what XLNet
has; positions alone have no exact counterpart. They are fitted to BERT's attention (`fit_positions`), then the whole
model to BERT's hidden states (`align`).
"""

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import BertModel, RobertaConfig, RobertaModel, XLNetConfig, XLNetModel

from pyft.maths.encoder import sinusoids

Batch = dict[str, Tensor]  # `input_ids` and `attention_mask`, both (B, T)
DAMPING = 0.01  # of `displacements`, in the model that is kept
QUIET = 0.3  # of BERT's dropout: XLNet's is as loud then, for it has more of it (section 3.1.4)
LOUD = 4.0  # each number of v: the louder it is, the less a query's own words disturb where it looks

# --- RoBERTa ----------------------------------------------------------------------------------------------------------


def to_roberta(bert: BertModel) -> RobertaModel:
    """The same function as a `RobertaModel`: its positions start after the padding entry, and it has one segment."""
    c, state = bert.config, bert.state_dict()
    config = RobertaConfig(
        **_shared(c),
        max_position_embeddings=c.max_position_embeddings + c.pad_token_id + 1,
        type_vocab_size=1,
        add_pooling_layer=False,
    )
    table = state["embeddings.position_embeddings.weight"]  # (T, d)
    nothing = table.new_zeros(c.pad_token_id + 1, table.size(1))
    state["embeddings.position_embeddings.weight"] = torch.cat([nothing, table])  # (pad + 1 + T, d)
    state["embeddings.token_type_embeddings.weight"] = state["embeddings.token_type_embeddings.weight"][:1]
    roberta = RobertaModel(config, add_pooling_layer=False)
    roberta.load_state_dict({k: v for k, v in state.items() if not k.startswith("pooler.")})
    return roberta.eval()


def _shared(c: Any) -> dict[str, Any]:
    """What the configurations of BERT and RoBERTa have in common."""
    names = [
        "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act",
        "hidden_dropout_prob", "attention_probs_dropout_prob", "layer_norm_eps", "initializer_range", "pad_token_id",
    ]  # fmt: skip
    return {name: getattr(c, name) for name in names}


# --- XLNet ------------------------------------------------------------------------------------------------------------


def to_xlnet(bert: BertModel, query_bias: bool = True, damping: float | None = DAMPING) -> XLNetModel:
    """BERT without its positions as an `XLNetModel`; `fit_positions` and `align` do the rest.

    - Projections, feed-forward networks and LayerNorms go over one to one.
    - The embeddings' LayerNorm is folded into the words: each is normalised beforehand, at the mean over positions.
    - Query biases become `r_w_bias` (u): (W_Q x + b) k. `query_bias=False` leaves them out.
    - Key biases drop out: they add q b to every score of a row, and softmax does not see a shift.
    - Value and output biases are moved into what comes before attention (`displacements`): exactly with `damping=0`.
      `damping=None` leaves them out.

    It is done in float64, and words are rounded to half precision, so that the same bits come out on every machine.
    """
    c, bert = bert.config, copy.deepcopy(bert).double()
    h, d = c.num_attention_heads, c.hidden_size
    xlnet = XLNetModel(xlnet_config(c)).eval()
    state = {name: torch.zeros_like(x) for name, x in xlnet.state_dict().items()}  # no positions, no segments
    state["word_embedding.weight"] = embed_words(bert)
    for i, layer in enumerate(bert.encoder.layer):
        attend, out, to = layer.attention.self, layer.attention.output, f"layer.{i}.rel_attn."
        for name, linear in [("q", attend.query), ("k", attend.key), ("v", attend.value)]:
            state[to + name] = linear.weight.T.reshape(d, h, -1)
        state[to + "o"] = out.dense.weight.reshape(d, h, -1)
        if query_bias:
            state[to + "r_w_bias"] = attend.query.bias.view(h, -1)
        for part in ("weight", "bias"):
            state[f"{to}layer_norm.{part}"] = getattr(out.LayerNorm, part)
            state[f"layer.{i}.ff.layer_1.{part}"] = getattr(layer.intermediate.dense, part)
            state[f"layer.{i}.ff.layer_2.{part}"] = getattr(layer.output.dense, part)
            state[f"layer.{i}.ff.layer_norm.{part}"] = getattr(layer.output.LayerNorm, part)
    if damping is not None:
        for i, (layer, delta) in enumerate(zip(bert.encoder.layer, displacements(bert, damping), strict=False)):
            before = f"layer.{i - 1}.ff.layer_norm.bias" if i else "word_embedding.weight"
            state[before] = state[before] + delta
            for name in ("r_w_bias", "r_r_bias", "r_s_bias"):
                u = state[f"layer.{i}.rel_attn.{name}"]
                state[f"layer.{i}.rel_attn.{name}"] = u - (layer.attention.self.query.weight @ delta).view_as(u)
    state["word_embedding.weight"] = state["word_embedding.weight"].half()
    state["mask_emb"] = state["word_embedding.weight"].float().mean(0).view(1, 1, d)  # a query knows no word
    xlnet.load_state_dict(state)
    return xlnet


def xlnet_config(c: Any) -> XLNetConfig:
    """The size of a `BertConfig`, without memory of earlier texts."""
    return XLNetConfig(
        vocab_size=c.vocab_size,
        d_model=c.hidden_size,
        n_layer=c.num_hidden_layers,
        n_head=c.num_attention_heads,
        d_inner=c.intermediate_size,
        ff_activation=c.hidden_act,
        dropout=QUIET * c.hidden_dropout_prob,
        layer_norm_eps=c.layer_norm_eps,
        initializer_range=c.initializer_range,
        pad_token_id=c.pad_token_id,
        mem_len=None,
        use_mems_eval=False,
        use_mems_train=False,
    )


def embed_words(bert: BertModel, positions: range = range(1, 64, 4)) -> Tensor:
    """What BERT's first layer reads of each word of segment A, on average over some positions: (V, d)."""
    e = bert.embeddings
    words = e.word_embeddings.weight + e.token_type_embeddings.weight[0]  # (V, d)
    total = torch.zeros_like(words)
    with torch.no_grad():
        for place in positions:
            total += e.LayerNorm(words + e.position_embeddings.weight[place])
    return total / len(positions)


def displacements(bert: BertModel, damping: float) -> list[Tensor]:
    """By how much each hidden state is moved, so that attention without value and output biases comes out as with them.

    A layer adds x to W_O W_V (mean of x) + c, where c = W_O b_V + b_O leaves attention as one vector, since its weights
    sum to one. If the layer reads x + δ instead, it adds x + δ + W_O W_V (mean of x) + W_O W_V δ: the same if
    (I + W_O W_V) δ = c. So δ goes into the bias of the LayerNorm that x comes from (into the words, for the first
    layer), and the query's bias gives W_Q δ back. What δ does to the keys is a shift that softmax does not see.
    I + W_O W_V is nearly singular, so the exact δ can be long; damping λ minimises |(I + W_O W_V) δ - c|² + λ |δ|².

    A δ (d) for the words and for each layer's output; that of the last is zero.
    """
    found = []
    for layer in bert.encoder.layer:
        attend, out = layer.attention.self, layer.attention.output.dense
        W_O, W_V = out.weight.detach().double(), attend.value.weight.detach().double()  # (d, d)
        c = W_O @ attend.value.bias.detach().double() + out.bias.detach().double()  # (d)
        I = torch.eye(len(c)).double()  # noqa: E741 - the formula's letter
        A = I + W_O @ W_V  # (d, d)
        delta = torch.linalg.solve(A.T @ A + damping * I, A.T @ c) if damping else torch.linalg.solve(A, c)
        found.append(delta)
    return [*found, torch.zeros_like(found[0])]


# --- positions, fitted ------------------------------------------------------------------------------------------------


class Pair(NamedTuple):
    """The same texts as BERT and as XLNet read them; `place` (B, T) says where each of XLNet's tokens is in BERT's."""

    bert: Batch
    xlnet: Batch
    place: Tensor


def paired_inputs(texts: Sequence[list[int]], cls_id: int, sep_id: int, pad_id: int) -> Pair:
    """Texts of word pieces: BERT's [CLS] comes first, padding last; XLNet's padding comes first, [CLS] last."""
    T = max(map(len, texts)) + 2
    padding = [[pad_id] * (T - len(ids) - 2) for ids in texts]
    n = torch.tensor([[len(ids) + 2] for ids in texts])  # (B, 1)
    right = torch.arange(T) < n  # (B, T)
    k = torch.arange(T) - (T - n)  # (B, T): the number of XLNet's token, negative in padding
    bert = [[cls_id, *ids, sep_id, *filling] for ids, filling in zip(texts, padding, strict=True)]
    xlnet = [[*filling, *ids, sep_id, cls_id] for ids, filling in zip(texts, padding, strict=True)]
    segments = torch.where(k < 0, 3, 0)
    segments[:, -1] = 2
    return Pair(
        {"input_ids": torch.tensor(bert), "attention_mask": right.long()},
        {"input_ids": torch.tensor(xlnet), "attention_mask": right.flip(1).long(), "token_type_ids": segments},
        ((k + 1) % n).clamp(min=0),
    )


def fit_positions(
    xlnet: XLNetModel, bert: BertModel, pairs: Sequence[Pair], reach: int = 32, ridge: float = 1.0
) -> None:
    """Give XLNet, in place, the relative positions that bring its attention nearest to BERT's, layer after layer.

    For each layer and head, f(o) is the mean over all pairs of words at offset o = i - j of BERT's score less XLNet's,
    both less their row's mean, which softmax does not see. Ridge regression then finds w with R w = f, where R encodes
    the offsets; v (`r_r_bias`) reads w out of the relative projection. Offsets beyond `reach` count as `reach`.
    """
    d = bert.config.hidden_size
    offsets = torch.arange(-reach, reach + 1)
    R = sinusoids(offsets, d).double()  # (2 reach + 1, d)
    with torch.no_grad():
        read = [bert(**p.bert, output_hidden_states=True).hidden_states for p in pairs]
        for i, layer in enumerate(xlnet.layer):
            gaps = [_gap(xlnet, bert, p, h[i], i) for p, h in zip(pairs, read, strict=True)]
            f, n = _mean_by_offset(gaps, reach)  # (2 reach + 1, h), (2 reach + 1)
            weight = (n / n.mean())[:, None]
            w = torch.linalg.solve(R.T @ (weight * R) + ridge * torch.eye(d).double(), R.T @ (weight * f))  # (d, h)
            v = torch.full_like(layer.rel_attn.r_r_bias, LOUD)  # (h, d_k)
            layer.rel_attn.r_r_bias.add_(v)
            layer.rel_attn.r.copy_(torch.einsum("dh,hk->dhk", w, v.double() / v.double().pow(2).sum(-1, keepdim=True)))


def _gap(xlnet: XLNetModel, bert: BertModel, p: Pair, read: Tensor, i: int) -> tuple[Tensor, Tensor]:
    """BERT's scores of layer i less XLNet's, before they are scaled, between words, each row less its mean.

    (B, T, T, h), and which pairs (B, T, T) are of two words; padding and [CLS] are none.
    """
    a, r = bert.encoder.layer[i].attention.self, xlnet.layer[i].rel_attn
    q, k = (w(read).unflatten(-1, (a.num_attention_heads, -1)) for w in (a.query, a.key))  # (B, T, h, d_k)
    theirs = torch.einsum("bihk,bjhk->bijh", *(x.gather(1, p.place[:, :, None, None].expand_as(x)) for x in (q, k)))
    x = xlnet(**p.xlnet, output_hidden_states=True).hidden_states[i]  # (B, T, d)
    ours = torch.einsum(
        "bihk,bjhk->bijh", torch.einsum("btd,dhk->bthk", x, r.q) + r.r_w_bias, torch.einsum("btd,dhk->bthk", x, r.k)
    )
    word = p.xlnet["token_type_ids"] == 0  # (B, T)
    pairs = word[:, :, None] & word[:, None, :]
    gap = (theirs - ours).masked_fill(~pairs[..., None], 0.0)
    return gap - gap.sum(2, keepdim=True) / word.sum(1)[:, None, None, None], pairs


def _mean_by_offset(gaps: Sequence[tuple[Tensor, Tensor]], reach: int) -> tuple[Tensor, Tensor]:
    """Mean of all pairs at each offset from -reach to reach, (2 reach + 1, h), and how many they are."""
    h = gaps[0][0].size(-1)
    total, n = torch.zeros(2 * reach + 1, h).double(), torch.zeros(2 * reach + 1).double()
    for gap, pairs in gaps:
        T = gap.size(1)
        place = torch.arange(T)
        at = ((place[:, None] - place).clamp(-reach, reach) + reach).expand(pairs.shape)[pairs]
        total.index_add_(0, at, gap[pairs].double())
        n.index_add_(0, at, torch.ones(len(at)).double())
    return total / n.clamp(min=1)[:, None], n


# --- how near they are ------------------------------------------------------------------------------------------------


def errors(xlnet: XLNetModel, bert: BertModel, p: Pair, moved: Sequence[Tensor]) -> list[Tensor]:
    """For the words and each layer, the squared error of XLNet's hidden states, less `moved`, over BERT's variance."""
    real = p.xlnet["attention_mask"].bool()
    found: list[Tensor] = []
    for ours, theirs in zip(*_states(xlnet, bert, p), strict=True):
        target = theirs[real] + moved[len(found)]
        found.append(F.mse_loss(ours[real], target) / target.var(0).mean())
    return found


def agreement(xlnet: XLNetModel, bert: BertModel, p: Pair, moved: Sequence[Tensor]) -> list[float]:
    """For the words and each layer, the mean cosine between hidden states of the two models, token by token."""
    real = p.xlnet["attention_mask"].bool()
    with torch.no_grad():
        states = zip(*_states(xlnet, bert, p), moved, strict=True)
        return [F.cosine_similarity((x - m)[real], y[real], dim=-1).mean().item() for x, y, m in states]


def _states(xlnet: XLNetModel, bert: BertModel, p: Pair) -> tuple[Sequence[Tensor], list[Tensor]]:
    """Hidden states (B, T, d) of both, the words' first, in XLNet's order; no gradients for BERT."""
    with torch.no_grad():
        theirs = bert(**p.bert, output_hidden_states=True).hidden_states
    at = p.place[:, :, None].expand_as(theirs[0])
    return xlnet(**p.xlnet, output_hidden_states=True).hidden_states, [h.gather(1, at) for h in theirs]
