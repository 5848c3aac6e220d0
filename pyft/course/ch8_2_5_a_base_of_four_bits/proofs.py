"""The proofs of section 8.2.5: levels, codes and bytes against published ones, a map against the library's."""

import copy
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import BertConfig, BertForSequenceClassification

from pyft.benchmarks.timing import saved_bytes
from pyft.course.proof_tools import L, V, d, d_ff, gradients, h, projection, randomise, texts
from pyft.evidence.proofs import Case
from pyft.maths.lora import LoRA
from pyft.models import e5_file, efficient

STEPS = 50
NF4 = (  # Dettmers et al. 2023, appendix E; the same sixteen numbers stand in bitsandbytes, csrc/kernels.cu
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
)  # fmt: skip
BETWEEN = (  # where bitsandbytes goes from a level to the next (dQuantizeNF4 in csrc/kernels.cu), low to high
    -0.8480964004993439, -0.6106329262256622, -0.4599952697753906, -0.33967943489551544, -0.23460740596055984,
    -0.13791173323988914, -0.045525018125772476, 0.03979014977812767, 0.1202552504837513, 0.2035212516784668,
    0.2920137718319893, 0.3893125355243683, 0.5016634166240692, 0.6427869200706482, 0.8614784181118011,
)  # fmt: skip
ROUNDED = 3e-7  # they were computed in single precision


def drawn(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    """Normal numbers, a few of them far out, as in real matrices."""
    x = torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return torch.where(x.abs() > 2, 3 * x, x).to(dtype)


# --- levels and codes -------------------------------------------------------------------------------------------------


def levels(m: ModuleType) -> Iterator[Case]:
    """NF4 is the published table; levels rise from -1, one of them is zero; equal steps are those of E5's file."""
    found = m.normal_levels(4)
    yield "NF4", found, torch.tensor(NF4, dtype=torch.float64), ROUNDED
    yield "between two levels", (found[1:] + found[:-1]) / 2, torch.tensor(BETWEEN, dtype=torch.float64), ROUNDED
    for bits in (2, 3, 4):
        for name in ("normal", "uniform"):
            table = getattr(m, f"{name}_levels")(bits)
            yield f"{name}, {bits} bits, how many", float(len(table)), float(2**bits), 0.0
            yield f"{name}, {bits} bits, rising from -1", table.sort().values, table, 0.0
            yield f"{name}, {bits} bits, the lowest", table[0], -1.0, 0.0
            yield f"{name}, {bits} bits, zero", float((table == 0).sum()), 1.0, 0.0
    yield "equal steps", m.uniform_levels(4), torch.arange(-8, 8, dtype=torch.float64) / 8, 0.0


def nearest(m: ModuleType) -> Iterator[Case]:
    """Every number goes to the nearest of all levels, times the scale of its block; the largest is kept exactly."""
    for bits, block, name in [(4, 16, "normal"), (4, 32, "uniform"), (2, 8, "normal"), (3, 64, "uniform")]:
        table, x = getattr(m, f"{name}_levels")(bits), drawn(6, 64)
        x[0, :block] = 0  # a block of zeros has no scale
        codes, scale = m.quantise(x, table, block)
        found, blocks = m.dequantise(codes, scale, table), x.view(-1, block)
        what = f"{name}, {bits} bits, blocks of {block}"
        at = blocks.abs().argmax(1, keepdim=True)
        by_hand = blocks.gather(1, at)[:, 0]
        by_hand = by_hand.abs() if name == "normal" else -by_hand
        yield f"{what}, scale", scale, by_hand, 0.0
        yield f"{what}, zeros", table[codes[0]], torch.zeros(block), 0.0
        least = (blocks[:, :, None] - by_hand[:, None, None] * table).abs().amin(-1)
        yield f"{what}, distance", (found - blocks).abs(), least, 1e-12
        yield f"{what}, the largest", found.gather(1, at), blocks.gather(1, at), 1e-12
        again = m.dequantise(*m.quantise(found, table, block), table)
        yield f"{what}, a second time", again, found, 1e-12
    x = drawn(2, 64)
    halves = [m.dequantise(*m.quantise(x[i], m.normal_levels(), 64), m.normal_levels()) for i in (0, 1)]
    whole = m.dequantise(*m.quantise(x, m.normal_levels(), 64), m.normal_levels())
    yield "blocks do not meet", whole, torch.cat(halves), 0.0


def bytes_of_codes(m: ModuleType) -> Iterator[Case]:
    """Two codes are one byte, and come back; E5's blocks hold the numbers that its reader makes of them."""
    codes = torch.arange(16).repeat(3).view(2, 24)
    packed = m.pack(codes)
    yield "bytes", float(packed.nbytes), 24.0, 0.0
    yield "the first in the high half", packed[0, :2], torch.tensor([0 * 16 + 1, 2 * 16 + 3]), 0.0
    yield "back", m.unpack(packed), codes, 0.0
    rng = np.random.default_rng(0)
    blocks = np.zeros(5, e5_file.BLOCK)
    blocks["scale"], blocks["halves"] = rng.normal(size=5), rng.integers(0, 256, (5, 16))
    table, scale = m.uniform_levels(4), torch.from_numpy(8 * blocks["scale"].astype(np.float64))
    halves = torch.from_numpy(blocks["halves"])
    ours = m.dequantise(torch.cat([halves & 15, halves >> 4], -1), scale, table)
    yield "E5's blocks", ours.flatten(), torch.from_numpy(e5_file.dequantise(blocks)).double(), 1e-6


# --- a map ------------------------------------------------------------------------------------------------------------


def pair(m: ModuleType, d_in: int, d_out: int, bias: bool, dtype: torch.dtype, block: int = 8) -> tuple[Any, Any]:
    """A map in four bits, and the library's that has the same matrix, made back."""
    torch.manual_seed(1)
    linear = nn.Linear(d_in, d_out, bias=bias, dtype=dtype)
    quantised = m.FourBit(linear, m.normal_levels(), block)
    plain = copy.deepcopy(linear).requires_grad_(False)
    plain.weight.data = quantised.weight.clone()
    return quantised, plain


def forward_and_gradients(m: ModuleType) -> Iterator[Case]:
    """Output, and gradient of x through the matrix as it is kept; nothing of it learns; nothing is kept for it."""
    for d_in, d_out, bias, dtype, tol in [
        (8, 8, True, torch.float64, 1e-12),
        (16, 5, True, torch.float64, 1e-12),
        (24, 32, False, torch.float64, 1e-12),
        (16, 24, True, torch.float32, 2e-6),
    ]:
        ours, plain = pair(m, d_in, d_out, bias, dtype)
        x = drawn(3, 5, d_in, seed=2, dtype=dtype)
        a, b = gradients(ours, x), gradients(plain, x)
        for name, one, other in zip(("output", "dx"), a, b, strict=True):
            yield f"{d_in} to {d_out}, {name}", one, other, tol
        yield f"{d_in} to {d_out}, learns", float(any(p.requires_grad for p in ours.parameters())), 0.0, 0.0
        leaf = x.clone().requires_grad_()
        yield f"{d_in} to {d_out}, kept", float(saved_bytes(ours, partial(ours, leaf))), 0.0, 0.0


def training(m: ModuleType) -> Iterator[Case]:
    """Fifty steps of AdamW of a LoRA on a base in four bits are those on the same matrix in full; the codes stay."""
    quantised, plain = pair(m, 16, 8, True, torch.float64)
    before = quantised.packed.clone()
    learnt = []
    for base in (quantised, plain):
        torch.manual_seed(3)
        part, x, y = LoRA(base, 2, 4.0), drawn(32, 16, seed=4), drawn(32, 8, seed=5)
        optimiser = torch.optim.AdamW([part.A, part.B], lr=0.02)
        for _ in range(STEPS):
            optimiser.zero_grad()
            F.mse_loss(part(x), y).backward()
            optimiser.step()
        learnt.append(part)
    for name in ("A", "B"):
        yield name, getattr(learnt[0], name), getattr(learnt[1], name), 1e-9
    yield "B has moved", float(learnt[0].B.abs().sum() > 0), 1.0, 0.0
    yield "the codes", quantised.packed, before, 0.0


# --- a whole encoder --------------------------------------------------------------------------------------------------


def classifier() -> Any:
    """A small BERT with a head, all of its numbers drawn."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=V, hidden_size=d, num_attention_heads=h, intermediate_size=d_ff, num_hidden_layers=L,
        max_position_embeddings=16, num_labels=3,
    )  # fmt: skip
    return randomise(BertForSequenceClassification(config)).eval()


def in_bert(m: ModuleType) -> Iterator[Case]:
    """A BERT with LoRA: all frozen matrices become blocks, the head does not; logits, gradients, and merged."""
    torch.manual_seed(3)
    ours = efficient.lora(classifier(), 2, 6)
    m.freeze_in_four_bits(ours.base_model.encoder, m.normal_levels(), 8)
    plain = copy.deepcopy(ours)
    m.thaw(plain)
    quantised = [part for part in ours.modules() if isinstance(part, m.FourBit)]
    yield "maps in four bits", float(len(quantised)), float(6 * L), 0.0
    yield "maps left", float(sum(isinstance(part, m.FourBit) for part in plain.modules())), 0.0, 0.0
    head = torch.nn.Module()
    head.classifier = nn.Linear(8, 8)
    m.freeze_in_four_bits(head, m.normal_levels(), 8)
    yield "what learns stays", float(isinstance(head.classifier, nn.Linear)), 1.0, 0.0
    found = []
    for model in (ours, plain):
        model.zero_grad()
        for part in efficient.loras(model).values():
            with torch.no_grad():
                part.B.copy_(0.1 * drawn(*part.B.shape, dtype=torch.float32))
        z = logits(model)
        z.backward(projection(z))
        first = next(iter(efficient.loras(model).values()))
        found.append([z, first.A.grad, first.B.grad, model.classifier.weight.grad])
    for name, one, other in zip(("logits", "dA", "dB", "the head's"), *found, strict=True):
        yield name, one, other, 2e-4
    with torch.no_grad():
        yield "merged", logits(efficient.merge(plain)), found[0][0], 2e-5
    names = [name for name, _ in plain.named_parameters()]
    yield "names", float(names == [name for name, _ in classifier().named_parameters()]), 1.0, 0.0


def logits(model: Any) -> Tensor:
    """Of three texts of unequal length: (3, 3)."""
    torch.manual_seed(3)
    ids, real, segments = texts()
    return model(input_ids=ids, attention_mask=real.long(), token_type_ids=segments).logits
