"""How many numbers each method learns, and what a training keeps in memory for it, by formula and as measured."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from pyft.benchmarks.timing import saved_bytes
from pyft.maths import flops


@dataclass(frozen=True)
class Size:
    """Of an encoder, as in section 4.1; and of what is put in beside it. As it stands: MiniLM."""

    V: int = 30522
    d: int = 384
    d_ff: int = 1536
    L: int = 6
    h: int = 12
    positions: int = 512
    r: int = 8  # rank of LoRA
    bottleneck: int = 24  # width of an adapter
    vectors: int = 16  # of a prefix or a prompt


def own_parameters(method: str, size: Size = Size()) -> int:
    """The numbers that a method learns below the head.

    Raises:
        KeyError: no such method.
    """
    d, d_ff, L, r = size.d, size.d_ff, size.L, size.r
    norms, adapter = 4 * L * d + 2 * d, 2 * size.bottleneck * d + size.bottleneck + d
    return {
        "full": flops.bert(1, 1, size.V, d, d_ff, L, size.positions).parameters,
        "head alone": 0,
        "BitFit": L * (7 * d + d_ff) + d,
        "LayerNorm": norms,
        "LoRA": L * 2 * r * (d + d),
        "LoRA, all matrices": L * r * (4 * (d + d) + 2 * (d + d_ff)),
        "DoRA": L * 2 * (r * (d + d) + d),
        "Houlsby adapters": 2 * L * adapter + norms,
        "Pfeiffer adapters": L * adapter,
        "(IA)³": L * (2 * d + d_ff),
        "prefix": L * 2 * size.vectors * d,
        "prompt": size.vectors * d,
    }[method]


def activation_bytes(method: str, B: int, T: int, size: Size = Size()) -> int:
    """What is kept for the backward pass of a BERT that classifies texts, without dropout, in single precision.

    Each layer keeps queries, keys, values and what attention makes of them (4 d a token), the inputs of both norms
    (2 d), that of gelu (d_ff), and a number a head and two a norm. The input of a linear map is kept for the gradient
    of its matrix alone: three more of d and one of d_ff, if all matrices learn; with LoRA the one that queries and
    values share, and what A makes of it.

    Raises:
        KeyError: a method for which there is no formula here.
    """
    d, d_ff, L = size.d, size.d_ff, size.L
    embedding = d + 2  # the input of its norm, mean and deviation
    layer = {
        "full": 8 * d + 2 * d_ff,
        "BitFit": 6 * d + d_ff,
        "LayerNorm": 6 * d + d_ff,
        "LoRA": 7 * d + d_ff + 2 * size.r,
    }
    if method == "head alone":
        return 4 * (B * T * d + B * d)  # the pooler's input, a part of the last hidden states, and its output
    below = 0 if method == "LoRA" else embedding
    return 4 * (B * T * (L * (layer[method] + size.h + 4) + below + d) + B * d)


class Memory(NamedTuple):
    """Bytes of one training step; `peak` is what torch held at most, the others are counted."""

    weights: int
    gradients: int
    moments: int
    activations: int
    peak: int


def training_memory(model: Any, ids: Tensor) -> Memory:
    """What a step of AdamW keeps of a classifier without dropout, from its second step on; ids (B, T)."""
    model.eval()
    learns = [p for p in model.parameters() if p.requires_grad]
    weights, n = 4 * sum(p.numel() for p in model.parameters()), sum(p.numel() for p in learns)
    optimiser = torch.optim.AdamW(learns)

    def step() -> None:
        optimiser.zero_grad()
        model(input_ids=ids, labels=torch.zeros(len(ids)).long()).loss.backward()
        optimiser.step()

    step()  # from here on there are moments
    optimiser.zero_grad()
    kept = saved_bytes(model, lambda: model(input_ids=ids))
    return Memory(weights, 4 * n, 8 * n, kept, weights + 8 * n + peak_bytes(step))


def peak_bytes(work: Callable[[], Any]) -> int:
    """The most memory that torch held on the CPU at once during `work`, beyond what it held before."""
    with _quiet(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as watched:
        work()
    events = [e for e in watched.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop what the profiler's library writes to standard error past Python: when it begins and ends."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
