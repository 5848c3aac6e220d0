"""Ratings learnt on one kind of text and tested on all."""

import json

import numpy as np
import pytest
from datasets import Dataset, DatasetDict

from pyft import data, models
from pyft.course.ch6_1_2_social_media import experiment as sentiment
from pyft.errors import PyftError
from pyft.evaluation.stats import unpack_bits
from pyft.models.loading import digest

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")


def rows(n, contrived):
    texts = ["the " * (i % 5) + ("good" if i % 2 else "bad") + " film" for i in range(n)]
    columns = {
        "id": [str(i) for i in range(n)],
        "text": texts,
        "rating": [1.5 if "good" in text else -1.25 for text in texts],
        "ratings": [[1, 2]] * n,
    }
    return Dataset.from_dict(columns | ({"contrived": [i >= 24 for i in range(n)]} if contrived else {}))


@pytest.fixture
def small(tiny_minilm, monkeypatch):
    monkeypatch.setattr(sentiment, "ROWS", 24)
    monkeypatch.setattr(
        data,
        "load",
        lambda name: DatasetDict({split: rows(30, name == "tweets") for split in ("train", "validation", "test")}),
    )
    return tiny_minilm


def test_ratings_are_the_labels_and_contrived_tweets_are_left_out(small):
    assert set(sentiment.rated_split("tweets", "test")["text"]) == set(rows(24, False)["text"])
    assert len(sentiment.rated_split("tweets", "test")) == 24
    assert len(sentiment.rated_split("editorials", "test")) == 30
    assert sentiment.rated_split("editorials", "test")["label"][:2] == [-1.25, 1.5]


def by_the_sentence(split):
    """Forty documents of six sentences, of which each split has some, as if they had been split one by one."""
    ids = [f"{d}_{k}" for d in range(40) for k in {"train": (1, 2, 3, 4), "validation": (5,), "test": (6,)}[split]]
    return Dataset.from_dict({"id": ids, "text": ids, "rating": [1.5] * len(ids), "ratings": [[1, 2]] * len(ids)})


def test_no_document_is_on_two_sides_and_no_training_text_is_tested_on(monkeypatch):
    splits = DatasetDict({split: by_the_sentence(split) for split in ("train", "validation", "test")})
    monkeypatch.setattr(data, "load", lambda name: splits)
    ids = {split: sentiment.rated_split("editorials", split)["id"][:] for split in splits}
    documents = {split: {key.split("_")[0] for key in some} for split, some in ids.items()}
    assert sum(map(len, documents.values())) == len(set.union(*documents.values())) == 40
    assert len(documents["train"]) > len(documents["test"]) > len(documents["validation"]) > 0
    assert set(ids["train"]) <= set(splits["train"]["id"])
    assert {key.split("_")[1] for split in ("validation", "test") for key in ids[split]} == {"5", "6"}


def test_texts_are_counted_by_their_documents():
    assert sentiment.documents({"id": ["12_3", "12_4", "7_1", "44"]}) == ["12", "12", "7", "44"]


def test_each_model_away_from_home_is_compared_once():
    assert len(set(sentiment.ABROAD.members)) == len(sentiment.ABROAD.members) == 12
    assert all(source != on for source, on in sentiment.ABROAD.members)


def test_a_source_that_there_is_not_is_named():
    with pytest.raises(PyftError, match="unknown source 'novels'"):
        sentiment.rated_split("novels", "test")


def test_a_run_is_tested_on_every_source(small):
    found = sentiment.run("bert", "tweets", 0)
    assert set(found["tested"]) == set(sentiment.SOURCES)
    for source, scores in found["tested"].items():
        n = len(sentiment.rated_split(source, "test"))
        assert scores["accuracy"] == pytest.approx(unpack_bits(scores["right"], n).mean(), abs=1e-4)
        assert -1 <= scores["r"] <= 1 and scores["mse"] > 0
    assert json.loads(json.dumps(found)) == found
    assert sentiment.run("bert", "tweets", 0) == found
    assert sentiment.run("bert", "tweets", 1) != found


def test_a_seed_draws_the_head_and_the_rows_and_the_rows_are_the_same_for_every_model(small, monkeypatch):
    seen = []
    monkeypatch.setattr(sentiment, "fine_tune", lambda m, t, train, *_: seen.append((digest(m), train["text"][:])))
    for model, seed in [("bert", 3), ("bert", 4), ("roberta", 3)]:
        sentiment.run(model, "editorials", seed)
    assert seen[0][0] != seen[1][0]
    assert seen[0][1] != seen[1][1]
    assert seen[0][1] == seen[2][1]


def test_scores_are_those_of_the_predictions(small, monkeypatch):
    model, tokenizer = models.load("bert", "regression")
    z = np.linspace(-2, 2, 30)

    def predict(*_):
        import torch

        return torch.tensor(z)[:, None]

    monkeypatch.setattr(sentiment, "predict", predict)
    found = sentiment.evaluate(model, tokenizer, "editorials")
    y = np.array(sentiment.rated_split("editorials", "test")["label"])
    assert found["r"] == pytest.approx(np.corrcoef(z, y)[0, 1], abs=1e-4)
    assert found["mse"] == pytest.approx(((z - y) ** 2).mean(), abs=1e-4)
    assert found["accuracy"] == pytest.approx(((z > 0) == (y > 0)).mean(), abs=1e-4)


def test_the_plan_crosses_all_sources_with_one_model_and_has_all_three_on_tweets():
    plan = sentiment.plan()
    assert len(plan) == len(set(plan)) == 30
    for seed in range(5):
        assert {(m, s) for m, s, k in plan if k == seed} == {
            *(("bert", source) for source in sentiment.SOURCES), ("roberta", "tweets"), ("xlnet", "tweets"),
        }  # fmt: skip


@pytest.mark.fetched
def test_every_source_has_texts_enough_and_ratings_in_range():
    for source in sentiment.SOURCES:
        train = sentiment.rated_split(source, "train")
        assert len(train) >= sentiment.ROWS
        assert len(sentiment.rated_split(source, "test")) > 150
        assert all(isinstance(y, float) and -4 <= y <= 4 and y != 0 for y in train["label"])
