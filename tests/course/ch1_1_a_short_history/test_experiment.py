"""The comparison of section 1.1: what a run keeps, that a seed's runs share their texts, and the test of its steps."""

import numpy as np
import pytest

from pyft.course.ch1_1_a_short_history import experiment, recipes
from pyft.course.part1 import letters
from pyft.course.part1.counts import KneserNey
from pyft.errors import PyftError

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")

REVIEWS = {
    "train": [f"the {a} film is {b}" for a in ("good", "bad", "new", "old") for b in ("fine", "dull", "long")],
    "validation": ["the good film is dull", "the film is new"],
    "test": ["the bad film is fine", "a dull film", "zzz"],
}


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(letters, "reviews", lambda: REVIEWS)
    monkeypatch.setattr(recipes, "TEXTS", 8)
    monkeypatch.setattr(recipes, "BUDGET", 5e7)
    monkeypatch.setitem(recipes.SIZES, "recurrent", {"d": 6, "d_h": 12})


def test_a_run_keeps_the_bits_of_every_review_and_what_they_took(small):
    kept = experiment.run("recurrent", 1, 1e-2)
    assert (kept["model"], kept["seed"]) == ("recurrent", 1)
    assert len(kept["bits"]) == 3 and min(kept["bits"]) > 0
    assert kept["readings"] > 1 and kept["read"] > 0 and kept["parameters"] > 100
    again = experiment.run("recurrent", 1, 1e-2)
    assert {k: v for k, v in kept.items() if k != "seconds"} == {k: v for k, v in again.items() if k != "seconds"}
    assert experiment.run("recurrent", 2, 1e-2)["bits"] != kept["bits"]


def test_counts_take_the_order_that_validation_texts_like_best(small, monkeypatch):
    monkeypatch.setattr(recipes, "ORDERS", (1, 3))
    kept = experiment.run("counts", 0, 0.0)
    texts = letters.draw(REVIEWS["train"], 8, 0)
    model = KneserNey(texts, 3, letters.LETTERS)
    assert kept["n"] == 3
    assert kept["bits"] == [round(model.bits(text), 1) for text in REVIEWS["test"]]
    assert kept["read"] == letters.size(texts)


def test_all_models_of_one_seed_learn_from_the_same_texts(small, monkeypatch):
    seen = []
    monkeypatch.setattr(experiment, "train", lambda net, texts, *_: seen.append(texts) or 1)
    for name, seed in [("feed-forward", 3), ("recurrent", 3), ("recurrent", 4)]:
        experiment.run(name, seed, 1e-3)
    assert seen[0] == seen[1] != seen[2]


def test_a_network_that_is_none_is_refused():
    with pytest.raises(PyftError, match="unknown network 'perceptron'"):
        experiment.network("perceptron", [])


def test_a_trial_sees_no_test_review_and_spends_a_part_of_the_budget(small, monkeypatch):
    spent = []
    monkeypatch.setattr(experiment, "train", lambda net, texts, budget, *_: spent.append(budget) or 1)
    trial = experiment.run("recurrent", experiment.TRIAL_SEED, 1e-2)
    whole = experiment.run("recurrent", 0, 1e-2)
    assert trial["trial"] and trial["bits"] == [] and trial["validation"] > 0
    assert not whole["trial"] and len(whole["bits"]) == 3
    assert spent == [5e7 * recipes.TRIAL, 5e7]


def test_validation_texts_choose_each_network_s_rate():
    trials = experiment.plan()
    counts = [("counts", seed, 0.0) for seed in range(experiment.SEEDS)]
    assert len(trials) == sum(map(len, recipes.RATES.values())) + len(counts) and set(counts) <= set(trials)
    done = [
        {"model": name, "lr": lr, "trial": True, "validation": abs(i - 2 * (name == "recurrent"))}
        for name, rates in recipes.RATES.items()
        for i, lr in enumerate(rates)
    ]
    runs = experiment.plan(done)
    assert len(runs) == len(set(runs)) == len(trials) + experiment.SEEDS * len(experiment.NETWORKS)
    chosen = {name: lr for name, seed, lr in runs if seed == 0}
    assert chosen["recurrent"] == recipes.RATES["recurrent"][2]
    assert chosen["pretrained"] == recipes.RATES["pretrained"][0]
    some = experiment.plan([run for run in done if run["model"] == "recurrent"])
    assert {name for name, seed, _ in some if seed == 0} == {"counts", "recurrent"}


def test_what_is_compared_is_measured():
    assert {name for pair in experiment.STEPS.members for name in pair} == set(experiment.MODELS)


def test_another_budget_size_or_order_is_another_run(monkeypatch):
    monkeypatch.setattr(experiment, "data_digests", lambda *_: {"movie-reviews": "x"})

    def keys():
        return [experiment.EXPERIMENT.key(name, 0, 1e-3) for name in ("counts", "recurrent", "pretrained")]

    first = keys()
    monkeypatch.setattr(recipes, "BUDGET", 1.0)
    second = keys()
    assert [a == b for a, b in zip(first, second, strict=True)] == [True, False, False]
    monkeypatch.setitem(recipes.SIZES, "recurrent", {"d": 1, "d_h": 1})
    third = keys()
    assert [a == b for a, b in zip(second, third, strict=True)] == [True, False, True]
    monkeypatch.setattr(recipes, "ORDERS", (2,))
    assert [a == b for a, b in zip(third, keys(), strict=True)] == [False, True, True]


def test_what_is_saved_is_counted_by_the_sign():
    size = np.array([10, 30, 20, 40])
    before = np.array([[25.0, 70, 52, 95], [24, 71, 50, 96], [26, 70, 51, 97]])
    after = before - 0.5 * size + np.array([[1.0, -1, 0, 0], [0, 1, -1, 0], [0, 0, 1, -1]])
    found = experiment.saved(before, after, size)
    assert found.difference == pytest.approx(0.5)
    assert found.low < 0.5 < found.high and found.word == "better"
    assert experiment.saved(after, before, size).word == "worse"
    assert experiment.saved(before, before, size).difference == 0
