"""The front by means, and what of it a test shows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_ways import N, way

from pyft.course.part9.front import CHANCE, CHEAPEST, OFF, SHOWN, pareto, stand
from pyft.course.part9.measured import Way, versus
from pyft.errors import PyftError
from pyft.evaluation.stats import holm


def seconds(w):
    return w.seconds


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12))
def test_the_front_is_what_a_sweep_by_cost_finds(points):
    best, wanted = -1, set()
    for cost in sorted({c for c, _ in points}):
        top = max(s for c, s in points if c == cost)
        if top > best:
            best = top
            wanted.add((cost, top))
    on = pareto(*zip(*points, strict=True))
    assert {p for p, is_on in zip(points, on, strict=True) if is_on} == wanted


def test_a_way_is_on_the_front_if_it_beats_all_that_cost_no_more():
    ways = [
        way("cheap", 0.60, seconds=1.0),
        way("good", 0.80, seconds=5.0),
        way("hardly more", 0.81, seconds=9.0),
        way("worse", 0.60, seconds=7.0),
        way("unpriced", 0.99),
    ]
    found = {s.way.name: s for s in stand(ways, seconds)}
    assert [s.word for s in found.values()] == [CHEAPEST, SHOWN, OFF, CHANCE]
    assert list(found) == ["cheap", "good", "worse", "hardly more"]
    assert found["hardly more"].rival == "good" and found["good"].rival == "cheap" and found["cheap"].rival == ""
    raw = [versus(ways[1], ways[0]).p, 1.0, versus(ways[2], ways[1]).p]
    assert [found[n].p for n in ("good", "worse", "hardly more")] == pytest.approx(holm(raw))


def test_to_be_worse_is_no_evidence_of_being_better():
    found = stand([way("good", 0.8, seconds=1.0), way("worse", 0.5, seconds=2.0)], seconds)
    assert [(s.word, s.p) for s in found] == [(CHEAPEST, 1.0), (OFF, 1.0)]


def test_of_two_that_cost_the_same_one_must_beat_the_other():
    found = stand([way("a", 0.8, seconds=2.0), way("b", 0.6, seconds=2.0)], seconds)
    assert {s.way.name: s.word for s in found} == {"a": SHOWN, "b": OFF}


@pytest.mark.long
def test_among_equals_nothing_is_shown_more_often_than_one_time_in_twenty():
    rng, claimed = np.random.default_rng(3), 0
    for _ in range(150):
        hard = rng.normal(size=200)
        ways = []
        for k in range(4):
            right = hard + 0.1 * rng.normal(size=(3, 1)) + rng.normal(size=(3, 200)) > 0
            ways.append(Way(str(k), 10, "made", tuple(right.mean(1)), 200, right, seconds=float(k)))
        claimed += any(s.word == SHOWN for s in stand(ways, seconds))
    assert claimed <= 14  # 150 / 20, and chance


def test_other_labels_and_missing_answers_are_refused():
    with pytest.raises(PyftError, match="same labels"):
        stand([way("a", 0.8, seconds=1.0), way("b", 0.7, labels=7, seconds=1.0)], seconds)
    with pytest.raises(PyftError, match="answers are kept"):
        stand([Way("a", 9, "made", (0.5,), N, seconds=1.0)], seconds)
