"""Counts by formula equal what PyTorch counts on the real modules, to the last operation and byte."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from pyft.benchmarks import timing
from pyft.maths import flops
from pyft.maths.attention import MultiHeadAttention
from pyft.maths.encoder import (
    BertEncoder,
    EncoderLayer,
    FeedForward,
    LayerNorm,
    PreNormLayer,
    RobertaEncoder,
    XLNetEncoder,
)
from pyft.maths.encoder import RelativeAttention as Relative


def counted(module, run):
    """Parameters, FLOPs of the forward pass, FLOPs of the backward pass: counted, not derived."""
    with FlopCounterMode(display=False) as forward:
        outputs = run()
    with FlopCounterMode(display=False) as backward:
        sum(x.sum() for x in outputs).backward()
    parameters = sum(p.numel() for p in module.parameters())
    return parameters, forward.get_total_flops(), backward.get_total_flops()


@pytest.mark.parametrize("learned_input", [True, False])
@pytest.mark.parametrize("B,T_q,T_k,d,h", [(1, 1, 1, 2, 1), (2, 5, 5, 12, 3), (3, 4, 7, 8, 8), (2, 6, 1, 6, 2)])
def test_attention(B, T_q, T_k, d, h, learned_input):
    module = MultiHeadAttention(d, h)
    q, k, v = (torch.randn(B, T, d, requires_grad=learned_input) for T in (T_q, T_k, T_k))
    cost = flops.attention(B, T_q, T_k, d, learned_input)
    assert counted(module, lambda: module(q, k, v)[:1]) == cost
    assert cost.forward == 4 * B * d**2 * (T_q + T_k) + 4 * B * T_q * T_k * d  # the docstring's formula
    assert cost.training == cost.forward + cost.backward


@pytest.mark.parametrize("learned_input", [True, False])
@pytest.mark.parametrize("B,T,d,d_ff", [(1, 1, 2, 3), (2, 5, 12, 7), (3, 4, 8, 32)])
def test_feed_forward(B, T, d, d_ff, learned_input):
    module, x = FeedForward(d, d_ff), torch.randn(B, T, d, requires_grad=learned_input)
    cost = flops.feed_forward(B, T, d, d_ff, learned_input)
    assert counted(module, lambda: [module(x)]) == cost
    assert cost.forward == 4 * B * T * d * d_ff


def test_layer_norm():
    module = LayerNorm(6)
    assert counted(module, lambda: [module(torch.randn(3, 6))]) == flops.layer_norm(6)


@pytest.mark.parametrize("kind,learned_input", [(EncoderLayer, True), (EncoderLayer, False), (PreNormLayer, False)])
@pytest.mark.parametrize("B,T,d,h,d_ff", [(1, 2, 4, 2, 3), (2, 5, 12, 3, 40)])
def test_encoder_layer(B, T, d, h, d_ff, kind, learned_input):
    module, x = kind(d, h, d_ff), torch.randn(B, T, d, requires_grad=learned_input)
    cost = flops.encoder_layer(B, T, d, d_ff, learned_input or kind is PreNormLayer)
    assert counted(module, lambda: [module(x)]) == cost
    assert cost.forward == 8 * B * T * d**2 + 4 * B * T**2 * d + 4 * B * T * d * d_ff


SIZES = [(1, 1, 7, 2, 1, 3, 1), (2, 6, 11, 12, 3, 20, 3), (3, 4, 30, 8, 2, 8, 2)]  # B, T, V, d, h, d_ff, layers


@pytest.mark.parametrize("B,T,V,d,h,d_ff,num_layers", SIZES)
def test_encoders(B, T, V, d, h, d_ff, num_layers):
    ids = torch.randint(V, (B, T))
    bert, roberta = BertEncoder(V, d, h, d_ff, num_layers), RobertaEncoder(V, d, h, d_ff, num_layers)
    assert counted(bert, lambda: [bert(ids)]) == flops.bert(B, T, V, d, d_ff, num_layers)
    assert counted(roberta, lambda: [roberta(ids)]) == flops.roberta(B, T, V, d, d_ff, num_layers)
    short = BertEncoder(V, d, h, d_ff, num_layers, max_length=T, num_segments=3)
    assert counted(short, lambda: [short(ids)]) == flops.bert(B, T, V, d, d_ff, num_layers, T, 3)
    assert flops.bert(B, T, V, d, d_ff, num_layers).backward == 2 * flops.bert(B, T, V, d, d_ff, num_layers).forward


@pytest.mark.parametrize("B,T_q,T,d,h", [(1, 1, 1, 2, 1), (2, 3, 5, 12, 3)])
def test_relative_attention(B, T_q, T, d, h):
    module = Relative(d, h)
    x, states = torch.randn(B, T_q, d, requires_grad=True), torch.randn(B, T, d, requires_grad=True)
    pairs, mask = torch.zeros(B, T_q, T, dtype=torch.long), torch.ones(B, T_q, T, dtype=torch.bool)
    run = lambda: [module(x, states, torch.randn(2 * T - 1, d), pairs, pairs, mask)]  # noqa: E731
    assert counted(module, run) == flops.relative_attention(B, T_q, T, d)


@pytest.mark.parametrize("B,T,V,d,h,d_ff,num_layers", SIZES)
def test_xlnet_with_one_stream_and_with_two(B, T, V, d, h, d_ff, num_layers):
    module, ids = XLNetEncoder(V, d, h, d_ff, num_layers), torch.randint(V, (B, T))
    assert counted(module, lambda: module(ids)[:1]) == flops.xlnet(B, T, V, d, d_ff, num_layers)
    for M in {1, T}:
        targets = torch.arange(M).expand(B, M)
        run = lambda t=targets: module(ids, targets=t)  # noqa: E731
        assert counted(module, run) == flops.xlnet(B, T, V, d, d_ff, num_layers, M)


@pytest.mark.parametrize("dropout,dtype", [(0.0, torch.float32), (0.1, torch.float32), (0.1, torch.float64)])
@pytest.mark.parametrize("B,T,d,h", [(1, 1, 2, 1), (1, 5, 6, 1), (2, 8, 12, 3), (3, 7, 8, 8)])
def test_bytes_kept_by_attention(B, T, d, h, dropout, dtype):
    module, x = MultiHeadAttention(d, h, dropout).to(dtype), torch.randn(B, T, d, dtype=dtype, requires_grad=True)
    formula = flops.attention_activation_bytes(B, T, d, h, dropout > 0, dtype.itemsize)
    assert timing.saved_bytes(module, lambda: module(x, x, x)) == formula
    real = torch.ones(B, 1, 1, T, dtype=torch.bool)
    assert timing.saved_bytes(module, lambda: module(x, x, x, real)) == formula  # a mask is not kept


def test_the_square_in_the_bytes_kept_is_the_weights_alone():
    """Second differences over T see neither what is linear nor what is constant."""
    B, d, h = 2, 12, 3
    module = MultiHeadAttention(d, h)
    texts = [torch.randn(B, T, d, requires_grad=True) for T in (10, 11, 12)]
    a, b, c = (timing.saved_bytes(module, lambda x=x: module(x, x, x)) for x in texts)
    assert a - 2 * b + c == 2 * (4 * B * h)


@pytest.mark.parametrize("B,T,d,d_ff", [(1, 1, 2, 3), (2, 5, 12, 7), (3, 4, 8, 32)])
def test_bytes_kept_by_the_feed_forward_network(B, T, d, d_ff):
    module, x = FeedForward(d, d_ff), torch.randn(B, T, d, requires_grad=True)
    assert timing.saved_bytes(module, lambda: module(x)) == flops.feed_forward_activation_bytes(B, T, d, d_ff)
