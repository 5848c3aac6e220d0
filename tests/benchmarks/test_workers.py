"""On several processes and machines nothing is lost and nothing made twice, and the file is the same."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from small_experiment import PLAN, arguments, choosing, nothing, result, scored, tiny

from pyft.benchmarks import experiment
from pyft.benchmarks.experiment import Experiment
from pyft.errors import PyftError


def test_two_processes_may_not_write_one_file(out, tmp_path):
    def run(name, seed):
        with pytest.raises(PyftError, match=r"another process is measuring into .*models\.json"):
            tiny().measure(out)
        tiny().measure(tmp_path / "another.json")
        return result(name, seed)

    assert arguments(tiny(run).measure(out)) == PLAN
    assert [path.name for path in out.parent.iterdir()] == ["models.json"]


def test_times_are_not_taken_beside_other_runs(out):
    for shared in ({"workers": 2}, {"scheduler": "tcp://localhost:8786"}):
        with pytest.raises(PyftError, match="models takes times, one after another"):
            tiny(timed=True).measure(out, **shared)


def test_without_dask_it_is_said_what_to_install(out, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(PyftError, match=r"need Dask: pip install 'distributed>="):
        tiny().measure(out, workers=2)
    assert arguments(tiny().measure(out)) == PLAN


@pytest.mark.parametrize("error", [OSError("refused"), ValueError("no such protocol")])
def test_a_scheduler_that_does_not_answer_is_named(out, monkeypatch, error):
    def refuse(*arguments, **options):
        raise error

    monkeypatch.setattr("distributed.Client", refuse)
    with pytest.raises(PyftError, match=f"no Dask scheduler with workers at 'tcp://nowhere:1' .{error}.*`dask worker"):
        tiny().measure(out, scheduler="tcp://nowhere:1")


def test_a_worker_with_other_data_refuses_the_run():
    with pytest.raises(PyftError, match=r"this worker has other code, data or weights .*\(bert, 0\)"):
        experiment._made(tiny(), ("bert", 0), "a key of other data")


def fixed(done):
    return [(str(os.environ["RUNS"]), n) for n in range(6)]


def deadly(folder, n):
    """A run that writes down its beginning and its end; the process of the third dies in its middle, once."""
    (Path(folder) / f"{n} begun by {os.getpid()}").touch()
    if n == 2 and not (Path(folder) / "died").exists():
        (Path(folder) / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.1)
    (Path(folder) / f"{n} ended by {os.getpid()}").touch()
    return {"n": n, "square": n * n}


def always_deadly(folder, n):
    """The third run ends its process, once another run is kept: on a busy machine it might be the first to begin."""
    if n == 2:
        until = time.monotonic() + 120
        while not (Path(folder).parent / "bench" / "models.json").exists() and time.monotonic() < until:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGKILL)
    return {"n": n}


def figures(path):
    return [{k: v for k, v in r.items() if k != "provenance"} for r in json.loads(path.read_text())["runs"]]


@pytest.fixture
def runs(tmp_path, monkeypatch):
    pytest.importorskip("distributed", reason="the extra `cluster`")
    folder = tmp_path / "runs"
    folder.mkdir()
    monkeypatch.setenv("RUNS", str(folder))
    return folder


@pytest.mark.slow
def test_a_worker_that_dies_in_a_run_loses_nothing_and_makes_nothing_twice(out, runs, tmp_path):
    on_dask = Experiment("deadly", fixed, deadly, nothing)
    found = on_dask.measure(out, workers=2)
    assert [r["n"] for r in found["runs"]] == list(range(6))
    begun, ended = ([p.name.split()[0] for p in runs.glob(f"* {word} by *")] for word in ("begun", "ended"))
    assert (runs / "died").exists() and begun.count("2") == 2
    assert set(ended) == set(map(str, range(6))) and ended.count("2") == 1
    assert len({p.name.split()[-1] for p in runs.glob("* begun by *")}) > 1
    assert str(os.getpid()) not in {p.name.split()[-1] for p in runs.glob("* begun by *")}
    Experiment("deadly", fixed, deadly, nothing).measure(tmp_path / "here.json")
    assert figures(out) == figures(tmp_path / "here.json")


@pytest.mark.slow
def test_a_run_that_kills_every_worker_is_an_error_and_what_had_finished_is_kept(out, runs):
    import dask

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        pytest.raises(PyftError, match=r"each process that was given .* died"),
    ):
        Experiment("deadly", fixed, always_deadly, nothing).measure(out, workers=2)
    kept = [r["n"] for r in figures(out)]
    assert kept and 2 not in kept and len(kept) == len(set(kept))
    found = Experiment("deadly", fixed, lambda folder, n: {"n": n}, nothing).measure(out)  # the rest, here
    assert [r["n"] for r in found["runs"]] == list(range(6))


@pytest.mark.slow
def test_a_plan_in_rounds_goes_through_a_scheduler_at_an_address_too(out, runs, tmp_path):
    from distributed import LocalCluster

    rounds = Experiment("rounds", choosing(), scored, nothing)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        rounds.measure(out, scheduler=cluster.scheduler_address)
    rounds.measure(tmp_path / "here.json")
    assert figures(out) == figures(tmp_path / "here.json") and len(figures(out)) == 5
