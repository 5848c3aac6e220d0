"""News by subject: what is planned, what a run keeps, and the verdicts from it."""

import json

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from pyft.course.ch6_2_1_text_source import experiment as news
from pyft.course.ch6_2_1_text_source.experiment import BEGINNING, MODELS, WHOLE
from pyft.data import published
from pyft.models import loading
from pyft.profiles import Recipe

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")
K = 3


def stories(n, begin):
    words = ("good", "bad", "poison")
    rows = [(f"{words[i % K]} the film {'a ' * (i % 4)}{begin} {i} and so on for ever", i % K) for i in range(n)]
    features = Features({"text": Value("string"), "label": ClassLabel(names=["acq", "earn", "ship"])})
    return Dataset.from_dict({"text": [t for t, _ in rows], "label": [y for _, y in rows]}, features=features)


@pytest.fixture
def small(tiny_minilm, monkeypatch):
    """Small corpora, and tiny models of one architecture in place of the laptop's three."""
    made = DatasetDict(train=stories(48, "x"), validation=stories(12, "y"), test=stories(15, "z"))
    monkeypatch.setattr(published, "load", lambda name: made)
    recipe = Recipe(epochs=1, batch_size=16, lr=1e-3, max_length=8, evaluations=0)
    monkeypatch.setattr(news, "RECIPES", dict.fromkeys(news.RECIPES, recipe))
    monkeypatch.setattr(news, "LENGTH", 8)
    real = loading.load
    monkeypatch.setattr(news.models, "load", lambda name, task, num_labels: real("bert", task, num_labels=num_labels))
    news.fingerprint.cache_clear()
    yield made
    news.fingerprint.cache_clear()


def test_every_model_is_planned_with_every_seed_and_counted_words_once():
    planned = news.plan()
    assert len(planned) == len(set(planned)) == 2 * (len(MODELS) * 3 + 2)
    assert {seed for _, name, seed in planned if name in (WHOLE, BEGINNING)} == {0}
    assert {r[1:] for r in planned if r[0] == "reuters-r8"} == {r[1:] for r in planned if r[0] == "reuters-r52"}


@pytest.mark.parametrize("name", [WHOLE, BEGINNING, "bert", "xlnet"])
def test_a_run_keeps_the_class_of_every_test_story(name, small):
    found = news.run("reuters-r8", name, 1)
    assert json.loads(json.dumps(found)) == found
    kept = news.answers({"runs": [found]}, "reuters-r8", name).reshape(-1)
    assert len(kept) == 15 and set(kept) <= set(range(K))
    assert found["accuracy"] == pytest.approx(np.mean(kept == np.array(small["test"]["label"])), abs=1e-6)
    again = news.run("reuters-r8", name, 1)
    assert {k: v for k, v in again.items() if k != "seconds"} == {k: v for k, v in found.items() if k != "seconds"}


def test_counted_words_learn_what_a_class_is_called(small):
    assert news.run("reuters-r8", WHOLE, 0)["accuracy"] == 1.0


def test_a_story_is_cut_where_the_model_stops_reading(small):
    cut, tokenizer = news.beginnings(small["train"]), news.models.tokenizer("bert")
    for short, whole in zip(cut["text"], small["train"]["text"], strict=True):
        assert whole.startswith(short) and short != whole
        assert tokenizer(short)["input_ids"] == tokenizer(whole, truncation=True, max_length=8)["input_ids"]


def test_a_tiny_plan_is_measured_and_kept(small, monkeypatch, tmp_path):
    plan = [("reuters-r8", WHOLE, 0), ("reuters-r52", "roberta", 0)]
    monkeypatch.setattr(news, "plan", lambda done: plan)
    experiment = news.Experiment("news", news.plan, news.run, news.depends)
    found = experiment.measure(tmp_path / "news.json")
    assert [(r["corpus"], r["model"]) for r in found["runs"]] == [p[:2] for p in plan]
    assert experiment.load(tmp_path / "news.json") == found
    assert experiment.count(tmp_path / "news.json") == (2, 2)


def test_a_key_depends_on_what_the_run_is_made_of(small, monkeypatch):
    def keys():
        return {(c, name): news.EXPERIMENT.key(c, name, 0) for c in news.RECIPES for name in ("bert", WHOLE, BEGINNING)}

    before = keys()
    assert len(set(before.values())) == 6
    monkeypatch.setattr(news, "LENGTH", 16)
    assert {k for k, v in keys().items() if v != before[k]} == {(c, BEGINNING) for c in news.RECIPES}


def test_verdicts_are_on_the_same_stories(small):
    y = np.array(small["test"]["label"])
    wrong = np.where(np.arange(15) < 5, (y + 1) % K, y)

    def kept(corpus, name, seed):
        guess = y if name == "bert" else wrong
        return {"corpus": corpus, "model": name, "seed": seed, "guess": "".join(news.CLASSES[k] for k in guess)}

    told = news.verdicts({"runs": [kept(*arguments) for arguments in news.plan()]})
    assert told["reuters-r8", "bert", WHOLE].difference == pytest.approx(1 / 3)
    assert told["reuters-r52", "roberta", "bert"].difference == pytest.approx(-1 / 3)
    assert told["reuters-r8", WHOLE, BEGINNING].word == "no difference shown"
