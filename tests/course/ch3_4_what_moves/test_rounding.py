"""Products in bfloat16 by rounding are what torch computes in bfloat16, but for the order of its sums."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pyft.course.ch3_4_what_moves.rounding import ToBfloat16, bfloat16_products

ULP = 2.0**-7  # the distance of two neighbours in bfloat16, relative to the smaller


def gradients(product, *factors):
    factors = [x.clone().requires_grad_() for x in factors]
    y = product(*factors)
    y.float().square().sum().backward()
    return [y.detach().float(), *(x.grad.float() for x in factors)]


def numbers(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def test_eight_bits_are_kept_forward_and_back():
    x = torch.tensor([1 + 2.0**-9, 1 + 2.0**-7, -3.14159], requires_grad=True)
    y = ToBfloat16.apply(x)
    assert y.tolist() == [1.0, 1 + 2.0**-7, -3.140625]
    (y * torch.tensor([1 + 2.0**-9, 1.0, 1.0])).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0, 1.0]


def test_a_linear_layer_is_that_of_torch_under_autocast():
    x, W, b = numbers(6, 32), numbers(8, 32), numbers(8)

    def real(*factors):
        with torch.autocast("cpu", torch.bfloat16):
            return F.linear(*factors)

    with bfloat16_products():
        ours = gradients(F.linear, x, W, b)
    theirs, float32 = gradients(real, x, W, b), gradients(F.linear, x, W, b)
    for name, a, e, exact in zip(["y", "x", "W", "b"], ours, theirs, float32, strict=True):
        scale = exact.abs().max()
        assert (a - e).abs().max() <= 2 * ULP * scale, name
        assert (a - exact).abs().max() > 1e-4 * scale, f"{name} is not rounded"


def test_attention_is_that_of_torch_in_bfloat16():
    q, k, v = (numbers(2, 3, 5, n) for n in (16, 16, 16))
    real = F.scaled_dot_product_attention(*(x.bfloat16() for x in (q, k, v))).float()
    with bfloat16_products():
        ours = F.scaled_dot_product_attention(q, k, v, is_causal=False)
    assert (ours - real).abs().max() <= 2 * ULP * real.abs().max()
    assert (ours - F.scaled_dot_product_attention(q, k, v)).abs().max() > 0


def test_a_mask_of_booleans_stays_one():
    x = numbers(1, 1, 3, 4)
    mask = torch.tensor([[True, True, False]]).expand(3, 3)
    with bfloat16_products():
        assert F.scaled_dot_product_attention(x, x, x, attn_mask=mask).isfinite().all()


def test_torch_is_as_before_after_it_even_after_an_error():
    before = F.linear, F.scaled_dot_product_attention
    layer, x = nn.Linear(4, 2), numbers(3, 4)
    whole = layer(x)
    with pytest.raises(ZeroDivisionError), bfloat16_products():
        assert (layer(x) != whole).any(), "the layer of a model takes its products so"
        raise ZeroDivisionError
    assert (F.linear, F.scaled_dot_product_attention) == before and torch.equal(layer(x), whole)
