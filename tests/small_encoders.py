"""Small encoders in float64, with texts for them."""

import torch
from hypothesis import strategies as st
from torch.nn import functional as F

from pyft.maths.encoder import BertEncoder, RobertaEncoder, XLNetEncoder

V, SIZE = 30, (30, 12, 3, 20, 2)  # vocabulary; with it width, heads, inner width, layers
PAD = 1


def close(a, b, atol=1e-11):
    torch.testing.assert_close(a, b, atol=atol, rtol=0)


def drawn(net, seed=0):
    """In float64, in evaluation, every parameter drawn, so that biases and gains matter."""
    torch.manual_seed(seed)
    for name, p in net.named_parameters():
        torch.nn.init.normal_(p, mean=float("gamma" in name), std=0.5)
    return net.double().eval().requires_grad_(False)


BERT, ROBERTA = drawn(BertEncoder(*SIZE, max_length=16)), drawn(RobertaEncoder(*SIZE, max_length=16, pad_id=PAD))
XLNET = drawn(XLNetEncoder(*SIZE))


def texts(B, T, seed):
    """Ids (B, T) without padding, segments (B, T)."""
    torch.manual_seed(seed)
    return torch.randint(2, V, (B, T)), torch.randint(0, 2, (B, T))


def padded(x, left, right, filler):
    return F.pad(x, (left, right), value=filler)


batches = st.builds(texts, st.integers(1, 3), st.integers(1, 6), st.integers(0, 10_000))
amounts = st.integers(0, 5)
