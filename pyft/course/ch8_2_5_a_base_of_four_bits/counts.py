"""What a training on a quantised base keeps in memory, by formula and as measured."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from pyft.benchmarks.timing import peak_bytes, saved_bytes
from pyft.maths.four_bits import BLOCK, FourBit
from pyft.maths.sizes import Size

MINILM = Size()


def bits_a_number(bits: int = 4, block: int = BLOCK, scale: int = 32, second: int = 0) -> float:
    """Bits that a number takes: its code, and its share of the block's scale, which takes `scale` bits.

    With `second` the scales are quantised too: 8 bits each, and one of 32 bits for so many scales (double quantisation,
    Dettmers et al. 2023, section 3).
    """
    return bits + ((8 + 32 / second) if second else scale) / block


def matrix_numbers(size: Size = MINILM) -> int:
    """Numbers in the matrices of an encoder's layers."""
    return size.L * (4 * size.d**2 + 2 * size.d * size.d_ff)


def base_bytes(bits: float, size: Size = MINILM) -> float:
    """Bytes of these matrices at so many bits a number."""
    return matrix_numbers(size) * bits / 8


def remade_bytes(size: Size = MINILM) -> int:
    """What would be kept for the backward pass, if matrices that are made for the forward pass were kept: bytes.

    Below the first layer's queries, keys and values nothing learns, so no gradient goes through these three.
    """
    return 4 * (matrix_numbers(size) - 3 * size.d**2)


class Memory(NamedTuple):
    """Bytes of one training step; `peak` is what torch held at most, the others are counted."""

    matrices: int
    other_weights: int
    learning: int
    activations: int
    peak: int


def matrix_bytes(model: Any) -> int:
    """What the frozen linear maps of an encoder's layers take, biases aside: matrices, or codes and scales."""
    found = 0
    for part in model.base_model.encoder.modules():
        if isinstance(part, FourBit):
            found += part.packed.nbytes + part.scale.nbytes
        elif isinstance(part, nn.Linear) and not part.weight.requires_grad:
            found += part.weight.nbytes
    return found


def training_memory(model: Any, ids: Tensor) -> Memory:
    """What a step of AdamW keeps of a classifier without dropout, from its second step on; ids (B, T).

    `learning` is the gradients and moments of all that learns.
    """
    model.eval()
    learns = [p for p in model.parameters() if p.requires_grad]
    n, matrices = sum(p.numel() for p in learns), matrix_bytes(model)
    everything = sum(x.nbytes for x in [*model.parameters(), *model.buffers()])
    optimiser = torch.optim.AdamW(learns)

    def step() -> None:
        optimiser.zero_grad()
        model(input_ids=ids, labels=torch.zeros(len(ids)).long()).loss.backward()
        optimiser.step()

    step()  # from here on there are moments
    optimiser.zero_grad()
    activations = saved_bytes(model, lambda: model(input_ids=ids))
    return Memory(matrices, everything - matrices, 12 * n, activations, everything + 8 * n + peak_bytes(step))
