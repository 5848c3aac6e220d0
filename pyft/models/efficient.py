"""Efficient ways to fine-tune, made in place: which numbers of a BERT or RoBERTa learn, and what is put in beside them.

In each of them the head learns too: whatever lies above the encoder. All return the model.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedModel

from pyft.errors import PyftError
from pyft.maths.lora import Adapter, LoRA, Prefixed, Rescaled

QUERY_VALUE = ("query", "value", "q_lin", "v_lin", "query_proj", "value_proj")  # as libraries' encoders call them
ALL_MATRICES = (
    *("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"),
    *("intermediate.dense", "layer.output.dense"),
)

# --- which of the model's own numbers learn ---------------------------------------------------------------------------


def head_alone(model: PreTrainedModel) -> PreTrainedModel:
    """Freeze the embeddings and all layers; pooler and classifier learn."""
    body = model.base_model
    body.requires_grad_(False)
    if getattr(body, "pooler", None) is not None:
        body.pooler.requires_grad_(True)
    return model


def head_modules(model: PreTrainedModel) -> dict[str, nn.Module]:
    """What lies above the encoder and has parameters, by its dotted name."""
    parts = {name: part for name, part in model.named_children() if name != model.base_model_prefix}
    found = {name: part for name, part in parts.items() if any(True for _ in part.parameters())}
    pooler = getattr(model.base_model, "pooler", None)
    return found | ({f"{model.base_model_prefix}.pooler": pooler} if pooler is not None else {})


def biases_alone(model: PreTrainedModel) -> PreTrainedModel:
    """BitFit (Ben Zaken et al. 2022): of the body, all biases learn, those of LayerNorms too."""
    return _learning(model, lambda name: name.endswith("bias"))


def layer_norms_alone(model: PreTrainedModel) -> PreTrainedModel:
    """Of the body, the gains and biases of all LayerNorms learn."""
    return _learning(model, lambda name: "LayerNorm" in name)


def _learning(model: PreTrainedModel, chosen: Callable[[str], bool]) -> PreTrainedModel:
    head_alone(model)
    for name, p in model.base_model.named_parameters():
        p.requires_grad_(p.requires_grad or chosen(name))
    return model


# --- beside matrices --------------------------------------------------------------------------------------------------


def lora(
    model: PreTrainedModel,
    r: int = 8,
    alpha: float = 16,
    dropout: float = 0.0,
    targets: Sequence[str] = QUERY_VALUE,
    kind: type[LoRA] = LoRA,
    rank_stabilised: bool = False,
) -> PreTrainedModel:
    """Put a LoRA beside each linear map whose dotted name ends with a target: by default queries and values.

    Raises:
        PyftError: there is no such map, or a rank that is not above zero.
    """
    if r < 1:
        raise PyftError(f"the rank is {r}, expected a whole number above zero.")
    head_alone(model)
    body = model.base_model
    head = {id(part) for top in head_modules(model).values() for part in top.modules()}
    found = [
        name
        for name, part in body.named_modules()
        if isinstance(part, nn.Linear) and id(part) not in head and _ends(name, targets)
    ]
    if not found:
        raise PyftError(
            f"{type(model).__name__} has no linear map called {', '.join(targets)}, beside which LoRA could stand "
            "(XLNet's attention keeps plain matrices). Expected a model such as BERT or RoBERTa; or train it in full."
        )
    for name in found:
        _replace(body, name, kind(body.get_submodule(name), r, alpha, dropout, rank_stabilised))
    return model.train(model.training)  # what is new too


def loras(model: nn.Module) -> dict[str, LoRA]:
    """The LoRAs of a model, by the dotted name of the map that each stands beside."""
    return {name: part for name, part in model.named_modules() if isinstance(part, LoRA)}


def merge(model: PreTrainedModel) -> PreTrainedModel:
    """Add what each LoRA has learnt to its matrix, and take the LoRA away: the library's own model again.

    The first time; after that there is nothing left to merge.
    """
    for name, part in loras(model).items():
        _replace(model, name, part.merged())
    return model


def _ends(name: str, targets: Sequence[str]) -> bool:
    numbered = ".".join("layer" if part.isdigit() else part for part in name.split("."))  # layer.3.output -> layer.…
    return any(f".{numbered}".endswith(f".{target}") for target in targets)


def _replace(root: nn.Module, name: str, part: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(root.get_submodule(parent), last, part)


# --- in the layers ----------------------------------------------------------------------------------------------------


def adapters(model: PreTrainedModel, m: int = 24, both: bool = True) -> PreTrainedModel:
    """Put bottlenecks of width m behind attention and feed-forward network, before their sum and norm; norms learn.

    So Houlsby et al. 2019. With `both` false behind the feed-forward network alone, and norms stay: Pfeiffer et al.
    2021.
    """
    layer_norms_alone(model) if both else head_alone(model)
    for layer in _layers(model):
        for part in [layer.attention.output, layer.output] if both else [layer.output]:
            part.dropout = nn.Sequential(part.dropout, Adapter(model.config.hidden_size, m))
    return model


def ia3(model: PreTrainedModel) -> PreTrainedModel:
    """Rescale keys, values and the inner layer of the feed-forward network by learnt vectors (Liu et al. 2022)."""
    head_alone(model)
    for layer in _layers(model):
        attention = layer.attention.self
        attention.key, attention.value = Rescaled(attention.key), Rescaled(attention.value)
        layer.output.dense = Rescaled(layer.output.dense, inputs=True)
    return model


# --- beside the text --------------------------------------------------------------------------------------------------


def prefix_tuning(model: PreTrainedModel, m: int = 16) -> PreTrainedModel:
    """Give the attention of each layer m learnt keys and values more (Li & Liang 2021); they begin as drawn words'."""
    head_alone(model)
    start, encoder = word_vectors(model, m), model.base_model.encoder
    for layer in encoder.layer:
        layer.attention.self = PrefixAttention(layer.attention.self, start)
    encoder.register_forward_pre_hook(partial(_widen, m), with_kwargs=True)
    return model.train(model.training)  # what is new too


def prompt_tuning(model: PreTrainedModel, m: int = 16) -> PreTrainedModel:
    """Let the encoder read m learnt vectors with each text (Lester et al. 2021); they begin as drawn words'."""
    head_alone(model)
    model.base_model.encoder = PromptedEncoder(model.base_model.encoder, word_vectors(model, m))
    return model


class PrefixAttention(nn.Module):
    """The library's self-attention of a layer with m more keys and values."""

    def __init__(self, attention: Any, start: Tensor) -> None:
        super().__init__()
        self.query, self.dropout = attention.query, attention.dropout
        self.key, self.value = Prefixed(attention.key, start), Prefixed(attention.value, start)
        self.num_attention_heads = attention.num_attention_heads

    def forward(self, x: Tensor, attention_mask: Tensor | None = None, *_: Any, **__: Any) -> tuple[Tensor, None]:
        """x (B, T, d) -> (B, T, d), and no weights; the mask is (B, 1, T, T + m)."""
        q, k, v = (
            part(x).unflatten(-1, (self.num_attention_heads, -1)).transpose(1, 2)  # (B, h, T or T + m, d_k)
            for part in (self.query, self.key, self.value)
        )
        p = self.dropout.p if self.training else 0.0
        return F.scaled_dot_product_attention(q, k, v, attention_mask, dropout_p=p).transpose(1, 2).flatten(2), None


class PromptedEncoder(nn.Module):
    """An encoder that reads m learnt vectors P behind each text; attention knows no order, they might stand before."""

    def __init__(self, encoder: nn.Module, start: Tensor) -> None:
        super().__init__()
        self.encoder = encoder
        self.P = nn.Parameter(start.clone())  # (m, d)

    @property
    def layer(self) -> Any:
        """The encoder's layers."""
        return self.encoder.layer

    def forward(self, x: Tensor, attention_mask: Tensor | None = None, **options: Any) -> Any:
        """As the encoder's: x (B, T, d) and a mask (B, 1, T, T)."""
        T, m = x.shape[1], len(self.P)
        mask = widened(attention_mask, m)
        if mask is not None:
            mask = mask[:, :, :1].expand(-1, -1, T + m, -1)  # all queries see the same
        found = self.encoder(torch.cat([x, self.P.expand(len(x), -1, -1)], 1), attention_mask=mask, **options)
        found.last_hidden_state = found.last_hidden_state[:, :T]
        return found


def widened(mask: Tensor | None, m: int) -> Tensor | None:
    """The mask of m more keys that all may see: (B, 1, T, T) -> (B, 1, T, T + m), of bool or added to scores."""
    return None if mask is None else F.pad(mask, (0, m), value=mask.dtype == torch.bool)


def _widen(m: int, encoder: nn.Module, arguments: Any, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    return arguments, options | {"attention_mask": widened(options["attention_mask"], m)}


@torch.no_grad()
def word_vectors(model: PreTrainedModel, m: int) -> Tensor:
    """What the encoder reads of m words drawn at random: (m, d)."""
    embeddings, was = model.base_model.embeddings, model.training
    ids = torch.randperm(model.config.vocab_size)[:m].to(model.device)
    found = embeddings.eval()(input_ids=ids[None])[0]
    embeddings.train(was)
    return found


def _layers(model: PreTrainedModel) -> Any:
    return model.base_model.encoder.layer
