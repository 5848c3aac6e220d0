"""The plan of draws, a run of each kind on tiny models; and what is said of stored runs."""

from dataclasses import replace

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from matplotlib import pyplot as plt

from pyft import data
from pyft.course.ch8_2_1_few_labels import experiment, results
from pyft.course.ch8_2_1_few_labels.recipes import (
    DRAWS,
    FROZEN,
    METHODS,
    NO_LABELS,
    RATES,
    RECIPE,
    RIVALS,
    SIZES,
    TASKS,
    TRIAL_DRAWS,
    Task,
)
from pyft.errors import PyftError
from pyft.evaluation.stats import pack_bits
from pyft.models import loading

N = 200  # test texts of made-up runs
SMALL = Task("product-reviews", 2, 3, ("bad film", "good film"), "the [MASK] ", ("bad", "good"))


def corpus(name, profile="laptop"):
    texts = [f"{'the ' * (i % 4)}{'good' if i % 2 else 'bad'} film" for i in range(40)]
    kinds = Features({"text": Value("string"), "label": ClassLabel(names=["bad", "good"])})
    whole = Dataset.from_dict({"text": texts, "label": [i % 2 for i in range(40)]}, features=kinds)
    return DatasetDict(dict.fromkeys(("train", "validation", "test"), whole))


@pytest.fixture
def small(monkeypatch, tiny_minilm, same_torch_afterwards):
    """Tiny models, a corpus of a few rows, one task."""
    carried = loading._carried

    def unprepared(name, checkpoint, task, options):
        return carried("bert", replace(checkpoint, prepared=False), task, options)

    monkeypatch.setattr(data, "load", corpus)
    monkeypatch.setattr(loading, "_carried", unprepared)
    monkeypatch.setattr(experiment, "TASKS", {"product reviews": SMALL})
    monkeypatch.setattr(experiment, "EPOCHS", {8: 1, 16: 1})
    monkeypatch.setattr(experiment, "RECIPE", replace(RECIPE, batch_size=8, max_length=16))
    caches = experiment.asked_texts, experiment._encoder, experiment._test_vectors
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


@pytest.mark.long
@pytest.mark.parametrize("kind", ["no labels", "frozen", *RATES])
def test_a_run_answers_every_test_text_with_every_method_of_its_kind(small, kind):
    names = {"no labels": NO_LABELS, "frozen": FROZEN}.get(kind, (kind,))
    found = experiment.run("product reviews", kind, 1e-3, 0 if kind == "no labels" else 8, 0)
    assert found["texts"] == 2 * SMALL.asked
    assert set(found["right"]) == set(found["scores"]) == set(names)
    for name in names:
        hits = results.unpack_bits(found["right"][name], found["texts"])
        assert hits.mean() == pytest.approx(found["scores"][name], abs=1e-6)


@pytest.mark.long
def test_a_trial_is_asked_about_validation_texts(small):
    assert experiment.run("product reviews", "full", 1e-3, 16, TRIAL_DRAWS[0])["texts"] == 2 * SMALL.watched


# --- the plan ---------------------------------------------------------------------------------------------------------


def trial(task, name, lr, score, seed):
    return {"task": task, "kind": name, "lr": lr, "n": 16, "draw": seed, "scores": {name: score}, "right": {}}


def trials(best):
    """All trials; `best` is the place of the best rate, by task."""
    return [
        trial(task, name, lr, 0.7 + 0.1 * (i == best[task]), seed)
        for task in TASKS
        for name, rates in RATES.items()
        for i, lr in enumerate(rates)
        for seed in TRIAL_DRAWS
    ]


def test_a_task_takes_the_rate_that_was_best_on_the_other():
    first, second = TASKS
    best = experiment.chosen_rates(trials({first: 0, second: 2}))
    assert {best[first, name] == RATES[name][2] and best[second, name] == RATES[name][0] for name in RATES} == {True}


def test_no_rate_is_taken_before_all_were_tried_and_of_equal_ones_the_lower():
    some = trials(dict.fromkeys(TASKS, -1))
    assert len(experiment.chosen_rates(some)) == len(TASKS) * len(RATES)
    assert all(lr == RATES[name][0] for (_, name), lr in experiment.chosen_rates(some).items())
    assert len(experiment.chosen_rates(some[1:])) == len(TASKS) * len(RATES) - 1


def test_the_plan_has_every_draw_once_and_trials_are_none_of_them():
    whole = experiment.plan(trials(dict.fromkeys(TASKS, 1)))
    assert len(set(whole)) == len(whole)
    drawn = [run for run in whole if run[1] in RATES and run[4] not in TRIAL_DRAWS]
    assert len(drawn) == len(TASKS) * len(RATES) * len(SIZES) * DRAWS
    assert not set(TRIAL_DRAWS) & set(range(DRAWS))
    assert all(len(task.names) == len(task.words) for task in TASKS.values())


# --- what is said -----------------------------------------------------------------------------------------------------


def right(share, seed):
    """The first texts are the easy ones; a draw moves the share a little."""
    return pack_bits(np.arange(N) < N * (share + 0.01 * np.sin(seed)))


def made(shares):
    """Every run of the plan, with the share of texts that each method has right; 0.6 if it is not named."""
    done = trials(dict.fromkeys(TASKS, 1))
    runs = list(done)
    for task, kind, lr, n, seed in experiment.plan(done):
        if seed in TRIAL_DRAWS:
            continue
        names = {"no labels": NO_LABELS, "frozen": FROZEN}.get(kind, (kind,))
        of = {name: right(shares.get(name, 0.6), seed) for name in names}
        runs.append({"task": task, "kind": kind, "lr": lr, "n": n, "draw": seed, "texts": N, "right": of, "scores": {}})
    return {"runs": runs}


@pytest.fixture(autouse=True)
def documents(own_documents):
    return own_documents(results, N)


def test_texts_of_one_document_count_together(documents):
    found = made({"pattern, no labels": 0.5})
    single = results.verdicts(found)["product reviews", "pattern, no labels", 0]
    documents[:] = ["easy" if i < 0.58 * N else "hard" if i > 0.7 * N else "between" for i in range(N)]
    together = results.verdicts(found)["product reviews", "pattern, no labels", 0]
    assert together.difference == single.difference
    assert together.high - together.low > 2 * (single.high - single.low)


def test_better_worse_and_no_difference_are_said_where_they_are():
    found = made({"contrastive": 0.9, "full": 0.3, "pattern, no labels": 0.2})
    judged = results.verdicts(found)
    assert set(judged) == set(experiment.AGAINST_HEAD.members)
    words = {name: {v.word for key, v in judged.items() if key[1] == name} for name in RIVALS}
    assert words["contrastive"] == {"better"}
    assert words["full"] == words["pattern, no labels"] == {"worse"}
    assert words["LoRA"] == words["label names"] == {"no difference shown"}
    told = results.told(found)
    times = len(TASKS) * len(SIZES)
    assert f"Better than it: contrastive in {times}. Worse: full in {times}. All" in told["verdict"]
    said = (
        "Pattern, no labels on product reviews: 20.0 %, where guessing has 50; against the head alone with 8 labels a "
    )
    assert said + "class: worse." in told["unlabelled"]
    assert told["ours"].startswith("60.")


def test_a_pattern_is_held_against_the_head_on_its_own_encoder():
    found = made({"pattern": 0.7, "head alone": 0.7, "head alone, continued": 0.4})
    judged = results.verdicts(found)
    assert {judged[task, "pattern", n].word for task in TASKS for n in SIZES} == {"better"}
    assert {judged[task, "LoRA", n].word for task in TASKS for n in SIZES} == {"worse"}


def test_the_spread_is_that_of_the_draws_and_more_labels_bring_what_they_bring():
    found = made({})
    for r in found["runs"]:
        if r["kind"] == "frozen":
            r["right"]["head alone"] = right(0.5 if r["n"] == SIZES[0] else 0.8, r["draw"])
            if r["n"] == SIZES[0]:
                r["right"]["TF-IDF"] = right(0.1 * (r["draw"] % 2) + 0.5, 0)
    told = results.told(found)
    assert "(TF-IDF, product reviews): its best and its worst draw lie 10.0 points apart" in told["spread"]
    assert "the head alone gains 30.0 (30.0 to 30.0) points on product reviews" in told["more"]


def test_the_tables_and_the_figure_show_all():
    found = made({"contrastive": 0.9, "full": 0.3})
    shown = results.table(found, "product reviews").data
    assert shown.count("▲") == shown.count("▼") == len(SIZES) + 1  # and once in the caption
    assert shown.index("contrastive") < shown.index("LoRA") < shown.index("full")
    figure = results.curves(found)
    assert [axes.get_title() for axes in figure.axes] == list(TASKS)
    assert len(figure.legends[0].get_texts()) == 1 + len(METHODS) + len(NO_LABELS)
    plt.close(figure)


@pytest.mark.parametrize("gone", [0, -1])
def test_all_runs_are_read_or_none(monkeypatch, gone):
    done = trials(dict.fromkeys(TASKS, 1))
    names = ("task", "kind", "lr", "n", "draw")
    found = {"runs": [dict(zip(names, run, strict=True)) for run in experiment.plan(done)]}
    for run in found["runs"]:
        run["scores"] = next((d["scores"] for d in done if all(d[k] == run[k] for k in names)), {})
    monkeypatch.setattr("pyft.benchmarks.kept.bench", lambda name: found)
    assert results.stored() == found
    found["runs"].pop(gone)
    with pytest.raises(PyftError, match="lacks 1 of"):
        results.stored()
