"""What moves a result: how runs are kept and compared; the stored ones."""

import numpy as np
import pytest

from pyft.course.ch3_4_what_moves import experiment as moves


def kept(way, seed=0, shift=0.0, flips=0, score=0.8, task="classification"):
    z = moves.packed(np.array([[0.5, -0.5], [1.0, 2.0]]) + shift)
    answers = np.array([0, 1, 1, 0])
    answers[:flips] = 1 - answers[:flips]
    return {
        "task": task,
        "way": way,
        "seed": seed,
        "score": score,
        "logits": dict.fromkeys(("1", "10", "100", "end"), z),
        "answers": moves.packed_answers(answers),
    }


def test_logits_and_answers_are_kept_to_the_last_bit():
    z = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    assert (moves.unpacked(moves.packed(z)) == z.ravel()).all()
    answers = np.arange(9)
    assert moves.unpacked_answers(moves.packed_answers(answers)).tolist() == answers.tolist()


def test_a_run_is_as_far_from_another_as_its_furthest_logit_and_its_flipped_answers():
    far = moves.moved(kept("two threads", shift=-0.25, flips=1, score=0.75), kept(moves.AS_IT_IS))
    assert far["step 1"] == far["step end"] == 0.25 and far["answers"] == 0.25
    assert far["score"] == pytest.approx(-0.05)


def test_each_way_is_compared_with_the_first_of_its_own_seed_and_task(monkeypatch):
    monkeypatch.setattr(moves, "WAYS", {name: moves.Way() for name in (moves.AS_IT_IS, "once more")})
    runs = [kept(way, seed, shift=seed * (way == "once more")) for way in moves.WAYS for seed in (0, 1)]
    other = kept(moves.AS_IT_IS, shift=9, task="names")
    found = moves.compared({"runs": [*runs, other]}, "classification")
    assert list(found) == ["once more"] and [m["step 1"] for m in found["once more"]] == [0.0, 1.0]


def test_another_machine_may_move_twice_what_was_seen_and_three_of_a_thousand_at_least(monkeypatch):
    monkeypatch.setattr(
        moves, "WAYS", {name: moves.Way() for name in (moves.AS_IT_IS, *moves.MACHINES, "another seed")}
    )
    runs = [kept(way) for way in moves.WAYS if way not in ("two threads", "another seed")]
    runs += [kept("another seed", flips=3, score=0.1)]
    assert moves.limits({"runs": [*runs, kept("two threads")]}, "classification") == (0.003, 0.997)
    off, agree = moves.limits({"runs": [*runs, kept("two threads", flips=1, score=0.79)]}, "classification")
    assert (off, agree) == (pytest.approx(0.02), 0.5)


def test_every_way_has_its_precision():
    assert {way.precision for way in moves.WAYS.values()} == set(moves.PRODUCTS)


def test_stored_runs_are_those_of_the_plan_and_the_same_seed_twice_is_the_same_to_the_last_bit():
    found = moves.EXPERIMENT.load()
    assert len(found["runs"]) == len(moves.plan())
    for task in moves.CORPUS:
        for again in moves.compared(found, task)["once more"]:
            assert set(again.values()) == {0.0}
