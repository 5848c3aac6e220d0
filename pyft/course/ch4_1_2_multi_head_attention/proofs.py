"""The proofs of section 4.1.2: ours against the library's, case by case."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import torch
from torch import nn

from pyft.course.proof_tools import TYPES, projection
from pyft.evidence.proofs import Case
from pyft.mutation import Maths, precision


def multi_head(m: Maths) -> Iterator[Case]:
    """Output, weights, gradients against `nn.MultiheadAttention`: queries from one text, keys from another; masks."""
    for seed, ((width, heads), (dtype, tol)) in enumerate(product([(8, 1), (12, 3), (32, 8)], TYPES)):
        torch.manual_seed(seed)
        theirs = nn.MultiheadAttention(width, heads, batch_first=True, dtype=dtype)
        nn.init.normal_(theirs.in_proj_bias)
        nn.init.normal_(theirs.out_proj.bias)
        ours = m.attention.MultiHeadAttention(width, heads).to(dtype)
        W, b = theirs.in_proj_weight.chunk(3), theirs.in_proj_bias.chunk(3)
        copied = {f"W_{x}.weight": W[i] for i, x in enumerate("QKV")} | {
            f"W_{x}.bias": b[i] for i, x in enumerate("QKV")
        }
        ours.load_state_dict(copied | {"W_O.weight": theirs.out_proj.weight, "W_O.bias": theirs.out_proj.bias})
        q, k, v = (torch.randn(3, T, width, dtype=dtype) for T in (5, 7, 7))
        real = torch.arange(7) < torch.tensor([[7], [4], [1]])  # (3, 7)
        window = torch.rand(5, 7).argsort(-1) < 3  # (5, 7), three keys a query
        settings: dict[str, tuple[Any, dict[str, Any]]] = {
            "no mask": (None, {}),
            "padding": (real[:, None, None], {"key_padding_mask": ~real}),
            "window": (window, {"attn_mask": ~window}),
        }
        for name, (mask, options) in settings.items():
            what = f"d = {width}, h = {heads}, {name}, {precision(dtype)}"
            ours.zero_grad()
            theirs.zero_grad()
            a, A = ours(q, k, v, mask)
            b_, B_ = theirs(q, k, v, average_attn_weights=False, **options)
            yield f"{what}, output", a, b_, tol
            yield f"{what}, weights", A, B_, tol
            a.backward(projection(a))
            b_.backward(projection(a))
            dW = torch.cat([W.weight.grad for W in (ours.W_Q, ours.W_K, ours.W_V)])
            yield f"{what}, dW_Q, dW_K, dW_V", dW, theirs.in_proj_weight.grad, tol
            yield f"{what}, dW_O", ours.W_O.weight.grad, theirs.out_proj.weight.grad, tol
            db = torch.cat([W.bias.grad for W in (ours.W_Q, ours.W_K, ours.W_V)])
            yield f"{what}, db_Q, db_K, db_V", db, theirs.in_proj_bias.grad, tol
            yield f"{what}, db_O", ours.W_O.bias.grad, theirs.out_proj.bias.grad, tol
