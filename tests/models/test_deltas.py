"""Weights kept in four bits: what comes back, how far off it may be, what is refused."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from pyft.errors import PyftError
from pyft.models import deltas


@given(st.integers(0, 999), st.integers(1, 5), st.floats(1e-2, 1e3))
def test_a_number_comes_back_within_half_a_step_of_its_group(seed, groups, size):
    x = size * torch.randn(groups, deltas.GROUP, generator=torch.Generator().manual_seed(seed))
    packed, scale = deltas.quantise(x)
    back = deltas.dequantise(packed, scale, x.shape)
    assert packed.numel() == x.numel() // 2 and packed.dtype == torch.uint8
    step = x.abs().amax(1, keepdim=True) / deltas.LEVELS
    assert ((back - x).abs() <= step * (0.5 + 0.005)).all()  # scales are of half precision


def test_each_group_has_a_scale_of_its_own():
    x = torch.cat([torch.full((deltas.GROUP,), 1e-3), torch.full((deltas.GROUP,), 100.0)])
    assert torch.allclose(deltas.dequantise(*deltas.quantise(x), x.shape), x, rtol=1e-3)


def test_zeros_stay_zeros():
    x = torch.zeros(deltas.GROUP)
    assert torch.equal(deltas.dequantise(*deltas.quantise(x), x.shape), x)


def test_a_number_of_elements_that_makes_no_groups_is_refused():
    with pytest.raises(PyftError, match="65 numbers cannot be kept in groups of 64"):
        deltas.quantise(torch.zeros(65))


def state(seed=0):
    torch.manual_seed(seed)
    return {"W": torch.randn(8, 64), "words": torch.randn(5, 64), "bias": torch.randn(8), "head": torch.randn(3, 64)}


def test_a_file_holds_differences_and_what_is_new_but_nothing_frozen(tmp_path):
    base = {k: v for k, v in state().items() if k != "head"}
    trained = {k: v + 0.01 * torch.randn_like(v) for k, v in state().items()} | {"words": base["words"]}
    path = tmp_path / "a" / "x.safetensors"
    deltas.save(path, trained, base, frozen={"words"})
    assert set(load_file(path)) == {"W:q", "W:scale", "bias", "head"}
    back = deltas.load(path, base | {"head": torch.zeros(3, 64)})
    assert torch.equal(back["words"], base["words"])
    assert (back["W"] - trained["W"]).abs().max() < 0.005
    assert (back["W"] - trained["W"]).norm() < 0.2 * (base["W"] - trained["W"]).norm()  # most of what was learnt
    for name in ("bias", "head"):
        assert torch.equal(back[name], trained[name].half().float())
    assert [p.name for p in path.parent.iterdir()] == ["x.safetensors"]


def test_rebuilding_gives_the_same_bits_twice(tmp_path):
    deltas.save(tmp_path / "x", state(1), state(0), set())
    one, two = (deltas.load(tmp_path / "x", state(0)) for _ in range(2))
    assert all(torch.equal(one[k], two[k]) for k in one)


@pytest.mark.parametrize("content", [None, b"", b"no tensors at all"])
def test_a_file_that_is_absent_or_broken_is_named(tmp_path, content):
    path = tmp_path / "bert.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PyftError, match=r"could not read bert.safetensors.*git checkout"):
        deltas.load(path, {})


def test_a_file_of_another_model_is_refused(tmp_path):
    deltas.save(tmp_path / "x", state(1), state(0), set())
    with pytest.raises(PyftError, match="W"):
        deltas.load(tmp_path / "x", {"bias": torch.zeros(8)})
