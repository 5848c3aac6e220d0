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


def trials(best):
    """Every trial, right on each size at its rate of `best` alone."""
    asked = [arguments for arguments in experiment.plan() if arguments[0] == "trial"]
    return [
        {"kind": kind, "size": size, "lr": lr, "seed": seed, "accuracy": float(lr == best[size])}
        for kind, size, lr, seed in asked
    ]


def test_the_plan_chooses_the_rate_of_each_size_on_validation_reviews():
    first, (low, middle, *_) = experiment.plan(), experiment.RATES
    tried = trials({"100": middle, "1,000": low})
    assert len(tried) == 2 * len(experiment.RATES) * len(experiment.TRIAL_SEEDS)
    assert experiment.chosen_rates(tried) == {"100": middle, "1,000": low, "all": low}
    assert len(experiment.plan(tried)) == len(first) + sum(experiment.SEEDS.values())
    assert experiment.chosen_rates(tried[:-1]) == {"100": middle}  # with more labels a trial is missing


def test_the_mean_over_seeds_chooses_and_of_equal_ones_the_lower():
    tried = trials({"100": None, "1,000": None})
    for r in tried:
        r["accuracy"] = {10: (0.7, 0.9, 0.8, 0.8), 11: (0.7, 0.7, 0.9, 0.9)}[r["seed"]][experiment.RATES.index(r["lr"])]
    assert set(experiment.chosen_rates(tried).values()) == {experiment.RATES[2]}


def made(shares, best=None):
    """Every run, each right on `shares` of the reviews by kind and number of labels, or on half of them."""
    rng, tried = np.random.default_rng(0), trials(best or dict.fromkeys(experiment.SIZES, experiment.RATES[1]))
    runs = tried.copy()
    for kind, size, lr, seed in experiment.plan(tried):
        if kind != "trial":
            right = rng.random(N) < shares.get((kind, size), 0.5)
            runs.append({"kind": kind, "size": size, "lr": lr, "seed": seed, "accuracy": float(right.mean())})
            seconds = {"encoder": 600.0, "characters": 2.0}[kind] + seed
            runs[-1] |= {"texts": N, "right": pack_bits(right), "provenance": {"seconds": seconds}}
    return {"runs": runs}


def test_better_worse_and_no_difference_are_said_where_they_are():
    found = made({("encoder", "100"): 0.9, ("encoder", "all"): 0.2})
    assert [v.word for v in results.verdicts(found).values()] == ["better", "no difference shown", "worse"]
    told = results.told(found)["chinese_verdicts"]
    assert "better with 100 labels; no difference shown with 1,000 labels; worse with all labels." in told
    assert "four times in five" in told
    html = results.table(found).data
    assert html.count("<tr>") == 1 + 3 and "no difference shown" in html


def test_the_draws_the_rates_and_the_times_are_told():
    low, middle, _, high = experiment.RATES
    told = results.told(made({}, {"100": middle, "1,000": high}))
    assert told["chinese_sizes"] == "100 labels (5 seeds), 1,000 labels (5 seeds) and all labels (3 seeds)"
    assert told["chinese_watched"] == "400"
    assert told["chinese_rates"] == (
        "Of the encoder's rates 1.7e-05, 5e-05, 0.00015, 0.00045 the reviews that chose took for 100 labels 5e-05 "
        "(0.0, 100.0, 0.0, 0.0 %) and for 1,000 labels and all labels 0.00045, the highest that was tried "
        "(0.0, 0.0, 0.0, 100.0 %)."
    )
    assert told["chinese_times"] == (
        "With all labels a run took the encoder 10 minutes of a core, and characters 2 seconds."
    )
    lowest = results.told(made({}, {"100": low, "1,000": middle}))["chinese_rates"]
    assert "for 100 labels 1.7e-05, the lowest that was tried (100.0," in lowest and "highest" not in lowest


def test_the_spread_of_the_runs_is_told():
    found = made({("encoder", "1,000"): 1.0})
    lie = [100 * r["accuracy"] for r in found["runs"] if (r["kind"], r["size"]) == ("encoder", "100")]
    told = results.told(found)["chinese_spread"]
    assert told.startswith(f"The runs of the encoder lie between {min(lie):.1f} and {max(lie):.1f} % with 100 labels, ")
    assert "100.0 and 100.0 % with 1,000 labels and " in told and told.endswith(" % with all labels.")


def test_a_plan_that_is_not_whole_is_refused(monkeypatch):
    found = made({})
    check_whole(monkeypatch, results.stored, found)
