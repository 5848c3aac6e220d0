"""Stored runs as the pages of section 6.2 read them."""

import pytest

from pyft.course.ch6_2_text_classification.stored import digits, over_seeds, stored


def test_runs_come_by_seed_and_of_one_task_model_and_view():
    runs = [
        {"task": task, "model": model, "view": view, "seed": seed}
        for seed in (1, 0)
        for task, model, view in [("topics", "bert", ""), ("documents", "bert", "head"), ("documents", "bert", "tail")]
    ]
    assert [r["seed"] for r in stored({"runs": runs}, "topics", "bert")] == [0, 1]
    assert [r["view"] for r in stored({"runs": runs}, "documents", "bert", "tail")] == ["tail", "tail"]
    assert stored({"runs": runs}, "topics", "xlnet") == []


def test_digits_are_classes():
    assert digits("0312").tolist() == [0, 3, 1, 2]


@pytest.mark.parametrize(
    ("values", "told"),
    [([0.5], "50.0"), ([0.9, 0.9, 0.9], "90.0 (90.0 to 90.0)"), ([1.0, 0.9, 1.0], "96.7 (82.3 to 100.0)")],
)
def test_a_share_has_an_interval_over_seeds_that_ends_at_all(values, told):
    assert over_seeds(values) == told
