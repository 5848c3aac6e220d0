"""A graph gives the model's own logits, with padding and whatever the sizes; int8 is near; the clock is fair."""

import numpy as np
import pytest
import torch

from pyft.deployment import latency, onnx_graph
from pyft.errors import PyftError


def test_what_is_missing_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(PyftError, match=r"onnxruntime: not installed\. To have it, in the folder of the repository"):
        onnx_graph.Session(tmp_path / "a.onnx")


def test_instructions_are_read_from_the_processors_flags():
    assert onnx_graph.eight_bit_instructions(["fpu", "avx2", "avx512_vnni"]) == ["avx512_vnni"]
    assert onnx_graph.eight_bit_instructions([]) == []


def test_calls_are_timed_by_turns():
    order = []
    found = latency.latencies({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, repeats=3)
    assert order == ["a", "b"] * 4
    assert all(0 <= found[name].p50 <= found[name].p95 for name in "ab")


@pytest.mark.slow
def test_a_graph_gives_the_models_logits(tiny_bert, tmp_path):
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    model = tiny_bert(num_labels=3).eval()
    graph = onnx_graph.export(model, tmp_path / "model.onnx")
    session = onnx_graph.Session(graph)
    for B, T, pad in [(1, 2, 0), (3, 17, 9), (2, 128, 100)]:
        ids = torch.randint(0, 11, (B, T), generator=torch.Generator().manual_seed(T))
        mask = torch.ones_like(ids)
        mask[0, T - pad :] = 0
        with torch.inference_mode():
            wanted = model(input_ids=ids, attention_mask=mask).logits
        found = session({"input_ids": ids, "attention_mask": mask})
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    small = onnx_graph.quantize(graph, tmp_path / "int8.onnx")
    assert onnx_graph.operators(small).get("MatMulInteger", 0) >= 12  # six matrices a layer
    near = onnx_graph.Session(small)({"input_ids": ids, "attention_mask": mask})
    assert 0 < np.abs(near - wanted.numpy()).max() < 0.1
