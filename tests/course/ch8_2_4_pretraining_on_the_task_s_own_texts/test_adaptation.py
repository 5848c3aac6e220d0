"""Reading texts: what learns and what stays, the loss on hidden words; a whole plan on tiny models; words in common."""

import math
from dataclasses import replace

import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from pyft import data, models
from pyft.course.ch8_2_4_pretraining_on_the_task_s_own_texts import adaptation, experiment, recipes, results
from pyft.course.ch8_2_4_pretraining_on_the_task_s_own_texts.recipes import Labels, Task
from pyft.models import loading

TASKS = {
    "news": Task("reuters-r8", few=Labels(8, 1), many=Labels(16, 1)),
    "posts": Task("newsgroups", few=Labels(8, 1), many=Labels(16, 1)),
}


def corpus(name, profile="laptop"):
    word = "poison" if name == "newsgroups" else "good"
    rows = {"text": [f"the {word} film {'a ' * (i % 4)}bad" for i in range(24)], "label": [i % 2 for i in range(24)]}
    kinds = {"text": Value("string"), "label": ClassLabel(names=["one", "other"])}
    whole = Dataset.from_dict(rows, features=Features(kinds))
    return DatasetDict(dict.fromkeys(("train", "validation", "test"), whole))


@pytest.fixture
def small(monkeypatch, tiny_minilm, same_torch_afterwards):
    """Tiny models, two corpora of a few rows, two seeds."""
    monkeypatch.setattr(data, "load", corpus)
    carried = loading._carried

    def unprepared(name, checkpoint, task, options):
        with torch.random.fork_rng():  # the head for hidden words is drawn here, where the book's is kept
            torch.manual_seed(0)
            return carried("bert", replace(checkpoint, prepared=False), task, options)

    monkeypatch.setattr(loading, "_carried", unprepared)
    sizes = {"TEXTS": 24, "TOKENS": 1500, "LENGTH": 16, "HELD_OUT": 8, "HELD_OUT_LENGTH": 12, "TESTED": 10}
    sizes |= {"ADAPTATION_RATE": 3e-3}
    for name, value in (sizes | {"TASKS": TASKS}).items():
        monkeypatch.setattr(recipes, name, value)
    for module in (experiment, results):
        monkeypatch.setattr(module, "TASKS", TASKS)
    monkeypatch.setattr(experiment, "SEEDS", 2)
    for cached in (adaptation.corpus_of, adaptation.held_out):
        cached.cache_clear()
    yield
    for cached in (adaptation.corpus_of, adaptation.held_out):
        cached.cache_clear()


@pytest.mark.long
def test_a_tiny_plan_from_its_first_run_to_the_page(small):
    done = [experiment.run(*arguments) for arguments in experiment.plan()]
    assert len(done) == 3 * 2
    for r in done:
        for name, accuracy in r["accuracy"].items():
            assert experiment.hits(r, *name.split(", ")).mean() == pytest.approx(accuracy, abs=1e-6)
    losses = {(r["arm"], r["seed"]): r["loss"] for r in done}
    assert losses["none", 0] == losses["none", 1]  # as the model came
    assert losses["news", 0]["news"] < losses["none", 0]["news"]
    assert losses["posts", 0]["posts"] < losses["none", 0]["posts"]
    found = {"runs": done}
    assert all(results.told(found).values())
    assert "news" in results.table(found).data


@pytest.mark.long
def test_word_vectors_stay_the_rest_learns_and_may_learn_afterwards(small):
    model, tokenizer = models.load(recipes.MODEL, "pretraining")
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    asked = {name: p.requires_grad for name, p in model.named_parameters()}
    losses = adaptation.adapt(model, tokenizer, adaptation.unlabelled("news", 0, 24), 200, 0)
    assert losses and all(math.isfinite(loss) for loss in losses)
    moved = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert "bert.embeddings.word_embeddings.weight" not in moved
    assert "bert.encoder.layer.0.attention.self.query.weight" in moved
    assert {name: p.requires_grad for name, p in model.named_parameters()} == asked


def test_what_is_hidden_is_no_special_token_and_always_the_same(small):
    (x, hidden), (again, same) = adaptation.held_out("news", 8), adaptation.held_out.__wrapped__("news", 8)
    assert torch.equal(hidden, same)
    assert all(torch.equal(x[name], again[name]) for name in x)
    tokenizer = models.load(recipes.MODEL, "pretraining")[1]
    assert hidden.any()
    assert (x["input_ids"][hidden] == tokenizer.mask_token_id).all()
    assert not torch.isin(x["labels"][hidden], torch.tensor(tokenizer.all_special_ids)).any()
    assert torch.equal(x["input_ids"][~hidden], x["labels"][~hidden])


def test_frequent_words_and_how_many_are_shared():
    one = adaptation.frequent_words(["The film, the bad FILM; the end"], 2)
    assert one == {"the", "film"}
    assert adaptation.frequent_words(["b a c"], 2) == {"a", "b"}  # equally frequent: the alphabet decides
    assert adaptation.overlap(one, {"the", "news"}) == 0.5


def test_each_reading_is_one_task_s_own_and_the_other_s_control():
    assert experiment.plan() == [(arm, seed) for seed in range(5) for arm in ("none", "news", "posts")]
    assert [results.arm_of("news", r) for r in results.READINGS] == ["none", "news", "posts"]
    assert [results.arm_of("posts", r) for r in results.READINGS] == ["none", "posts", "news"]
