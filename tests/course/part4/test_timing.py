"""A benchmark says what it measured; its verdict follows from its numbers; the committed one keeps its limits."""

import json
import tomllib
from dataclasses import replace
from statistics import median

import pytest
import torch
from torch import nn

from pyft import paths
from pyft.benchmarks import experiment, timing
from pyft.course.part4 import timing as timings

TINY = timings.Size(
    B=2,
    T=4,
    d=8,
    h=2,
    d_ff=12,
    num_layers=1,
    V=20,
    repetitions=8,
    encoder_repetitions=6,
    growth_batch=2,
    growth_lengths=(3, 5, 9),
)
RIVALS = {
    "MultiHeadAttention": {"nn.MultiheadAttention", "nn.MultiheadAttention without weights"},
    "BertEncoder": {"BertModel, eager", "BertModel, sdpa"},
    "AdamW": {"torch.optim.AdamW, foreach", "torch.optim.AdamW, fused"},
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A run at tiny size: what was written."""
    path = tmp_path_factory.mktemp("bench") / "new" / "maths.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timings, "SIZE", TINY)
        timings.EXPERIMENT.measure(path)
    return json.loads(path.read_text(encoding="utf8"))


def holds_together(found):
    """The form of the file, and that all that is derived in it follows from what was measured."""
    runs = {r["what"]: r for r in found["runs"]}
    growth = runs.pop("growth")
    assert set(runs) == set(RIVALS) == set(timings.LIMITS)
    for what, r in runs.items():
        assert r["limit"] == timings.LIMITS[what]
        assert set(r["seconds"]) == {"ours"} | RIVALS[what]
        n = r["size"]["encoder_repetitions" if what == "BertEncoder" else "repetitions"]
        assert {len(times) for times in r["seconds"].values()} == {n}
        for name, against in r["against"].items():
            paired = [a / b for a, b in zip(r["seconds"]["ours"], r["seconds"][name], strict=True)]
            assert against["ratio"] == pytest.approx(median(paired), abs=1e-4)
            assert min(paired) - 1e-4 <= against["low"] <= against["ratio"] <= against["high"] <= max(paired) + 1e-4
        assert {x: r[x] for x in ("ratio", "low", "high")} == r["against"][r["reference"]]
    fastest = runs["MultiHeadAttention"]
    assert fastest["reference"] == min(RIVALS["MultiHeadAttention"], key=lambda name: median(fastest["seconds"][name]))
    assert runs["BertEncoder"]["reference"] == "BertModel, eager"  # step by step, as ours
    assert runs["AdamW"]["reference"] == "torch.optim.AdamW, foreach"

    assert growth["T"] == growth["size"]["growth_lengths"]
    for module in ("attention", "feed-forward"):
        g = growth[module]
        assert {len(values) for values in g.values()} == {len(growth["T"])}
        assert g["flops"] == g["flops_measured"]
        assert g["bytes"] == g["bytes_measured"]
        assert all(s >= best * (1 - 1e-3) for s, best in zip(g["seconds"], g["seconds_at_best"], strict=True))
        assert any(
            s == pytest.approx(best, rel=1e-3) for s, best in zip(g["seconds"], g["seconds_at_best"], strict=True)
        )


def test_a_run_is_written_whole_and_holds_together(found):
    holds_together(found)
    for r in found["runs"]:
        assert r["size"] == json.loads(json.dumps(TINY._asdict()))
        assert r["provenance"]["hardware"]["threads"] == 1


def test_rivals_take_turns_and_the_warm_up_is_not_kept(monkeypatch):
    turns, clock = [], iter(range(100))
    monkeypatch.setattr(timing.timeit, "timeit", lambda work, number: (work(), next(clock))[1])
    seconds = timing.time_by_turns({"a": lambda: turns.append("a"), "b": lambda: turns.append("b")}, 3, warm_up=1)
    assert "".join(turns) == "ab" * 4
    assert seconds == {"a": [2, 4, 6], "b": [3, 5, 7]}


def test_a_training_pass_makes_the_same_gradients_every_time():
    torch.manual_seed(0)
    module, x = nn.Linear(3, 2), torch.randn(4, 3, requires_grad=True)
    work = timing.training_pass(module, lambda: module(x), x)
    work()
    first = [p.grad.clone() for p in (*module.parameters(), x)]
    work()
    again = [p.grad for p in (*module.parameters(), x)]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert all(g.abs().sum() > 0 for g in first)


def test_bytes_kept_count_a_storage_once_and_no_parameter():
    W = nn.Linear(3, 3, bias=False)
    x = torch.randn(5, 3, requires_grad=True)
    assert timing.saved_bytes(W, lambda: W(x)) == x.numel() * 4  # x for W's gradient; W, for that of x, is a parameter
    assert timing.saved_bytes(W, lambda: x * x) == x.numel() * 4  # kept twice, stored once
    assert timing.saved_bytes(W, lambda: x[1:] * x[:-1]) == x.numel() * 4  # views of one storage
    assert timing.saved_bytes(W, lambda: x + x) == 0


def test_both_encoders_that_are_compared_compute_the_same(monkeypatch):
    outputs = {}

    def remembered(module, forward, *inputs):
        outputs[type(module).__name__, len(outputs)] = forward()
        return lambda: None

    monkeypatch.setattr(timings, "training_pass", remembered)
    monkeypatch.setattr(timings, "time_by_turns", lambda rivals, n: {name: [1.0] * n for name in rivals})
    timings.encoder(TINY)
    ours, eager, sdpa = outputs.values()
    assert [name for name, _ in outputs] == ["BertEncoder", "BertModel", "BertModel"]
    assert torch.allclose(ours, eager, atol=1e-5)
    assert torch.allclose(ours, sdpa, atol=1e-5)


def ratios(low, limit=1.15):
    r = {"what": "AdamW", "ratio": 1.2, "low": low, "high": 1.3, "limit": limit, "reference": "theirs"}
    return {"runs": [r, {"what": "growth"}]}


def test_a_limit_is_breached_by_the_whole_interval_alone():
    assert timings.over_limit(ratios(low=1.15)) == []
    (line,) = timings.over_limit(ratios(low=1.16))
    assert line == "AdamW takes 1.20 (1.16 to 1.30) times as long as theirs, at most 1.15 is allowed"


def test_a_ratio_is_held_against_the_present_limit_which_is_said(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(timings, "SIZE", TINY)
    adamw = replace(timings.EXPERIMENT, plan=lambda _: [("AdamW",)])
    for limit, broken in [(1e9, 0), (1e-9, 1)]:
        monkeypatch.setitem(timings.LIMITS, "AdamW", limit)
        found = adamw.measure(tmp_path / "maths.json")
        assert len(timings.over_limit(found)) == broken
        (r,) = found["runs"]
        line = f"AdamW takes {timings.interval(r)} times as long as {r['reference']}; limit {limit}"
        assert line in capsys.readouterr().out


def test_the_committed_benchmark_keeps_its_limits_and_is_of_the_torch_that_the_book_keeps():
    found = experiment.bench("maths")
    holds_together(found)
    assert {r["what"] for r in found["runs"] if r["what"] in RIVALS and r["ratio"] > r["limit"]} == set()
    project = tomllib.loads((paths.ROOT / "pyproject.toml").read_text(encoding="utf8"))
    measured = {r["provenance"]["versions"]["torch"].split("+")[0] for r in found["runs"]}
    assert [f"torch=={version}" for version in measured] == [
        c for c in project["tool"]["uv"]["constraint-dependencies"] if c.startswith("torch==")
    ], "measured with another torch than the book keeps: run pyft bench maths --again"
