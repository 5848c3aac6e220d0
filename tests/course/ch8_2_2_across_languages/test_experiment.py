"""The plans, runs on tiny models; and what is said of stored runs."""

from dataclasses import replace

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from matplotlib import pyplot as plt

from pyft import data, models
from pyft.course.ch8_2_2_across_languages import experiment, languages, results, words_experiment
from pyft.course.ch8_2_2_across_languages.recipes import (
    ASKED,
    BASE_RECIPE,
    RATES,
    RECIPE,
    SEEDS,
    SIZES,
    STARTS,
    STEPS,
    TRIAL_SEED,
    WORDS_SEEDS,
    WORDS_SIZES,
)
from pyft.errors import PyftError
from pyft.evaluation.stats import pack_bits

N = 2 * ASKED


def corpus(name, profile="laptop"):
    words = ("坏 书", "好 书") if name == "chinese-reviews" else ("bad film", "good film")
    texts = [f"{'the ' * (i % 4)}{words[i % 2]}" for i in range(40)]
    kinds = Features({"text": Value("string"), "label": ClassLabel(names=["negative", "positive"])})
    whole = Dataset.from_dict({"text": texts, "label": [i % 2 for i in range(40)]}, features=kinds)
    return DatasetDict(dict.fromkeys(("train", "validation", "test"), whole))


@pytest.fixture
def small(monkeypatch, tiny_bert, tokenizer, same_torch_afterwards):
    """Tiny models and corpora of a few rows."""
    from transformers import BertForPreTraining

    def load(name, task, profile="laptop", num_labels=2):
        return BertForPreTraining(tiny_bert().config) if task == "pretraining" else tiny_bert(), tokenizer

    monkeypatch.setattr(data, "load", corpus)
    monkeypatch.setattr(models, "load", load)
    for module in (experiment, words_experiment):
        monkeypatch.setattr(module, "ENGLISH_ROWS", 4)
        monkeypatch.setattr(module, "ASKED", 3)
        monkeypatch.setattr(module, "EPOCHS", {4: 1, 8: 1})
    monkeypatch.setattr(experiment, "WATCHED", 3)
    monkeypatch.setattr(experiment, "SIZES", (4, 8))
    monkeypatch.setattr(experiment, "RECIPE", replace(RECIPE, epochs=1, max_length=16))
    monkeypatch.setattr(words_experiment, "WORDS_SIZES", (4, 8))
    monkeypatch.setattr(words_experiment, "BASE_RECIPE", replace(BASE_RECIPE, epochs=1, max_length=16))
    monkeypatch.setattr(words_experiment, "start_from", lambda *a: words_experiment.start_at_random(a[3], len(a[4]), 1))
    caches = experiment._asked, experiment._watched, experiment._encoder, experiment._fixed, languages._splits
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("trial", {"English alone"}),
        ("English first", {"English alone", "both, 4", "both, 8"}),
        ("Chinese alone", {"Chinese alone, 4", "Chinese alone, 8"}),
        (
            "frozen",
            {"English alone", "English alone, centred", "both, 4", "both, 8", "Chinese alone, 4", "Chinese alone, 8"},
        ),
    ],
)
def test_a_run_answers_every_chinese_text_after_each_training(small, kind, names):
    found = experiment.run(kind, 1e-3, 0)
    assert set(found["right"]) == names
    assert found["texts"] == 6
    assert ("English" in found) == (kind != "Chinese alone")
    assert ("watched" in found) == (kind in ("trial", "English first"))


@pytest.mark.long
@pytest.mark.parametrize(("start", "steps"), [(STARTS[0], 0), (STARTS[1], 3)])
def test_a_run_with_new_words(small, start, steps):
    found = words_experiment.run(start, steps, 0)
    assert set(found["right"]) == {"English alone", "both, 4", "both, 8"}
    assert found["characters"] == 3
    assert len(found["losses"]) == (2 if steps else 0)


# --- the plans --------------------------------------------------------------------------------------------------------


def trials(best, oracle=0):
    """A trial of each rate; `best` on English validation texts, `oracle` on Chinese test texts, by place."""
    return [
        {
            "kind": "trial",
            "lr": lr,
            "seed": TRIAL_SEED,
            "texts": N,
            "watched": 0.8 + 0.1 * (i == best),
            "English": 0.8,
            "right": {"English alone": right(0.5 + 0.2 * (i == oracle), 0)},
        }
        for i, lr in enumerate(RATES)
    ]


def right(share, seed):
    """Of the texts the first are the easy ones, in both classes alike; a seed moves the share a little."""
    easy = np.tile(np.arange(ASKED) < ASKED * (share + 0.01 * np.sin(seed)), 2)
    return pack_bits(easy)


def test_the_rate_is_chosen_on_english_texts_once_all_were_tried_and_of_equal_ones_the_lower():
    assert experiment.chosen_rate(trials(2, oracle=0)) == RATES[2]
    assert experiment.chosen_rate(trials(-1)) == RATES[0]
    assert experiment.chosen_rate(trials(1)[:-1]) is None


def test_the_plans_have_every_run_once():
    whole = experiment.plan(trials(1))
    assert len(set(whole)) == len(whole) == 3 * SEEDS + len(RATES)
    assert len(experiment.plan()) == SEEDS + len(RATES)
    words = words_experiment.plan()
    assert len(set(words)) == len(words) == len(STARTS) * len(STEPS) * WORDS_SEEDS
    assert WORDS_SEEDS <= SEEDS and set(WORDS_SIZES) <= set(SIZES)


# --- what is said -----------------------------------------------------------------------------------------------------


def made(shares, best=1, oracle=1):
    """Every run; `shares` by way and name of labels, 0.6 if one is not named."""
    done = trials(best, oracle)
    runs = list(done)
    for kind, lr, seed in experiment.plan(done):
        if kind == "trial":
            continue
        way = "frozen" if kind == "frozen" else "fine-tuned"
        names = ["English alone", *(f"both, {n}" for n in SIZES)] if kind != "Chinese alone" else []
        names += [f"Chinese alone, {n}" for n in SIZES] if kind != "English first" else []
        names += ["English alone, centred"] if kind == "frozen" else []
        of = {name: right(shares.get((way, name), 0.6), seed) for name in names}
        runs.append({"kind": kind, "lr": lr, "seed": seed, "texts": N, "English": 0.9, "right": of})
    return {"runs": runs}


def made_words(shares):
    """Every run with new words; `shares` by start and steps, one half if one is not named."""
    return {
        "runs": [
            {
                "start": start,
                "steps": steps,
                "seed": seed,
                "texts": N,
                "English": 0.8,
                "losses": [8.0, 5.5] if steps else [],
                "right": {
                    name: right(shares.get((start, steps), 0.5), seed)
                    for name in ("English alone", *(f"both, {n}" for n in WORDS_SIZES))
                },
            }
            for start, steps, seed in words_experiment.plan()
        ]
    }


def test_better_worse_and_no_difference_are_said_where_they_are():
    least, *_, most = SIZES
    found = made(
        {
            ("frozen", "English alone"): 0.5,
            ("frozen", "English alone, centred"): 0.7,
            ("fine-tuned", "English alone"): 0.8,
            ("fine-tuned", f"Chinese alone, {most}"): 0.9,
            ("fine-tuned", f"both, {least}"): 0.9,
        }
    )
    judged = results.verdicts(found)
    assert set(judged) == set(experiment.ACROSS.members)
    assert judged["frozen: centred with as it comes", 0].word == "better"
    assert judged["English alone: fine-tuned with frozen, centred", 0].word == "better"
    assert judged["fine-tuned: both with Chinese alone", least].word == "better"
    assert judged["fine-tuned: both with Chinese alone", most].word == "worse"
    assert judged["fine-tuned: English alone with Chinese alone", most].word == "worse"
    assert judged["frozen: both with Chinese alone", least].word == "no difference shown"
    told = results.told(found)
    assert "Fine-tuned: 90.0 % on English, 80." in told["zero"]
    assert told["centring"].startswith(
        "Frozen, on Chinese, each language centred against as it comes: better (+20.0 points"
    )
    assert f"ones alone: better with {least} Chinese labels; worse with {most:,} Chinese labels; no" in told["beside"]
    assert "better with 10, 30, 100 and 300 Chinese labels; worse with 1,000 Chinese labels." in told["worth"]


@pytest.mark.parametrize(("oracle", "said"), [(1, "the same"), (2, f"{RATES[2]:g}")])
def test_the_rate_that_would_have_been_best_is_said_beside_the_chosen_one(oracle, said):
    told = results.told(made({}, best=1, oracle=oracle))["rate"]
    assert f"is {RATES[1]:g}; on Chinese test texts of that seed it would have been {said}." in told


def test_new_words_are_held_against_guessing_each_other_and_the_real_encoder():
    found = made({("fine-tuned", "English alone"): 0.8})
    words = made_words({(STARTS[1], STEPS[1]): 0.7, (STARTS[0], STEPS[1]): 0.3})
    judged = results.words_verdicts(found, words)
    assert set(judged) == set(words_experiment.NEW_WORDS.members)
    assert judged[STARTS[1], STEPS[0], STARTS[0]].word == "no difference shown"
    assert judged[STARTS[1], STEPS[1], STARTS[0]].word == "better"
    assert {judged[start, STEPS[1], "multilingual"].word for start in STARTS} == {"worse"}
    told = results.words_told(found, words)
    assert f"{STARTS[1]}, after {STEPS[1]} steps: better (+" in told["guessing"]
    assert f"{STARTS[0]}, after {STEPS[1]} steps: worse (-" in told["guessing"]
    assert f"{STARTS[0]}, before any step: no difference shown" in told["guessing"]
    assert told["starts"].startswith("before any step: no difference shown")
    assert f"{STARTS[0]} from 8.00 to 5.50" in told["losses"]
    assert "71.0 (" in results.words_table(words).data


def test_the_table_and_the_figure_show_all():
    found = made({("fine-tuned", "English alone"): 0.8})
    assert results.table(found).data.count("<tr>") == 1 + 1 + len(experiment.SIZES)
    figure = results.curves(found)
    assert len(figure.legends[0].get_texts()) == 1 + 2 * 3
    plt.close(figure)


def test_the_stored_runs_are_all_of_both_plans(monkeypatch):
    whole = {"across-languages": made({})["runs"], "new-words": made_words({})["runs"]}
    monkeypatch.setattr("pyft.benchmarks.kept.bench", lambda name: {"runs": whole[name]})
    assert [found["runs"] for found in results.stored()] == list(whole.values())
    for short in whole:
        monkeypatch.setattr(
            "pyft.benchmarks.kept.bench",
            lambda name, short=short: {"runs": whole[name][:-1] if name == short else whole[name]},
        )
        with pytest.raises(PyftError, match=f"{short}.json lacks 1 of"):
            results.stored()


def test_a_map_has_a_panel_each_and_every_text_once():
    rng = np.random.default_rng(0)
    X, language, label = rng.normal(size=(8, 5)), np.repeat(["English", "Chinese"], 4), np.arange(8) % 2
    figure = results.maps({"a": X, "b": 2 * X}, language, label)
    assert [axes.get_title() for axes in figure.axes] == ["a", "b"]
    assert all(sum(len(line.get_xdata()) for line in axes.lines) == 8 for axes in figure.axes)
    plt.close(figure)
