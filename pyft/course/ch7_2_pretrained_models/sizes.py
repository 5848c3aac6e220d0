"""What ALBERT and T5 cost, by formula, beside what `pyft.maths.flops` says of BERT, RoBERTa and XLNet."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from transformers import (
    AlbertConfig,
    AlbertModel,
    BertConfig,
    BertModel,
    RobertaConfig,
    RobertaModel,
    T5Config,
    T5Model,
    XLNetConfig,
    XLNetModel,
)

from pyft.maths import flops
from pyft.maths.flops import Cost, layer_norm, linear, product, total

D, D_FF, L, H = 768, 3072, 12, 12  # of the base size of all five


def albert(B: int, T: int, V: int, e: int, d: int, d_ff: int, num_layers: int, max_length: int = 512) -> Cost:
    """Embeddings of width e, one matrix from e to d, and one layer's weights used `num_layers` times."""
    embeddings = Cost((V + max_length + 2) * e, 0, 0)
    layer = flops.encoder_layer(B, T, d, d_ff)
    repeated = total(layer, times=num_layers)._replace(parameters=layer.parameters)
    return total(embeddings, layer_norm(e), linear(B * T, e, d), repeated)


def t5_attention(B: int, T_q: int, T_k: int, d: int) -> Cost:
    """Four matrices without biases, scores and sums."""
    projections = [linear(B * T, d, d, bias=False) for T in (T_q, T_k, T_k, T_q)]
    return total(*projections, product(B * T_q, d, T_k), product(B * T_q, T_k, d))


def t5(B: int, T: int, V: int, d: int, d_ff: int, num_layers: int, h: int, T_out: int = 1, buckets: int = 32) -> Cost:
    """An encoder that reads T tokens, and a decoder that writes T_out; norms have a gain and no offset."""
    ff = [total(linear(B * n, d, d_ff, bias=False), linear(B * n, d_ff, d, bias=False)) for n in (T, T_out)]
    encoder = total(t5_attention(B, T, T, d), ff[0], Cost(2 * d, 0, 0))
    decoder = total(t5_attention(B, T_out, T_out, d), t5_attention(B, T_out, T, d), ff[1], Cost(3 * d, 0, 0))
    once = Cost(V * d + 2 * buckets * h + 2 * d, 0, 0)  # words, offsets of both stacks, their last norms
    return total(once, total(encoder, decoder, times=num_layers))


# By name: the size of the vocabulary, the library's own model without weights, and the formula, of B and T.
BY_FORMULA: dict[str, tuple[int, Callable[[int, int], Cost]]] = {
    "BERT": (30_522, lambda B, T: flops.bert(B, T, 30_522, D, D_FF, L)),
    "RoBERTa": (50_265, lambda B, T: flops.roberta(B, T, 50_265, D, D_FF, L)),
    "XLNet": (32_000, lambda B, T: flops.xlnet(B, T, 32_000, D, D_FF, L)),
    "ALBERT": (30_000, lambda B, T: albert(B, T, 30_000, 128, D, D_FF, L)),
    "T5": (32_128, lambda B, T: t5(B, T, 32_128, D, D_FF, L, H)),
}


def library_models() -> dict[str, torch.nn.Module]:
    """The five in base size as the library makes them, without their numbers (on the device `meta`)."""
    with torch.device("meta"):
        return {
            "BERT": BertModel(BertConfig(attn_implementation="eager"), add_pooling_layer=False),
            "RoBERTa": RobertaModel(
                RobertaConfig(vocab_size=50_265, max_position_embeddings=514, type_vocab_size=1),
                add_pooling_layer=False,
            ),
            "XLNet": XLNetModel(XLNetConfig(vocab_size=32_000, d_model=D, n_layer=L, n_head=H, d_inner=D_FF)),
            "ALBERT": AlbertModel(
                AlbertConfig(
                    vocab_size=30_000,
                    embedding_size=128,
                    hidden_size=D,
                    num_hidden_layers=L,
                    num_attention_heads=H,
                    intermediate_size=D_FF,
                    attn_implementation="eager",
                ),
                add_pooling_layer=False,
            ),
            "T5": T5Model(T5Config(d_model=D, d_kv=64, d_ff=D_FF, num_layers=L, num_heads=H)),
        }


def parameters(model: torch.nn.Module) -> int:
    """How many numbers a model learns; what is shared counts once."""
    return sum(p.numel() for p in model.parameters())


def embedding_parameters(name: str) -> int:
    """The numbers in the table of words (of ALBERT: narrow, and the matrix that widens it)."""
    V = BY_FORMULA[name][0]
    return V * 128 + 128 * D + D if name == "ALBERT" else V * D


# --- T5 ---------------------------------------------------------------------------------------------------------------


def offset_bucket(offset: Tensor, buckets: int = 32, far: int = 128) -> Tensor:
    """The number of the learned bias of an offset, key less query: one each if near, one for many if far.

    Half of the buckets are for offsets to the right. Of each half, half are single offsets,
    and the others grow by a factor.
    """
    half = buckets // 2
    single = half // 2
    n = offset.abs()
    wide = single + torch.log(n.clamp(min=1) / single) / math.log(far / single) * (half - single)
    return half * (offset > 0) + torch.where(n < single, n, wide.long().clamp(max=half - 1))


def corrupt(words: list[str], spans: list[tuple[int, int]]) -> tuple[list[str], list[str]]:
    """Span corruption: what T5 reads, a mark for each hole, and what it is to write, the marks and what was there.

    `spans` are the holes, in order, start and end, that do not touch.
    """
    seen: list[str] = []
    target: list[str] = []
    at = 0
    for k, (start, end) in enumerate(spans):
        mark = f"<{k}>"
        seen += [*words[at:start], mark]
        target += [mark, *words[start:end]]
        at = end
    return [*seen, *words[at:]], [*target, f"<{len(spans)}>"]
