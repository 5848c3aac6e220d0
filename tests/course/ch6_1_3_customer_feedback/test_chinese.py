"""Chinese reviews by an encoder and by characters: runs on tiny models, and what is said of stored runs."""

from dataclasses import replace

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from small_experiment import check_whole

from pyft import data, models
from pyft.course.ch6_1_3_customer_feedback import chinese_experiment as experiment
from pyft.course.ch6_1_3_customer_feedback import chinese_results as results
from pyft.evaluation.stats import pack_bits, unpack_bits

N = 400


@pytest.fixture
def small(monkeypatch, tiny_bert, tokenizer, same_torch_afterwards):
    """A tiny model and two dozen reviews that one character tells apart."""
    kinds = Features({"text": Value("string"), "label": ClassLabel(names=["negative", "positive"])})
    texts = [f"{'坏好'[i % 2]}书{'the ' * (i % 4)}" for i in range(24)]
    whole = Dataset.from_dict({"text": texts, "label": [i % 2 for i in range(24)]}, features=kinds)
    monkeypatch.setattr(data, "load", lambda name: DatasetDict(dict.fromkeys(("train", "validation", "test"), whole)))
    monkeypatch.setattr(models, "load", lambda name, task: (tiny_bert(), tokenizer))
    monkeypatch.setattr(experiment, "SIZES", {"100": 8, "1,000": 16, "all": None})
    monkeypatch.setattr(experiment, "RECIPE", replace(experiment.RECIPE, max_length=16))


@pytest.mark.parametrize("kind,size", [("trial", "1,000"), ("encoder", "100"), ("characters", "all")])
def test_a_run_keeps_what_was_right(kind, size, small):
    made = experiment.run(kind, size, 1e-3, 0)
    assert (made["kind"], made["size"], made["texts"]) == (kind, size, 24)
    assert unpack_bits(made["right"], 24).mean() == pytest.approx(made["accuracy"], abs=1e-6)
    if kind == "characters":
        assert made["accuracy"] == 1


def test_the_encoder_reads_the_word_before_each_review(small):
    assert experiment.led(data.load("any")["test"])["text"][1] == "query: 好书the "


def test_the_plan_chooses_the_rate_on_validation_reviews():
    first = experiment.plan()
    assert [kind for kind, *_ in first].count("trial") == len(experiment.RATES)
    tried = [
        {"kind": "trial", "lr": lr, "accuracy": a} for lr, a in zip(experiment.RATES, (0.8, 0.9, 0.9), strict=True)
    ]
    assert experiment.chosen_rate(tried) == experiment.RATES[1]
    assert len(experiment.plan(tried)) == len(first) + sum(experiment.SEEDS.values())


def made(shares):
    """Every run, each right on `shares` of the reviews by kind and number of labels, or on half of them."""
    rng, tried = np.random.default_rng(0), []
    for lr in experiment.RATES:
        tried.append({"kind": "trial", "lr": lr, "accuracy": float(lr == experiment.RATES[1])})
    runs = []
    for kind, size, lr, seed in experiment.plan(tried):
        right = rng.random(N) < shares.get((kind, size), 0.5)
        accuracy = float(lr == experiment.RATES[1]) if kind == "trial" else float(right.mean())
        runs.append({"kind": kind, "size": size, "lr": lr, "seed": seed, "accuracy": accuracy})
        runs[-1] |= {"texts": N, "right": pack_bits(right)}
    return {"runs": runs}


def test_better_worse_and_no_difference_are_said_where_they_are():
    found = made({("encoder", "100"): 0.9, ("encoder", "all"): 0.2})
    assert [v.word for v in results.verdicts(found).values()] == ["better", "no difference shown", "worse"]
    told = results.told(found)
    assert "better with 100 labels; no difference shown with 1,000 labels; worse with all labels." in told
    assert "four times in five" in told
    html = results.table(found).data
    assert html.count("<tr>") == 1 + 3 and "no difference shown" in html


def test_a_plan_that_is_not_whole_is_refused(monkeypatch):
    found = made({})
    check_whole(monkeypatch, results.stored, found)
