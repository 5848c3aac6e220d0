"""The proofs of section 4.1.3: ours against the library's, case by case."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from pyft.course.proof_tools import TYPES, d, d_ff, gradients, h
from pyft.evidence.proofs import Case
from pyft.mutation import Maths, precision


def layer_norm(m: Maths) -> Iterator[Case]:
    """Output and gradients against `nn.LayerNorm`: widths, epsilons, far means, and a vector without any spread."""
    for (width, eps), (dtype, tol) in product([(24, 1e-5), (384, 1e-12), (2, 1e-12), (1, 1e-5), (5, 0.5)], TYPES):
        torch.manual_seed(width)
        ours, theirs = m.encoder.LayerNorm(width, eps).to(dtype), nn.LayerNorm(width, eps, dtype=dtype)
        gain, offset = torch.randn(width, dtype=dtype), torch.randn(width, dtype=dtype)
        ours.load_state_dict({"gamma": gain, "beta": offset})
        theirs.load_state_dict({"weight": gain, "bias": offset})
        inputs = {"random": torch.randn(4, 3, width, dtype=dtype), "far": 3 + 2 * torch.randn(4, 3, width, dtype=dtype)}
        if width == 2:  # two numbers that happen to be close would be spread by 1 / sqrt(eps), rounding and all
            inputs = {"apart": torch.tensor([[-1.0, 1.0], [2.0, -3.0]], dtype=dtype)}
        if eps == 0.5:
            inputs["without spread"] = torch.ones(2, width, dtype=dtype)
        for name, x in inputs.items():
            for part, a, b in zip(["output", "dx"], gradients(ours, x), gradients(theirs, x), strict=True):
                yield f"d = {width}, eps = {eps:g}, {name}, {precision(dtype)}, {part}", a, b, tol


def feed_forward(m: Maths) -> Iterator[Case]:
    """Output and all gradients against `nn.Sequential`, with ReLU and with GELU; GELU also by its formula.

    In training too: dropout stands between the activation and the second layer, and both draw the same.
    """
    kinds: dict[str, tuple[Any, nn.Module]] = {
        "relu": (m.encoder.relu, nn.ReLU()),
        "gelu": (m.encoder.gelu, nn.GELU()),
        "gelu in one kernel": (F.gelu, nn.GELU()),
    }
    for (name, (ours_f, theirs_f)), (dtype, tol) in product(kinds.items(), TYPES):
        torch.manual_seed(0)
        ours = m.encoder.FeedForward(6, 10, ours_f).to(dtype)
        theirs = nn.Sequential(nn.Linear(6, 10), theirs_f, nn.Linear(10, 6)).to(dtype)
        theirs.load_state_dict(
            {f"{i}.{x}": y for i, W in [(0, ours.W_1), (2, ours.W_2)] for x, y in W.state_dict().items()}
        )
        x = torch.randn(3, 4, 6, dtype=dtype)
        for part, a, b in zip(["output", "dx"], gradients(ours, x), gradients(theirs, x), strict=True):
            yield f"{name}, {precision(dtype)}, {part}", a, b, tol
        for (part, a), b in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            yield f"{name}, {precision(dtype)}, d{part}", a.grad, b.grad, tol
        ours.dropout.p = 0.3
        torch.manual_seed(7)
        a = ours(x)
        torch.manual_seed(7)
        b = theirs[2](F.dropout(theirs[1](theirs[0](x)), 0.3))
        yield f"{name}, {precision(dtype)}, output in training", a, b, tol


def layer(m: Maths) -> Iterator[Case]:
    """A whole layer, norm after and norm before the sublayer, against `nn.TransformerEncoderLayer`."""
    for norm_first, (dtype, tol) in product([False, True], TYPES):
        torch.manual_seed(norm_first)
        kind = m.encoder.PreNormLayer if norm_first else m.encoder.EncoderLayer
        ours = kind(d, h, d_ff, eps=1e-5, dropout=0.3).to(dtype).eval()
        theirs = nn.TransformerEncoderLayer(
            d, h, d_ff, 0.3, F.gelu, 1e-5, batch_first=True, norm_first=norm_first, dtype=dtype
        ).eval()
        for p in ours.parameters():
            nn.init.normal_(p, std=0.2)
        state = ours.state_dict()
        names = {"self_attn.out_proj": "attention.W_O", "linear1": "feed_forward.W_1", "linear2": "feed_forward.W_2"}
        copied = {f"{a}.{part}": state[f"{b}.{part}"] for a, b in names.items() for part in ("weight", "bias")}
        for part in ("weight", "bias"):
            copied[f"self_attn.in_proj_{part}"] = torch.cat([state[f"attention.W_{x}.{part}"] for x in "QKV"])
        for i in (1, 2):
            copied |= {f"norm{i}.weight": state[f"norm_{i}.gamma"], f"norm{i}.bias": state[f"norm_{i}.beta"]}
        theirs.load_state_dict(copied)
        real = torch.arange(6) < torch.tensor([[6], [3]])  # (2, 6)
        x = torch.randn(2, 6, d, dtype=dtype)
        a = gradients(ours, x, mask=real[:, None, None])
        b = gradients(theirs, x, src_key_padding_mask=~real)
        where = "norm before" if norm_first else "norm after"
        yield f"{where}, {precision(dtype)}, output", a[0], b[0], tol
        yield f"{where}, {precision(dtype)}, dx", a[1], b[1], tol
