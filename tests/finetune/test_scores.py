"""Scores beside those of a baseline, whatever the texts are."""

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from sklearn.metrics import f1_score

from pyft.evaluation import baselines, ner
from pyft.finetune import scores


def splits_of(texts, labels, test):
    names = sorted(set(labels))
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    rows = Dataset.from_dict({"text": texts, "label": [names.index(y) for y in labels]}, features=features)
    return DatasetDict({"train": rows, "validation": rows, "test": rows.select(range(test))})


def test_texts_of_emoji_alone_have_a_baseline():
    texts = [("😀" if i % 2 else "💔") * (1 + i % 7) for i in range(28)]
    found = scores.score_with_baselines(
        "sequence-classification", splits_of(texts, ["neg", "pos"] * 14, 8), ["neg", "pos"] * 4
    )
    assert found["TF-IDF"]["accuracy"] == 1.0 == found["model"]["accuracy"]


@pytest.mark.parametrize("kind", ["classes", "ratings"])
def test_the_baselines_penalty_is_the_one_that_validation_texts_choose(kind, monkeypatch):
    """A strong penalty shrinks what one word says; only where validation says so is it taken."""
    asked = []

    class Constant:
        def __init__(self, penalty, **_):
            self.penalty = penalty

        def fit(self, x, y):
            return self

        def predict(self, x):
            asked.append(self.penalty)
            said = float(self.penalty == best)
            return [str(int(said)) if kind == "classes" else said] * x.shape[0]

    known = scores.Known(["good", "bad"], ["1", "1"] if kind == "classes" else [1.0, 1.0])
    if kind == "classes":
        monkeypatch.setattr(scores, "LogisticRegression", lambda C, max_iter: Constant(C))
        penalties, fitted = scores.STRENGTHS, scores.tfidf_classes
    else:
        monkeypatch.setattr(scores, "Ridge", Constant)
        penalties, fitted = scores.PENALTIES, scores.tfidf_ratings
    for best in penalties:
        fitted(known, known, ["a text"])
        assert asked[-1] == best
    best = None  # all are as good
    fitted(known, known, ["a text"])
    assert asked[-1] == penalties[0]


def test_a_baseline_that_cannot_be_made_says_why_and_costs_no_score(monkeypatch):
    def fails(texts):
        raise ValueError("empty vocabulary\nmore")

    monkeypatch.setattr(baselines, "tfidf_features", fails)
    splits = splits_of(["good one", "bad one"] * 5, ["pos", "neg"] * 5, 4)
    found = scores.score_with_baselines("sequence-classification", splits, ["pos", "neg"] * 2)
    assert found["TF-IDF"] == {"not made": "empty vocabulary"}
    assert "against TF-IDF" not in found
    assert found["model"]["accuracy"] == 1.0 and found["commonest class"]["accuracy"] == 0.5


def test_accuracy_has_its_interval_and_macro_f1():
    y, z = ["a", "a", "a", "b"], ["a", "a", "b", "b"]
    found = scores.score_classes(y, z)
    assert found["accuracy"] == 0.75 and found["interval"][0] < 0.75 < found["interval"][1]
    assert found["macro_f1"] == round(f1_score(y, z, average="macro"), 4)


def test_ratings_are_compared_text_by_text():
    rng = np.random.default_rng(0)
    y = rng.normal(size=50)
    near, far = y + 0.1 * rng.normal(size=50), y + rng.normal(size=50)
    assert scores.compare_ratings(y, near, far)["verdict"] == "better"
    assert scores.compare_ratings(y, far, near)["verdict"] == "worse"
    assert scores.compare_ratings(y, near, near)["verdict"] == "no difference shown"
    assert scores.compare_ratings(y[:1], near[:1], far[:1])["verdict"] == "no difference shown"
    r = np.corrcoef(y, near)[0, 1]
    assert scores.score_ratings(y, near)["pearson_r"] == round(r, 4)
    low, high = scores.score_ratings(y, near)["interval"]
    assert low < r < high
    assert scores.score_ratings(y, np.zeros(50))["pearson_r"] is None


def test_tags_are_scored_as_entities_with_an_interval():
    y = [["B-PER", "I-PER", "O"], ["O", "B-LOC", "O"]] * 20
    z = [["B-PER", "I-PER", "O"], ["O", "O", "O"]] * 20
    found = scores.score_tags(y, z)
    assert found["f1"] == round(ner.score(y, z).f1, 4)
    assert found["interval"][0] < found["f1"] < found["interval"][1]
    assert scores.compare_tags(y, y, z)["verdict"] == "better"


@pytest.mark.parametrize("n", [1, 7, 2000, 5001])
def test_of_very_many_texts_neighbours_are_drawn_together(n):
    groups = scores._groups(n)
    assert len(groups) == n and sorted(set(groups)) == list(range(min(n, 2000)))
