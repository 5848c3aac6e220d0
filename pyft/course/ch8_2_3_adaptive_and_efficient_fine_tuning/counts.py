"""What a training keeps in memory for each method, as measured; by formula it is in `pyft.maths.sizes`."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from pyft.benchmarks.timing import peak_bytes, saved_bytes


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
