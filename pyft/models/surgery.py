"""Change a model before it is trained: random weights, frozen layers, a new top, another dropout."""

from collections.abc import Callable

import torch
from torch import nn
from transformers import PreTrainedModel

from pyft.errors import PyftError

# --- what is shared, what is new, what is trained ---------------------------------------------------------------------


def from_scratch(model: PreTrainedModel, seed: int) -> PreTrainedModel:
    """A model of the same architecture with new weights, initialised as the library does; `model` does not change.

    torch's own generator is left alone.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return type(model)(model.config)


def freeze(model: PreTrainedModel, layers: int) -> PreTrainedModel:
    """Take the embeddings and the lowest `layers` layers out of training, in place; the head is always trained.

    Frozen parameters ask for no gradient, so the backward pass ends above them. Dropout in frozen layers stays on.
    """
    body, L = model.base_model, len(model.base_model.encoder.layer)
    if not 0 <= layers <= L:
        raise PyftError(f"cannot freeze {layers} layers of {L}: expected a number from 0 to {L}.")
    for part in (body.embeddings, *body.encoder.layer[:layers]):
        part.requires_grad_(False)
    return model


def num_trainable(model: nn.Module) -> int:
    """How many parameters training may change."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


# --- layers -----------------------------------------------------------------------------------------------------------


def reinit_layers(model: PreTrainedModel, layers: int, seed: int) -> None:
    """Give the pooler and the last layers new weights, as the library initialises them (Zhang et al. 2021)."""
    body, new = model.base_model, from_scratch(model, seed).base_model
    body.pooler.load_state_dict(new.pooler.state_dict())
    L = len(body.encoder.layer)
    if not 0 <= layers <= L:
        raise PyftError(f"cannot reinitialise {layers} layers of {L}: expected a number from 0 to {L}.")
    for layer in range(L - layers, L):
        body.encoder.layer[layer].load_state_dict(new.encoder.layer[layer].state_dict())


def gradual_unfreezing(model: PreTrainedModel, stages: int) -> Callable[[int, int], None]:
    """Return what to call before each step: the head learns first, then one more layer at each stage, from the top.

    Howard & Ruder 2018, section 3.3, "gradual unfreezing"; the embeddings come last.
    """
    body = model.base_model
    parts = [*reversed(body.encoder.layer), body.embeddings]

    def before(t: int, total: int) -> None:
        opened = stages * t // total
        for depth, part in enumerate(parts):
            part.requires_grad_(depth < opened)

    return before


def set_dropout(model: nn.Module, p: float) -> None:
    """Set the dropout of all layers."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = p
