"""Runs are kept as they finish, and none is made twice."""

import json
import threading

import pytest
from filelock import FileLock

from pyft import stored

PLAN = [("bert", 0), ("xlnet", 0), ("bert", 1)]


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "LOCKS", tmp_path / "locks")
    return tmp_path / "bench" / "models.json"


def result(name, seed):
    return {"model": name, "seed": seed}


def test_every_run_is_kept_with_its_provenance_in_the_order_of_the_plan(out, capsys):
    found = stored.measure("models", PLAN, result, out=out)
    assert [(r["model"], r["seed"]) for r in found["runs"]] == PLAN
    assert all(r["provenance"]["commit"] for r in found["runs"])
    assert json.loads(out.read_text()) == found
    assert capsys.readouterr().out.splitlines() == ["models: bert, 0", "models: xlnet, 0", "models: bert, 1"]


def test_an_interrupted_measurement_goes_on_where_it_stopped(out):
    def interrupted(name, seed):
        if seed == 1:
            raise KeyboardInterrupt
        return result(name, seed)

    with pytest.raises(KeyboardInterrupt):
        stored.measure("models", PLAN, interrupted, out=out)
    before, again = json.loads(out.read_text())["runs"], []
    found = stored.measure("models", PLAN, lambda *a: again.append(a) or result(*a), out=out)
    assert again == [("bert", 1)]
    assert found["runs"][:2] == before
    assert len(found["runs"]) == 3


def test_the_order_is_the_plans_whichever_finished_first(out):
    stored.measure("models", PLAN[2:], result, out=out)
    found = stored.measure("models", PLAN, result, out=out)
    assert [(r["model"], r["seed"]) for r in found["runs"]] == PLAN


def test_what_a_run_depends_on_makes_it_another(out):
    stored.measure("models", PLAN, result, out=out)
    again = []
    stored.measure("models", PLAN, lambda *a: again.append(a) or result(*a), lambda name, seed: name * (seed == 1), out)
    assert again == [("bert", 1)]


def test_the_same_arguments_under_another_name_are_another_run(out):
    stored.measure("models", PLAN[:1], result, out=out)
    assert len(stored.measure("others", PLAN[:1], result, out=out)["runs"]) == 2


def test_two_processes_share_the_work_and_lose_nothing(out):
    made, begun = [], threading.Event()

    def slow(name, seed):
        begun.set()
        made.append((name, seed))
        return result(name, seed)

    threads = [threading.Thread(target=stored.measure, args=("models", PLAN, slow), kwargs={"out": out}) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == sorted(PLAN)
    assert len(json.loads(out.read_text())["runs"]) == 3


def test_a_run_that_another_process_is_at_is_passed_over(out):
    stored.LOCKS.mkdir(parents=True)
    with FileLock(stored.LOCKS / f"{stored._key('models', 'xlnet', 0, '')}.lock"):
        found = stored.measure("models", PLAN, result, out=out)
    assert [(r["model"], r["seed"]) for r in found["runs"]] == [("bert", 0), ("bert", 1)]
