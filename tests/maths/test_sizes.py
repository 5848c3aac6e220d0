"""What a method learns is a part of the whole, and the more of it learns, the more is kept."""

import pytest

from pyft.maths import flops
from pyft.maths.sizes import Size, activation_bytes, own_parameters

TINY = Size(V=11, d=32, d_ff=64, L=2, h=2, positions=128)


def test_everything_is_what_the_encoder_has():
    assert own_parameters("full", TINY) == flops.bert(1, 1, 11, 32, 64, 2, 128).parameters
    assert own_parameters("LoRA", TINY) == 2 * 2 * 8 * (32 + 32)  # layers, W_Q and W_V, rank, A and B
    with pytest.raises(KeyError):
        own_parameters("none", TINY)


def test_what_learns_decides_what_is_kept():
    kept = [activation_bytes(name, 4, 8, TINY) for name in ("head alone", "BitFit", "LoRA", "full")]
    assert kept == sorted(set(kept))
    with pytest.raises(KeyError):
        activation_bytes("none", 4, 8, TINY)
