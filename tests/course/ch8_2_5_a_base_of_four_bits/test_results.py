"""The plan, a run on tiny models, what is said of made-up runs; memory by formula."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from matplotlib import pyplot as plt
from small_experiment import check_whole

from pyft import data
from pyft.course.ch8_2_5_a_base_of_four_bits import counts, experiment, recipes, results
from pyft.course.ch8_2_5_a_base_of_four_bits.recipes import BASES, SEEDS, TASKS, WHOLE
from pyft.evaluation.stats import pack_bits
from pyft.maths.four_bits import FourBit
from pyft.maths.sizes import Size
from pyft.models import efficient, loading

N = 400
TINY = Size(V=11, d=32, d_ff=64, L=2, h=2, positions=128)


# --- runs -------------------------------------------------------------------------------------------------------------


def corpus(name, profile="laptop"):
    rows = {"text": [f"the {'good' if i % 2 else 'bad'} film" for i in range(24)], "label": [i % 2 for i in range(24)]}
    kinds = {"text": Value("string"), "label": ClassLabel(names=["bad", "good"])}
    whole = Dataset.from_dict(rows, features=Features(kinds))
    return DatasetDict(dict.fromkeys(("train", "validation", "test"), whole))


@pytest.mark.long
def test_a_run_on_tiny_models(monkeypatch, tiny_minilm, same_torch_afterwards):
    monkeypatch.setattr(data, "load", corpus)
    carried = loading._carried
    monkeypatch.setattr(
        loading, "_carried", lambda n, c, task, options: carried("bert", replace(c, prepared=False), task, options)
    )
    monkeypatch.setattr(experiment, "TASKS", {"film reviews": recipes.Task("movie-reviews", rows=16, test=12)})
    monkeypatch.setattr(recipes, "RECIPE", replace(recipes.RECIPE, epochs=1, batch_size=8))
    experiment.corpus_of.cache_clear()
    try:
        made = [experiment.run("film reviews", base, 0) for base in (WHOLE, "NF4", "NF4")]
    finally:
        experiment.corpus_of.cache_clear()
    assert made[1] | {"seconds": 0} == made[2] | {"seconds": 0}
    assert all(experiment.hits(r).mean() == pytest.approx(r["accuracy"], abs=1e-6) for r in made)


@pytest.fixture(autouse=True)
def documents(own_documents):
    return own_documents(results, N)


def test_texts_of_one_document_count_together(documents):
    found, key = made_up(NF4=0.6), ("film reviews", "NF4")
    single = results.verdicts(found)[key]
    documents[:] = ["hard" if 0.6 * N <= i < 0.7 * N else f"easy {i % 3}" for i in range(N)]
    together = results.verdicts(found)[key]
    assert together.difference == single.difference
    assert together.high - together.low > 2 * (single.high - single.low)


def test_every_base_meets_every_task_and_seed():
    assert len(set(experiment.plan())) == len(experiment.plan()) == len(TASKS) * len(BASES) * SEEDS
    assert len(experiment.AGAINST_WHOLE.members) == len(TASKS) * (len(BASES) - 1)


def made_up(**right):
    """Runs in which so many texts are right on a base, by its name with _ for a blank; 0.7 where nothing is said."""
    of = {name.replace("_", " "): value for name, value in right.items()}
    hits = {(task, base): np.arange(N) < of.get(base, 0.7) * N for task in TASKS for base in BASES}
    return {
        "runs": [
            {
                "task": task,
                "base": base,
                "seed": seed,
                "accuracy": float(hits[task, base].mean()),
                "answers": pack_bits(hits[task, base]),
                "tested": N,
            }
            for task, base, seed in experiment.plan()
        ]
    }


def test_no_difference_is_told_as_none():
    told = results.told(made_up())
    assert "Of 8 comparisons with 32 bits, corrected together, none better and none worse" in told["verdict"]
    assert "Between NF4 and 32 bits no difference is shown on either task" in told["four"]
    assert "film reviews +0.0 points, +0.0 to +0.0" in told["four"]


def test_worse_and_better_bases_are_named():
    told = results.told(made_up(NF4=0.5))
    assert "none better and 2 worse (NF4, film reviews; NF4, sources of texts);" in told["verdict"]
    assert "NF4 differs from 32 bits on film reviews and sources of texts (film reviews -20.0 points" in told["four"]
    told = results.told(made_up(NF4=0.9))
    assert "2 better (NF4, film reviews; NF4, sources of texts) and none worse;" in told["verdict"]


def test_table_and_figure():
    found = made_up(NF4=0.5)
    text = results.table(found).data
    assert text.count("<tr>") == 1 + len(BASES)
    assert text.count("50.0 ▼") == len(TASKS)
    assert text.count("70.0<") == len(TASKS) * (len(BASES) - 1)
    figure = results.accuracy_figure(found)
    assert [axes.get_title() for axes in figure.axes] == list(TASKS)
    plt.close(figure)


def test_all_runs_are_read_or_none(monkeypatch):
    found = made_up()
    check_whole(monkeypatch, results.stored, found)


# --- memory -----------------------------------------------------------------------------------------------------------


def test_bits_and_bytes():
    assert counts.bits_a_number() == 4.5
    assert counts.bits_a_number(second=256) == pytest.approx(4 + 8 / 64 + 32 / (64 * 256))
    assert counts.bits_a_number(4, 32, 16) == 4.5  # E5's file: a scale in half precision for 32 numbers
    assert results.bits_of(WHOLE) == 32


@pytest.mark.parametrize(("base", "bits"), [(WHOLE, 32), ("NF4", 4.5)])
def test_matrices_take_what_the_formula_says(tiny_bert, base, bits):
    model = recipes.with_base(tiny_bert(), base)
    memory = counts.training_memory(model, torch.randint(11, (4, 8)))
    assert memory.matrices == counts.base_bytes(bits, TINY)
    learns = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert memory.learning == 12 * learns
    assert memory.peak >= memory.matrices + memory.other_weights + 8 * learns + memory.activations


def test_the_base_is_quantised_and_what_learns_is_not(tiny_bert):
    model = recipes.with_base(tiny_bert(), "NF4")
    assert sum(isinstance(part, FourBit) for part in model.modules()) == 6 * TINY.L
    assert all(isinstance(part.linear, FourBit) for part in efficient.loras(model).values())
    assert isinstance(model.classifier, torch.nn.Linear)
    assert isinstance(model.bert.pooler.dense, torch.nn.Linear)


def test_nearer_levels_lose_less():
    x = torch.randn(64, 64, generator=torch.Generator().manual_seed(0))
    lost = [results.relative_error(x, recipes.Base("normal", bits).table(), 64) for bits in (2, 3, 4)]
    assert lost == sorted(lost, reverse=True)
    assert results.relative_error(x, recipes.Base("normal", 4).table(), 64) < results.relative_error(
        x, recipes.Base("uniform", 4).table(), 64
    )
