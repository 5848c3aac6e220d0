"""The comparison of architectures: what a run keeps, how it is scored, and that finished runs are not run again."""

import json
from dataclasses import replace

import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

from pyft import finetune, models
from pyft.course.ch3_1_choosing_a_model import experiment as architectures
from pyft.evaluation.stats import unpack_bits
from pyft.models import loading
from pyft.profiles import Recipe

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")

TAGS = ["O", "B-PER", "I-PER"]


def corpus(name):
    """Small corpora whose label one word decides."""
    if name == "conll2003":
        words = [["the"] * (i % 3) + ["good" if i % 2 else "bad", "film"] for i in range(24)]
        tags = [[{"good": 1, "bad": 0, "film": 2 * (i % 2)}.get(w, 0) for w in row] for i, row in enumerate(words)]
        features = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=TAGS))})
        rows = Dataset.from_dict({"tokens": words, "ner_tags": tags}, features=features)
    else:
        texts = ["the " * (i % 3) + ("good" if i % 2 else "bad") for i in range(24)]
        features = Features({"text": Value("string"), "label": ClassLabel(names=["no", "yes"])})
        rows = Dataset.from_dict({"text": texts, "label": [i % 2 for i in range(24)]}, features=features)
    return DatasetDict({"train": rows, "validation": rows.select(range(6)), "test": rows.select(range(6, 18))})


@pytest.fixture
def small(tiny_minilm, monkeypatch):
    """Tiny models and corpora in place of the real ones."""
    monkeypatch.setattr(architectures.data, "load", corpus)
    recipe = Recipe(epochs=20, batch_size=4, lr=5e-3, evaluations=2, max_length=16)
    monkeypatch.setattr(architectures, "TASKS", {"movie-reviews": (20, recipe), "conll2003": (20, recipe)})
    return tiny_minilm


@pytest.mark.long
@pytest.mark.parametrize("name", ["movie-reviews", "conll2003"])
def test_a_run_is_trained_scored_and_says_what_it_was(small, name):
    kept = architectures.run("minilm", name, 0)
    assert kept["score"] == 1.0 and unpack_bits(kept["right"], 12).all()
    assert (kept["model"], kept["corpus"], kept["seed"]) == ("minilm", name, 0)
    assert len(kept["validation_loss"]) == 2 and kept["seconds"] > 0 and len(kept["digest"]) == 64
    again = architectures.run("minilm", name, 0)
    assert {k: v for k, v in again.items() if k != "seconds"} == {k: v for k, v in kept.items() if k != "seconds"}
    assert architectures.run("minilm", name, 1)["validation_loss"] != kept["validation_loss"]


class Fixed:
    """In place of `predict`: these tags for each sentence, as logits."""

    def __init__(self, *tags):
        self.tags = tags

    def __call__(self, *_):
        return [torch.eye(3)[torch.tensor(row)] for row in self.tags]


def test_entities_are_scored_whole_and_words_that_were_cut_off_count_as_none(monkeypatch):
    test = Dataset.from_dict(
        {"tokens": [["a", "b", "c"], ["d", "e"]], "ner_tags": [[1, 2, 0], [0, 1]]},
        features=Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=TAGS))}),
    )
    for predicted, score, right in [
        ([[1, 2, 0], [0, 1]], 1.0, [1, 1]),
        ([[1, 0, 0], [0, 1]], 0.5, [0, 1]),  # half an entity is none: one of two found, one of two right
        ([[1, 2, 0], [0]], 2 / 3, [1, 0]),  # the second sentence was cut: its entity is missed
    ]:
        monkeypatch.setattr(architectures, "predict", Fixed(*predicted))
        found = architectures.evaluate(None, None, test, 16)
        assert found == (pytest.approx(score), right)


def test_the_plan_pairs_models_and_steps_by_seed():
    runs = architectures.plan()
    assert len(runs) == len(set(runs)) == 5 * 2 * 3 + 3 * (2 * 3 + 4)
    assert runs == sorted(runs, key=lambda r: r[2])
    for seed in range(5):
        steps = [name for name, corpus, s in runs if s == seed and corpus == "movie-reviews"]
        assert steps == [
            *architectures.MODELS,
            *((*architectures.CONTINUED, *architectures.LADDER) if seed < 3 else ()),
        ]


@pytest.mark.long
def test_each_step_of_the_ladder_is_another_model(small, monkeypatch):
    monkeypatch.setattr(architectures, "texts", lambda: [["good film", "bad film the a"], ["the poison"]] * 8)
    minilm = models.minilm

    def with_biases():  # a new model has none
        model, g = minilm(), torch.Generator().manual_seed(0)
        for name, p in model.named_parameters():
            if name.endswith("bias"):
                p.data.normal_(generator=g)
        return model

    for module in (models, loading):  # a folder remembers what it handed on: it first, while that is the real one
        monkeypatch.setattr(module, "minilm", with_biases)
    digests = [models.digest(step()) for step in architectures.LADDER.values()]
    assert len(set(digests)) == 4
    kept = [architectures.run(step, "movie-reviews", 0) for step in architectures.LADDER]
    assert [r["digest"] for r in kept] == digests
    assert len({tuple(r["validation_loss"]) for r in kept}) == 4


@pytest.mark.long
def test_every_run_of_the_plan_is_kept_in_the_file_of_the_models(small, monkeypatch):
    plan = [("minilm", corpus, 0) for corpus in architectures.TASKS]
    found = replace(architectures.EXPERIMENT, plan=lambda _: plan).measure(small / "models.json")
    assert [(r["model"], r["corpus"], r["seed"]) for r in found["runs"]] == plan
    assert json.loads((small / "models.json").read_text()) == found


def test_other_weights_or_another_recipe_are_another_run(small, monkeypatch):
    def key():
        return architectures.EXPERIMENT.key("xlnet", "conll2003", 0)

    first = key()
    weights = models.delta_file("xlnet")
    weights.parent.mkdir()
    weights.write_bytes(b"others")
    second = key()
    rows, recipe = architectures.TASKS["conll2003"]
    monkeypatch.setitem(architectures.TASKS, "conll2003", (rows + 1, recipe))
    assert len({first, second, key()}) == 3


def test_all_models_of_one_seed_see_the_same_rows(small, monkeypatch):
    seen = []
    monkeypatch.setattr(
        architectures, "fine_tune", lambda m, t, train, *a: seen.append(train["text"][:]) or finetune.History()
    )
    for name, seed in [("minilm", 3), ("bert", 3), ("bert", 4)]:
        architectures.run(name, "movie-reviews", seed)
    assert seen[0] == seen[1] != seen[2]


def test_what_is_compared_is_measured_over_seeds():
    runs = set(architectures.plan())
    ladder = [(*pair, "movie-reviews") for pair in architectures.STEPS_OF_LADDER.members]
    for a, b, corpus in (*architectures.ARCHITECTURES.members, *architectures.TRAINED_ON.members, *ladder):
        shared = [seed for seed in range(architectures.SEEDS) if {(a, corpus, seed), (b, corpus, seed)} <= runs]
        assert len(shared) >= architectures.FEW
    assert len(architectures.TRAINED_ON.members) == 6
