"""Which parameters share a learning rate and a weight decay."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from pyft.profiles import Recipe

Group = dict[str, Any]  # parameters that share their options, as AdamW takes them


def groups(model: PreTrainedModel, recipe: Recipe) -> list[Group]:
    """Parameter groups for AdamW: `decay_groups`, and within them a group for each depth if rates decay with it.

    The rate of a layer is `layer_decay` times that of the one above it, from the head, which has the recipe's
    (Howard & Ruder 2018, section 3.2, "discriminative fine-tuning"). `peak` is what the schedule multiplies.
    """
    found = decay_groups(model, recipe.weight_decay, biases=recipe.decay_biases)
    if recipe.layer_decay == 1:
        return [group | {"peak": recipe.lr} for group in found]
    depth = depths(model)
    return [group | {"peak": recipe.lr * recipe.layer_decay**k} for k, group in split_groups(found, depth.__getitem__)]


def split_groups(groups: Sequence[Group], key: Callable[[Tensor], int]) -> Iterator[tuple[int, Group]]:
    """Each parameter group cut in several, one for each value of `key` in it, with that value."""
    for group in groups:
        for value in sorted({key(p) for p in group["params"]}):
            yield value, group | {"params": [p for p in group["params"] if key(p) == value]}


def depths(model: PreTrainedModel) -> dict[Tensor, int]:
    """How many layers lie above each parameter: 0 for the head, 1 for the last layer, L + 1 for embeddings."""
    L = model.config.num_hidden_layers
    body = {id(p) for p in model.base_model.parameters()}

    def depth(name: str, p: Tensor) -> int:
        layer = re.search(r"\.layer\.(\d+)\.", name)
        if layer:
            return L - int(layer.group(1))
        return L + 1 if id(p) in body and "pooler" not in name else 0

    return {p: depth(name, p) for name, p in model.named_parameters()}


def decay_groups(model: torch.nn.Module, weight_decay: float, biases: bool = False) -> list[Group]:
    """Parameter groups for AdamW: matrices decay, biases and LayerNorm gains (one dimension) only if asked for."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": weight_decay if biases else 0.0},
    ]
