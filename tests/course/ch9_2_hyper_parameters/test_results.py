"""The plan, a run on tiny models, and what is said of made-up runs."""

from dataclasses import fields, replace

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from matplotlib import pyplot as plt
from transformers import TrainingArguments

from pyft import data
from pyft.course.ch9_2_hyper_parameters import experiment, recipes, results
from pyft.course.ch9_2_hyper_parameters.recipes import GRID, NAMES, SEEDS, settings
from pyft.errors import PyftError
from pyft.evaluation.stats import pack_bits
from pyft.evaluation.verdicts import compare_runs
from pyft.models import loading

N = 400

# --- runs -------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_run_on_tiny_models(monkeypatch, tiny_minilm, same_torch_afterwards):
    def corpus(name, profile="laptop"):
        texts = [f"the {'good' if i % 2 else 'bad'} film" for i in range(24)]
        kinds = Features({"text": Value("string"), "label": ClassLabel(names=["bad", "good"])})
        whole = Dataset.from_dict({"text": texts, "label": [i % 2 for i in range(24)]}, features=kinds)
        return DatasetDict(dict.fromkeys(("train", "validation", "test"), whole))

    monkeypatch.setattr(data, "load", corpus)
    carried = loading._carried
    monkeypatch.setattr(
        loading, "_carried", lambda n, c, task, options: carried("bert", replace(c, prepared=False), task, options)
    )
    monkeypatch.setattr(experiment.right, "__defaults__", (16, 6, 10))
    experiment.corpus.cache_clear()
    try:
        made = [experiment.run(1e-3, 1, 8, 0.0, 0.0, 0) for _ in range(2)]
    finally:
        experiment.corpus.cache_clear()
    assert made[0] | {"seconds": 0} == made[1] | {"seconds": 0}
    assert made[0]["tested"] == len(experiment.hits(made[0])) == 10
    assert experiment.hits(made[0]).mean() == pytest.approx(made[0]["accuracy"], abs=1e-6)


def test_the_grid_is_full_and_begins_with_the_trainer_s_defaults():
    assert len(set(experiment.plan())) == len(settings()) * SEEDS == 48 * 4
    theirs = {field.name: field.default for field in fields(TrainingArguments)}
    names = ("learning_rate", "num_train_epochs", "per_device_train_batch_size", "warmup_steps", "weight_decay")
    assert settings()[0] == tuple(theirs[name] for name in names)
    assert set(NAMES) == set(GRID)
    made = recipes.recipe((8e-4, 6, 32, 0.2, 0.1))
    assert (made.lr, made.epochs, made.batch_size, made.warmup, made.weight_decay) == (8e-4, 6, 32, 0.2, 0.1)


# --- words ------------------------------------------------------------------------------------------------------------


def made_up(score):
    """Runs with a test accuracy for each setting, by name, and seed; on validation texts all are 0.05 higher."""

    def run(*arguments):
        setting, seed = arguments[:-1], arguments[-1]
        accuracy = score(dict(zip(GRID, setting, strict=True)), seed)
        hit = np.arange(N) < round(accuracy * N)
        return {
            "setting": list(setting),
            "seed": seed,
            "validation": accuracy + 0.05,
            "accuracy": float(hit.mean()),
            "answers": pack_bits(hit),
            "tested": N,
        }

    return {"runs": [run(*arguments) for arguments in experiment.plan()]}


def rate_alone(s, seed):
    return {5e-5: 0.5, 2e-4: 0.8, 8e-4: 0.7}[s["lr"]]


def test_one_that_matters_has_all_of_the_spread_and_costs_when_left_alone():
    found = made_up(rate_alone)
    assert results.importances(found)["learning rate"] == pytest.approx(1)
    told = results.told(found)
    assert "these three have the largest shares of the spread: learning rate (100 %)" in told["three"]
    assert "together 100 %. " in told["three"]
    assert "the seed by itself 0 %" in told["three"]
    assert told["left"] == (
        "Of 2 comparisons, corrected together, 2 found that leaving it at the default is worse (learning rate; all "
        "five), and none that it is better. With epochs or batch size or warm-up or weight decay at the default the "
        "same runs are chosen, so there is nothing to compare."
    )
    assert "One setting drawn blindly gives 66.7 % on test texts" in told["tries"]
    assert "the best of all 48 80.0 %" in told["tries"]
    assert "scores +5.0 points against test texts (+5.0 to +5.0, over seeds)" in told["flattered"]


def test_where_nothing_matters_nothing_is_said_to():
    told = results.told(made_up(lambda s, seed: 0.7))
    assert told["left"].startswith("Of 0 comparisons, corrected together, none found that leaving it at the default is")
    assert "these runs do not show that what a rate is worth depends on the batch size" in told["pair"]
    assert [tuple(r["setting"]) for r in results.chosen(made_up(lambda s, seed: 0.7))] == [settings()[0]] * SEEDS


def test_luck_is_the_seed_s():
    shares = results.importances(made_up(lambda s, seed: 0.6 + 0.05 * seed))
    assert shares["seed"] == pytest.approx(1)
    assert sum(shares.values()) == pytest.approx(1)


def test_what_two_make_together_is_no_one_s():
    shares = results.importances(made_up(lambda s, seed: 0.7 + 0.1 * ((s["epochs"] == 6) == (s["batch_size"] == 32))))
    assert shares["two or more together"] == pytest.approx(1)


def rate_alone_with_luck(s, seed):
    return rate_alone(s, seed) + 0.01 * seed * (s["lr"] > 5e-5)


def test_what_is_compared_is_corrected_for_all_that_was_declared():
    found = made_up(rate_alone_with_luck)
    of_default, best = (np.stack([experiment.hits(r) for r in results.chosen(found, name)]) for name in ("lr", ""))
    alone = compare_runs(of_default, best)
    judged = results.verdicts(found)
    assert list(judged) == ["lr", experiment.ALL]
    assert judged["lr"].p == pytest.approx(6 * alone.p) and 0 < alone.p < 1 / 6


def test_a_rate_that_is_best_with_one_batch_size_alone():
    def score(s, seed):
        return 0.5 + 0.2 * ((s["lr"], s["batch_size"]) in ((2e-4, 8), (8e-4, 32)))

    found = made_up(score)
    hit = results.hits_with(found, 2e-4, 8)
    assert hit.shape == (SEEDS, N) and hit.mean() == pytest.approx(0.7)
    assert {step: (v.word, round(v.difference, 6)) for step, v in results.steps(found).items()} == {
        (5e-5, 2e-4): ("worse", -0.2),
        (2e-4, 8e-4): ("better", 0.4),
    }
    told = results.told(found)["pair"]
    assert "With batches of 8 the highest mean is at the rate 0.0002, with batches of 32 at 0.0008." in told
    assert "from 0.0002 to 0.0008: there the larger batches gain +40.0 points against the smaller (+3" in told
    assert "; better). So what a rate is worth depends on the batch size:" in told
    assert results.rates_table(found).data.count(">70.0<") == 2


def test_a_choice_on_validation_texts_may_be_the_wrong_one():
    found = made_up(rate_alone)
    for r in found["runs"]:
        r["validation"] = 1 - r["accuracy"]  # what looks best is worst
    told = results.told(found)
    assert "none found that leaving it at the default is worse, and none that it is better" in told["left"]
    assert "the best of all 48 50.0 %" in told["tries"]


def test_held_at_the_default_the_others_are_chosen():
    found = made_up(lambda s, seed: 0.5 + 1000 * s["lr"] / 4 + 0.01 * s["epochs"])
    assert {r["setting"][0] for r in results.chosen(found)} == {8e-4}
    held = results.chosen(found, "lr")
    assert {tuple(r["setting"][:2]) for r in held} == {(5e-5, 6)}
    assert {tuple(r["setting"]) for r in results.chosen(found, experiment.ALL)} == {settings()[0]}


def test_optuna_s_forest_finds_what_matters_too():
    theirs = results.of_optuna(made_up(rate_alone))
    assert theirs["learning rate"] > 0.9
    assert all(share < 0.1 for name, share in theirs.items() if name != "learning rate")


def test_tables_and_figures():
    found = made_up(rate_alone)
    text = results.left_alone_table(found).data
    assert text.count("<tr>") == 1 + len(GRID) + 2
    assert text.count("worse") == 2 and text.count("the same runs") == 4
    text = results.importance_table(found).data
    assert text.count("<tr>") == 1 + len(GRID) + 3
    assert text.index("learning rate") < text.index("epochs") < text.index("seed and setting")
    for draw in (results.importance_figure, results.tries_figure):
        plt.close(draw(found))


def test_the_stored_runs_are_all_of_the_plan(monkeypatch):
    whole = made_up(rate_alone)["runs"]
    monkeypatch.setattr("pyft.benchmarks.kept.bench", lambda name: {"runs": whole})
    assert results.stored()["runs"] == whole
    monkeypatch.setattr("pyft.benchmarks.kept.bench", lambda name: {"runs": whole[:-1]})
    with pytest.raises(PyftError, match="lacks 1 of"):
        results.stored()
