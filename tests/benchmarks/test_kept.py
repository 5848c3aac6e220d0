"""What a page reads of an experiment is all of its plan."""

from operator import itemgetter

import pytest

from pyft.benchmarks import kept
from pyft.errors import PyftError


def plan(done):
    """Two tries, then the better one again."""
    tried = {r["lr"]: r["score"] for r in done if r["seed"] == 0}
    more = [(max(tried, key=tried.get), 1)] if len(tried) == 2 else []
    return [(0.1, 0), (0.2, 0), *more]


RUNS = [{"lr": 0.1, "seed": 0, "score": 1}, {"lr": 0.2, "seed": 0, "score": 2}, {"lr": 0.2, "seed": 1, "score": 3}]


def complete(monkeypatch, runs):
    monkeypatch.setattr(kept, "bench", lambda name: {"runs": runs})
    return kept.complete("rates", plan, itemgetter("lr", "seed"))["runs"]


def test_all_runs_of_the_plan_are_given_as_they_are_kept(monkeypatch):
    assert complete(monkeypatch, RUNS[::-1]) == RUNS[::-1]


@pytest.mark.parametrize("gone,said", [(0, r"1 of the 2 .* \(0\.1, 0\)"), (2, r"1 of the 3 .* \(0\.2, 1\)")])
def test_a_missing_run_is_named_with_the_command_that_makes_it(monkeypatch, gone, said):
    with pytest.raises(PyftError, match=rf"rates\.json lacks {said}\. To make them: pyft bench rates"):
        complete(monkeypatch, [r for i, r in enumerate(RUNS) if i != gone])
