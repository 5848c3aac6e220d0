"""The plan of runs, a run on tiny models, what is forgotten; and what is said of stored runs."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value
from matplotlib import pyplot as plt
from small_experiment import check_whole

from pyft import data
from pyft.course.ch8_2_3_adaptive_and_efficient_fine_tuning import experiment, results
from pyft.course.ch8_2_3_adaptive_and_efficient_fine_tuning.recipes import METHODS, RECIPE, SEEDS, TASKS, Task
from pyft.models import efficient, loading

TAGS = ["O", "B-PER", "I-PER"]
SMALL = {
    "film reviews": Task("movie-reviews", rows=16, watched=6, test=8),
    "names": Task("conll2003", rows=16, watched=6, test=8, kind="token-classification"),
}


def corpus(name, profile="laptop"):
    words = [["the"] * (i % 4) + (["good"] if i % 2 else ["bad"]) + ["film"] for i in range(24)]
    if name == "conll2003":
        rows = {"tokens": words, "ner_tags": [[int(w == "good") for w in row] for row in words]}
        rows["document"] = [i // 3 for i in range(24)]
        kinds = {"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=TAGS)), "document": Value("int32")}
    else:
        rows = {"text": [" ".join(row) for row in words], "label": [i % 2 for i in range(24)]}
        rows["id"] = [f"{i // 3}_{i}" for i in range(24)]
        kinds = {"text": Value("string"), "label": ClassLabel(names=["bad", "good"]), "id": Value("string")}
    whole = Dataset.from_dict(rows, features=Features(kinds))
    return DatasetDict(dict.fromkeys(("train", "validation", "test"), whole))


@pytest.fixture
def small(monkeypatch, tiny_minilm, same_torch_afterwards):
    """Tiny models, corpora of a few rows, two tasks, three methods, two seeds."""
    monkeypatch.setattr(data, "load", corpus)
    carried = loading._carried

    def unprepared(name, checkpoint, task, options):
        with torch.random.fork_rng():  # the head for hidden words is drawn here, where the book's is kept
            torch.manual_seed(0)
            return carried("bert", replace(checkpoint, prepared=False), task, options)

    monkeypatch.setattr(loading, "_carried", unprepared)
    chosen = {name: METHODS[name] for name in ("full", "head alone", "LoRA")}
    for module in (experiment, results):
        monkeypatch.setattr(module, "TASKS", SMALL)
        monkeypatch.setattr(module, "METHODS", chosen)
        monkeypatch.setattr(module, "SEEDS", 2)
    monkeypatch.setattr(experiment, "OTHER_TEXTS", 8)
    monkeypatch.setattr(experiment, "RECIPE", replace(RECIPE, epochs=1, batch_size=8))
    monkeypatch.setattr(
        experiment,
        "AGAINST_FULL",
        experiment.Family("small", tuple((t, n) for t in SMALL for n in chosen if n != "full")),
    )
    monkeypatch.setattr(results, "AGAINST_FULL", experiment.AGAINST_FULL)
    experiment.other_texts.cache_clear()
    yield
    experiment.other_texts.cache_clear()


@pytest.mark.long
def test_a_tiny_plan_from_its_first_run_to_the_page(small, monkeypatch):
    done = []
    while waiting := [arguments for arguments in experiment.plan(done) if arguments not in [ran(r) for r in done]]:
        done += [experiment.run(*arguments) for arguments in waiting]
    assert len(done) == 2 * 3 * (3 + 1)  # tasks, methods, rates and the second seed
    found = {"runs": done}
    for r in done:
        assert r["score"] == pytest.approx(experiment.score(experiment.unpacked(r)), abs=1e-6)
    heads = [r["masked words"] for r in done if r["method"] == "head alone"]
    assert len(set(heads)) == 1  # its body is the pretrained one, for texts and for words
    assert any(r["masked words"] != heads[0] for r in done if r["method"] == "full")
    runs = results.by_method(found)
    assert {key: [r["seed"] for r in some] for key, some in runs.items()} == {
        (task, name): [0, 1] for task in SMALL for name in ("full", "head alone", "LoRA")
    }
    together = {}
    for name in ("compare_runs", "compare_f1"):
        compare = getattr(results, name)
        monkeypatch.setattr(
            results, name, lambda a, b, of, name=name, compare=compare: together.update({name: of}) or compare(a, b, of)
        )
    judged = results.verdicts(found)
    assert set(judged) == set(experiment.AGAINST_FULL.members)
    assert together["compare_runs"] == together["compare_f1"]
    assert len(set(together["compare_runs"])) < 8  # three rows each
    told = results.told(found, judged)
    assert set(told) == {"verdict", "rates", "failed", "forgotten"}
    best = experiment.chosen_rates(done)
    beside = sum(lr != sorted(METHODS[name].rates)[1] for (_, name), lr in best.items())
    assert f"In {beside} of 6 cases the best of the three was the lowest or the highest" in told["rates"]
    assert "LoRA" in results.table(found, judged).data
    figure = results.pareto(found)
    assert [axes.get_title() for axes in figure.axes] == list(SMALL)
    ticks = [tick.get_text().split("  ") for tick in figure.axes[-1].get_xticklabels()]
    assert [name for name, _ in ticks] == ["head alone", "LoRA", "full"]  # by how many numbers they learn
    assert ticks[0][1] == "0" and ticks[2][1] == "23 M"
    plt.close(figure)


def ran(run):
    return run["task"], run["method"], run["lr"], run["seed"]


def test_a_run_that_failed_is_named_and_no_other():
    scores = {"full": (0.75, 0.76, 0.74), "LoRA": (0.75, 0.5, 0.76), "head alone": (0.7, 0.62, 0.7)}
    runs = {("film reviews", name): [{"score": x} for x in some] for name, some in scores.items()}
    (said,) = results._failed(runs)
    assert "on film reviews LoRA has a run of 50.0 % beside others up to 76.0 %" in said


def test_a_plan_that_is_not_whole_is_refused(monkeypatch):
    some = [r for task in TASKS for name in METHODS for r in tries([0.1, 0.2, 0.3], task=task, method=name)]
    more = [
        {"task": task, "method": name, "lr": lr, "seed": seed} for task, name, lr, seed in experiment.plan(some) if seed
    ]
    check_whole(monkeypatch, results.stored, {"runs": some + more})


def tries(scores, seed=0, task="names", method="LoRA"):
    rates = METHODS[method].rates
    return [
        {"task": task, "method": method, "lr": lr, "seed": seed, "validation": x}
        for lr, x in zip(rates, scores, strict=False)
    ]


def test_the_rate_is_chosen_on_validation_rows_once_all_were_tried_and_of_equal_ones_the_lower():
    low, middle, _ = METHODS["LoRA"].rates
    assert experiment.chosen_rates(tries([0.5, 0.7])) == {}
    assert experiment.chosen_rates(tries([0.5, 0.7, 0.6])) == {("names", "LoRA"): middle}
    assert experiment.chosen_rates(tries([0.7, 0.7, 0.6])) == {("names", "LoRA"): low}
    assert experiment.chosen_rates(tries([0.1, 0.7, 0.6]) + tries([0.9], seed=1)) == {("names", "LoRA"): middle}


def test_every_method_has_as_many_tries_and_goes_on_with_one():
    first = experiment.plan()
    assert len(first) == 3 * len(METHODS) * len(TASKS)
    done = [r for task in TASKS for name in METHODS for r in tries([0.1, 0.2, 0.3], task=task, method=name)]
    whole = experiment.plan(done)
    assert len(set(whole)) == len(whole) == (3 + SEEDS - 1) * len(METHODS) * len(TASKS)
    assert all(len(set(method.rates)) == 3 for method in METHODS.values())


@pytest.mark.parametrize("width", [1, 3])
def test_answers_are_kept_as_they_are(width):
    found = np.random.default_rng(0).integers(0, 5, (7, width))
    task = "names" if width == 3 else "film reviews"
    assert (experiment.unpacked({"task": task, "answers": experiment.packed(found)}) == found).all()


def test_the_frontier_holds_those_that_none_beats_with_as_few():
    points = {"a": (1, 5.0), "b": (2, 4.0), "c": (3, 6.0), "d": (3, 5.5), "e": (9, 6.0)}
    assert results.frontier(points) == ["a", "c"]


def test_the_head_is_not_counted_among_a_method_s_own_numbers(tiny_bert):
    model = efficient.head_alone(tiny_bert())
    learns = sum(p.numel() for p in model.parameters() if p.requires_grad)
    head = sum(p.numel() for part in efficient.head_modules(model).values() for p in part.parameters())
    assert learns == head == 32 * 32 + 32 + 2 * 32 + 2
    assert torch.is_tensor(model.classifier.weight)
