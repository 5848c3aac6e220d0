"""The proofs of section 4.1.1: ours against the library's, case by case."""

from collections.abc import Iterator
from itertools import product

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pyft.course.proof_tools import TYPES, gradients
from pyft.evidence.proofs import Case
from pyft.mutation import Maths, precision


def attention(m: Maths) -> Iterator[Case]:
    """Output and gradients against `F.scaled_dot_product_attention`, with and without masks, empty rows included."""
    shapes = [(1, 1, 1, 1, 1, 1), (2, 3, 5, 5, 8, 8), (2, 2, 4, 7, 6, 3), (3, 1, 9, 2, 16, 5)]
    for seed, (shape, (dtype, tol)) in enumerate(product(shapes, TYPES)):
        torch.manual_seed(seed)
        B, n, T_q, T_k, d_k, d_v = shape
        q, k, v = (torch.randn(B, n, T, x, dtype=dtype) for T, x in [(T_q, d_k), (T_k, d_k), (T_k, d_v)])
        for name, mask in masks(B, T_q, T_k).items():
            what = f"{shape}, {name}, {precision(dtype)}"
            ours = gradients(m.attention.scaled_dot_product_attention, q, k, v, mask=mask)
            theirs = gradients(F.scaled_dot_product_attention, q, k, v, attn_mask=mask)
            for part, a, b in zip(["output", "dq", "dk", "dv"], ours, theirs, strict=True):
                yield f"{what}, {part}", a, b, tol


def orders(m: Maths) -> Iterator[Case]:
    """The causal mask against torch's, the permutation mask against a loop over the order, pair by pair."""
    for T in (1, 2, 6):
        theirs = nn.Transformer.generate_square_subsequent_mask(T)  # 0 where a query may look, else -inf
        yield f"causal, T = {T}", m.attention.causal(T), theirs == 0, 0.0
        torch.manual_seed(T)
        order = torch.rand(3, T).argsort(-1)  # (B, T)
        seen = torch.zeros(3, T, T, dtype=torch.bool)
        for b, row in enumerate(order.tolist()):
            for turn, i in enumerate(row):
                seen[b, i, row[:turn]] = True  # position i sees those that had their turn before
        yield f"permutation, T = {T}", m.encoder.permutation_mask(order), seen, 0.0


def masks(B: int, T_q: int, T_k: int) -> dict[str, Tensor | None]:
    """No mask, padding, causal, and a random one whose first row lets nothing through."""
    lengths = torch.randint(1, T_k + 1, (B, 1, 1, 1))
    random = torch.rand(B, 1, T_q, T_k) < 0.5
    random[:, :, 0] = False
    return {
        "no mask": None,
        "padding": torch.arange(T_k) < lengths,
        "causal": torch.ones(T_q, T_k, dtype=torch.bool).tril(),
        "an empty row": random,
    }
