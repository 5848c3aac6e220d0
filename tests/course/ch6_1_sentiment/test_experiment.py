"""Film reviews learnt from every training text, for one epoch to three."""

import json
from dataclasses import replace

import pytest
from datasets import Dataset, DatasetDict

from pyft import data
from pyft.course.ch6_1_sentiment import experiment as reviews
from pyft.evaluation.stats import unpack_bits
from pyft.finetune import loop

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")


@pytest.fixture
def small(tiny_minilm, monkeypatch):
    texts = ["the " * (i % 5) + ("good" if i % 2 else "bad") + " film" for i in range(30)]
    rows = Dataset.from_dict({"text": texts, "label": [i % 2 for i in range(30)]})
    monkeypatch.setattr(data, "load", lambda _: DatasetDict(dict.fromkeys(("train", "validation", "test"), rows)))
    return tiny_minilm


def test_a_run_says_which_texts_were_right(small):
    found = reviews.run(1e-4, 2, 0)
    assert set(found["accuracy"]) == {"validation", "test"}
    assert found["accuracy"]["test"] == pytest.approx(unpack_bits(found["right"], 30).mean(), abs=1e-4)
    assert json.loads(json.dumps(found)) == found
    assert reviews.run(1e-4, 2, 0) == found


def test_it_learns_from_every_text_for_as_many_epochs_as_asked(small, monkeypatch):
    seen, train = [], loop.fine_tune
    monkeypatch.setattr(reviews, "fine_tune", lambda *a: seen.append((len(a[2]), train(*a))))
    for epochs in reviews.EPOCHS:
        reviews.run(1e-4, epochs, 0)
    assert [(n, len(history.losses)) for n, history in seen] == [(30, 1), (30, 2), (30, 3)]


def test_the_seed_draws_the_head(small, monkeypatch):
    heads = []
    monkeypatch.setattr(reviews, "fine_tune", lambda model, *_: heads.append(model.classifier.weight.sum().item()))
    for seed in (0, 0, 1):
        reviews.run(1e-4, 1, seed)
    assert heads[0] == heads[1] != heads[2]


def test_the_plan_holds_every_number_of_epochs_for_every_seed():
    assert sorted(reviews.plan()) == [(lr, e, seed) for lr in (1e-4, 2e-4) for e in (1, 2, 3) for seed in range(5)]


def test_runs_are_kept_under_their_name(small, monkeypatch, tmp_path):
    monkeypatch.setattr(reviews, "SEEDS", 1)
    found = reviews.EXPERIMENT.measure(tmp_path / "reviews.json")
    assert [(r["lr"], r["epochs"], r["seed"]) for r in found["runs"]] == [
        (lr, epochs, 0) for lr in (1e-4, 2e-4) for epochs in (1, 2, 3)
    ]
    again = replace(reviews.EXPERIMENT, run=lambda *_: pytest.fail("it was kept"))
    assert again.measure(tmp_path / "reviews.json") == found
