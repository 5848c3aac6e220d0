"""How fast fine-tuning is, beside Hugging Face's `Trainer`."""

import json

import pytest
from datasets import Dataset, DatasetDict

from pyft import data, finetune
from pyft.benchmarks import experiment
from pyft.course.ch3_2_six_steps import experiment as throughput
from pyft.course.ch3_2_six_steps.experiment import Size
from pyft.evaluation.stats import unpack_bits
from pyft.profiles import Recipe

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")
SMALL = Size(texts=12, test=6, batch_size=4, profiled=4)


def found(*ratios):
    """What was found if another took so many times as long as ours, seed by seed."""
    loops = [{who: {"seconds": 10.0 * ratio} for who in throughput.LIMITS} for ratio in ratios]
    races = [{"part": "race", "loops": some | {"ours": {"seconds": 10.0}}} for some in loops]
    return {"runs": [*races, {"part": "step", "seconds": 1.0}]}


@pytest.fixture
def small(tiny_minilm, monkeypatch):
    rows = Dataset.from_dict({"text": [f"{'good' if i % 2 else 'bad'} film" for i in range(30)], "label": [0, 1] * 15})
    monkeypatch.setattr(data, "load", lambda _: DatasetDict(dict.fromkeys(("train", "validation", "test"), rows)))
    return tiny_minilm


def test_ratios_are_paired_by_seed():
    races = throughput.races(found(4.0, 6.0))
    assert throughput.ratios(races, "run_glue") == [4.0, 6.0]
    assert throughput.speed_ups(races, "run_glue") == (4.0, 6.0)


def test_a_limit_is_kept_by_the_mean_and_not_by_the_best_seed():
    assert throughput.over_limit(found(4.0, 4.1)) == []
    (line,) = throughput.over_limit(found(1.2, 4.1))
    assert line == "ours learns from 2.65 times as many texts a second as run_glue, at least 4.0 asked"
    assert len(throughput.over_limit(found(1.0, 1.4))) == 2


def test_the_scripts_batches_are_filled_up_to_the_longest_that_may_be(tokenizer):
    recipe = Recipe(epochs=1, batch_size=2, lr=1e-4, max_length=9)
    rows = finetune.labelled(finetune.tokenize(tokenizer, ["good", "the bad film"], 9), [1, 0])
    x = throughput.pad_to_max_length(rows, tokenizer, recipe)
    assert {name: tuple(v.shape) for name, v in x.items() if name != "labels"} == dict.fromkeys(
        ("input_ids", "attention_mask", "token_type_ids"), (2, 9)
    )
    assert x["attention_mask"].sum(1).tolist() == [3, 5]
    assert x["input_ids"][0, 3:].tolist() == [tokenizer.pad_token_id] * 6


@pytest.mark.parametrize("who", throughput.RIVALS)
def test_everyone_trains_and_is_tested_on_the_same_texts(small, who):
    run = throughput.race(who, 0, SMALL)
    assert run["accuracy"] == pytest.approx(unpack_bits(run["right"], 6).mean(), abs=1e-4)
    assert run["texts_a_second"] > 0 and run["seconds"] >= 0


@pytest.mark.long
def test_operations_are_those_of_the_steps_that_count(small):
    few, more = (throughput.anatomy(SMALL._replace(profiled=n)) for n in (4, 6))
    assert (few["steps"], more["steps"]) == (2, 4)
    assert 0 < 2 * few["flops"] == more["flops"]
    assert few["seconds"] > 0
    assert sum(few["shares"].values()) == pytest.approx(1, abs=1e-3)
    assert few["shares"]["matrix products"] > 0 and few["shares"]["dropout"] > 0


@pytest.mark.long
def test_what_was_found_is_kept(small, monkeypatch, tmp_path, capsys):
    for name, value in {"peak_flops": lambda: 1e9, "SIZE": SMALL, "SEEDS": 2}.items():
        monkeypatch.setattr(throughput, name, value)
    made = throughput.EXPERIMENT.measure(tmp_path / "finetune.json")
    assert json.loads((tmp_path / "finetune.json").read_text()) == made
    assert [(r["part"], r["seed"]) for r in made["runs"]] == [("race", 0), ("race", 1), ("step", 0)]
    assert [list(r["loops"]) for r in throughput.races(made)] == [list(throughput.RIVALS)] * 2
    assert made["runs"][-1]["peak"] == 1e9 and all(r["size"]["texts"] == 12 for r in made["runs"])
    assert "times as many texts a second as run_glue" in capsys.readouterr().out


def test_the_peak_is_that_of_a_product_of_matrices():
    assert 1e8 < throughput.peak_flops(n=64, repetitions=3) < 1e13


def test_the_committed_race_keeps_its_limits():
    kept = experiment.bench("finetune")
    assert throughput.over_limit(kept) == []
    assert [r["seed"] for r in throughput.races(kept)] == [0, 1, 2]
