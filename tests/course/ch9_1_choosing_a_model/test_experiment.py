"""What a text takes is measured for every way, on the same texts, by turns."""

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from pyft.course.ch9_1_choosing_a_model import experiment
from pyft.course.part9.measured import FILMS, MODELS
from pyft.models import loading

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")


@pytest.fixture
def small(tiny_minilm, monkeypatch):
    """A small corpus, and tiny models of one architecture in place of the laptop's three."""
    features = Features({"text": Value("string"), "label": ClassLabel(names=["no", "yes"])})
    texts = ["the " * (i % 3) + ("good film" if i % 2 else "bad film") for i in range(24)]
    rows = Dataset.from_dict({"text": texts, "label": [i % 2 for i in range(24)]}, features=features)
    splits = DatasetDict(train=rows, validation=rows, test=rows)
    monkeypatch.setattr(experiment.data, "load", lambda name: splits)
    monkeypatch.setattr(experiment, "TEXTS", 8)
    real = loading.load
    monkeypatch.setattr(experiment.models, "load", lambda name, task: real("bert", task))


def test_every_way_answers_every_text_one_at_a_time(small, monkeypatch):
    asked = []
    real = experiment.ways

    def counted(splits):
        return {name: lambda text, n=name, a=a: (asked.append((n, text)), a(text)) for name, a in real(splits).items()}

    monkeypatch.setattr(experiment, "ways", counted)
    found = experiment.run("movie-reviews")
    assert set(found["p50"]) == set(found["p95"]) == {*FILMS.values(), *list(MODELS.values())[:3]}
    assert all(0 < found["p50"][name] <= found["p95"][name] for name in found["p50"])
    assert found["texts"] == 8 and len(asked) == 2 * 8 * len(found["p50"])  # a warm-up, and one that counts
    by_text = [
        [n for n, t in asked[i : i + 2 * len(found["p50"])]] for i in range(0, len(asked), 2 * len(found["p50"]))
    ]
    assert all(names == by_text[0] for names in by_text)  # by turns, text by text


def test_a_network_trained_in_part_answers_like_one_trained_whole(small):
    made = experiment.ways(experiment.data.load("x"))
    assert made["BERT, head alone"] is made["BERT, fine-tuned"]
    assert made["TF-IDF, linear"]("a good film") == [1]
    assert made["BERT, fine-tuned"]("a good film").shape == (1, 2)


def test_there_is_one_run_that_takes_times():
    assert experiment.plan() == [("movie-reviews",)] and experiment.EXPERIMENT.timed
