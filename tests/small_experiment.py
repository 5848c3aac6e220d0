"""A plan of three runs that take no time."""

import pytest

from pyft.benchmarks.experiment import Experiment
from pyft.errors import PyftError

PLAN = [("bert", 0), ("xlnet", 0), ("bert", 1)]


def result(name, seed):
    return {"model": name, "seed": seed}


def nothing(*arguments):
    return {}


def tiny(run=result, plan=PLAN, depends=nothing, **options):
    return Experiment("models", plan if callable(plan) else lambda _: plan, run, depends, **options)


def arguments(found):
    return [(r["model"], r["seed"]) for r in found["runs"]]


VALUES = [1, 3, 2]


def choosing(values=VALUES):
    """Try every value, then use the best with two seeds."""

    def plan(done):
        tried = {r["value"]: r["score"] for r in done if r["model"] == "tried"}
        best = [f"best of {max(tried, key=tried.get)}"] if len(tried) == len(values) else []
        return [("tried", value) for value in values] + [(name, seed) for name in best for seed in (0, 1)]

    return plan


def scored(name, number):
    return result(name, number) | ({"value": number, "score": number} if name == "tried" else {})


def check_whole(monkeypatch, stored, found, gone=-1):
    """A page reads all runs of the plan, and refuses them if one is gone."""
    monkeypatch.setattr("pyft.benchmarks.kept.bench", lambda name: found)
    assert stored() == found
    found["runs"].pop(gone)
    with pytest.raises(PyftError, match="lacks 1 of"):
        stored()
