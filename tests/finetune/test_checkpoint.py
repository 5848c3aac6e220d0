"""A run's state, written whole or not at all."""

import pytest
import torch
from torch import nn

from pyft.errors import PyftError
from pyft.finetune import checkpoint


def trained(steps=3):
    torch.manual_seed(0)
    model = nn.Linear(4, 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    for _ in range(steps):
        model(torch.ones(1, 4)).square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    return model, optimizer


def test_what_is_saved_comes_back(tmp_path):
    model, optimizer = trained()
    best = {"weight": torch.ones(2, 4)}
    checkpoint.save(tmp_path / "run", model, optimizer, {"key": "a", "log": [1.5]}, best)
    other, its = trained(0)
    notes, found = checkpoint.resume(tmp_path / "run", other, its, key="a")
    assert notes == {"key": "a", "log": [1.5]}
    assert torch.equal(found["weight"], best["weight"]) and len(found) == 1
    assert torch.equal(other.weight, model.weight)
    for p, q in zip(model.parameters(), other.parameters(), strict=True):
        for name, x in optimizer.state[p].items():
            assert torch.equal(its.state[q][name], x), name


def test_where_nothing_was_saved_nothing_changes(tmp_path):
    model, optimizer = trained()
    before = model.weight.clone()
    assert checkpoint.resume(tmp_path, model, optimizer) is None
    assert torch.equal(model.weight, before)


def test_another_run_is_refused_before_anything_changes(tmp_path):
    checkpoint.save(tmp_path, *trained(), {"key": "a"})
    model, optimizer = trained(0)
    before = model.weight.clone()
    with pytest.raises(PyftError, match="is of another run"):
        checkpoint.resume(tmp_path, model, optimizer, key="b")
    assert torch.equal(model.weight, before)


@pytest.mark.parametrize("content", [b"", b"no tensors", b"cut"])
def test_a_file_that_cannot_be_read_is_named(content, tmp_path):
    checkpoint.save(tmp_path, *trained(), {})
    path = tmp_path / checkpoint.NAME
    path.write_bytes(path.read_bytes()[:-5] if content == b"cut" else content)
    with pytest.raises(PyftError, match=r"state\.safetensors cannot be read: .* Delete it"):
        checkpoint.resume(tmp_path, *trained(0))


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    checkpoint.save(tmp_path, *trained(1), {"step": 1})

    def full(tensors, path, notes):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(PyftError, match=r"No space left on device\. It needs 0 MB, .* What was saved before is kept"):
        checkpoint.save(tmp_path, *trained(2), {"step": 2})
    notes, _ = checkpoint.resume(tmp_path, *trained(0))
    assert notes == {"step": 1}
    assert [path.name for path in tmp_path.iterdir()] == [checkpoint.NAME]
