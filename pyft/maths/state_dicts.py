"""Weights of the library's encoders under our names and in our shapes, for `load_state_dict`."""

import re
from collections.abc import Callable, Mapping

from torch import Tensor

Rename = str | Callable[[re.Match[str]], str]
_BERT: dict[str, Rename] = {  # patterns of the library's names -> ours, applied in this order
    r"^(embeddings|encoder)\.": "",
    r"^(word|position)_embeddings": r"\1",
    r"^token_type_embeddings": "segment",
    r"^LayerNorm": "norm",
    r"^layer\.": "layers.",
    r"attention\.self\.query": "attention.W_Q",
    r"attention\.self\.key": "attention.W_K",
    r"attention\.self\.value": "attention.W_V",
    r"attention\.output\.dense": "attention.W_O",
    r"attention\.output\.LayerNorm": "norm_1",
    r"intermediate\.dense": "feed_forward.W_1",
    r"output\.dense": "feed_forward.W_2",
    r"output\.LayerNorm": "norm_2",
    r"(norm|norm_1|norm_2)\.weight": r"\1.gamma",
    r"(norm|norm_1|norm_2)\.bias": r"\1.beta",
}
_XLNET: dict[str, Rename] = {
    r"^word_embedding": "word",
    r"^mask_emb": "query",
    r"^layer\.": "layers.",
    r"rel_attn\.layer_norm": "norm_1",
    r"ff\.layer_norm": "norm_2",
    r"ff\.layer_": "feed_forward.W_",
    r"rel_attn\.r_w_bias": "attention.u",
    r"rel_attn\.r_r_bias": "attention.v",
    r"rel_attn\.r_s_bias": "attention.b",
    r"rel_attn\.seg_embed": "attention.s",
    r"rel_attn\.([qkvro])$": lambda m: f"attention.W_{m[1].upper()}.weight",
    r"(norm_1|norm_2)\.weight": r"\1.gamma",
    r"(norm_1|norm_2)\.bias": r"\1.beta",
}


def from_bert(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of a library's `BertModel` or `RobertaModel` under our names, for `load_state_dict`; no pooler."""
    return {_renamed(name, _BERT): x for name, x in state.items() if not name.startswith("pooler")}


def from_xlnet(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of a library's `XLNetModel` under our names and in our shapes, for `load_state_dict`."""
    ours = {}
    for name, x in state.items():
        new = _renamed(name, _XLNET)
        if re.search(r"W_[QKVR]\.weight$", new):
            x = x.flatten(1).T  # (d, h, d_k) -> (h d_k, d)
        elif new.endswith("W_O.weight"):
            x = x.flatten(1)  # (d, h, d_k) -> (d, h d_k)
        elif new.endswith(".s"):
            x = x.transpose(0, 1)  # (2, h, d_k) -> (h, 2, d_k)
        elif re.search(r"attention\.[uvb]$", new):
            x = x[:, None]  # (h, d_k) -> (h, 1, d_k)
        ours[new] = x.flatten() if new == "query" else x
    return ours


def _renamed(name: str, patterns: Mapping[str, Rename]) -> str:
    for pattern, new in patterns.items():
        name = re.sub(pattern, new, name)
    return name
