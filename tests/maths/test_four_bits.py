"""What four bits refuse, and what a map in blocks carries along; what it computes is proven for section 8.2.5."""

import copy

import pytest
import torch
from torch import nn

from pyft.maths.four_bits import FourBit, freeze_in_four_bits, normal_levels, quantise, thaw


def test_blocks_must_be_whole():
    with pytest.raises(ValueError, match="90 numbers make no whole blocks of 64"):
        quantise(torch.zeros(90), normal_levels())


def test_a_copy_and_a_saved_state_are_the_same_map():
    torch.manual_seed(0)
    one, other = (FourBit(nn.Linear(16, 8), normal_levels(), 16) for _ in range(2))
    x = torch.randn(3, 16)
    assert torch.equal(copy.deepcopy(one)(x), one(x))
    other.load_state_dict(one.state_dict())
    assert torch.equal(other(x), one(x))


def test_thawed_it_is_frozen_all_the_same_and_leaves_the_generator_alone():
    body = nn.Sequential(nn.Linear(16, 8).requires_grad_(False), nn.Linear(8, 2))
    freeze_in_four_bits(body, normal_levels(), 16)
    before = torch.get_rng_state()
    kept = body[0].weight
    thaw(body)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(body[0].weight, kept)
    assert not body[0].weight.requires_grad
    assert body[1].weight.requires_grad
