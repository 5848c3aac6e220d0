"""`pyft finetune` beside the usual ways: the same rows for all, and verdicts from what is kept."""

import json
from dataclasses import replace

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

from pyft import data
from pyft.benchmarks.experiment import Experiment
from pyft.course.ch6_1_3_customer_feedback import experiment as own
from pyft.course.ch6_1_3_customer_feedback.experiment import CLASSES, LINEAR, OURS, TAGS, Rows
from pyft.finetune import pipeline
from pyft.profiles import Recipe

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")
SMALL = {"films": Rows("films", CLASSES, 40, 10, 12, words=6), "names": Rows("names", TAGS, 30, 8, 10)}


def films(n, begin):
    words = ("bad", "good")
    rows = [(f"{'the ' * (i % 3)}{words[i % 2]} film {begin}{i} and so on for ever", i % 2) for i in range(n)]
    features = Features({"text": Value("string"), "label": ClassLabel(names=["no", "yes"])})
    return Dataset.from_dict({"text": [t for t, _ in rows], "label": [y for _, y in rows]}, features=features)


def names(n, begin):
    features = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=["O", "B-W", "I-W"]))})
    tokens = [["the"] * (i % 4) + [("good", "bad")[i % 2], f"film{begin}{i}"] for i in range(n)]
    tags = [[int(word in ("good", "bad")) for word in words] for words in tokens]
    return Dataset.from_dict({"tokens": tokens, "ner_tags": tags}, features=features)


@pytest.fixture
def small(tiny_minilm, monkeypatch):
    made = {"films": films, "names": names}
    whole = {"train": (90, "a"), "validation": (30, "b"), "test": (40, "c")}
    monkeypatch.setattr(data, "load", lambda name: DatasetDict({s: made[name](*at) for s, at in whole.items()}))
    monkeypatch.setattr(own, "SETS", SMALL)
    monkeypatch.setattr(own, "USUAL", Recipe(epochs=1, batch_size=16, lr=1e-3, max_length=16, evaluations=2))
    monkeypatch.setattr(own.reader_recipe, "MOST", 2)
    return tiny_minilm


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("way", own.WAYS)
def test_a_run_says_what_of_each_test_row_was_right(name, way, small):
    found = own.run(name, way, 0)
    assert json.loads(json.dumps(found)) == found
    assert (found["set"], found["way"], found["seed"]) == (name, way, 0)
    kept = own._answers(found)
    assert len(kept) == found["rows"]["test"]
    if name == "films":
        assert found["score"] == pytest.approx(kept.mean(), abs=1e-4)
    else:
        hits, guessed, wanted = kept.sum(0)
        assert wanted == len(kept)  # one entity a sentence
        assert found["score"] == pytest.approx(2 * hits / (guessed + wanted), abs=1e-4)
    assert (found["epochs"] is None) is (way == LINEAR)
    again = own.run(name, way, 0)
    assert {k: v for k, v in again.items() if k != "seconds"} == {k: v for k, v in found.items() if k != "seconds"}


def test_ours_is_what_the_command_does(small, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "recipe_of", lambda *_: own.USUAL)
    files = own.write_files("films", 0, tmp_path)
    pipeline.fit(CLASSES, files["train"], tmp_path / "out", files["validation"], files["test"])
    told = [json.loads(line)["found"] for line in (tmp_path / "out" / "test.jsonl").read_text().splitlines()]
    splits = own.load("films", 0, tmp_path)
    assert own.WAYS[OURS](CLASSES, splits, 0).found == told


def test_a_seed_draws_the_rows_to_learn_from_and_never_those_of_the_test(small, tmp_path):
    (tmp_path / "other").mkdir()
    one, other = own.load("films", 0, tmp_path), own.load("films", 1, tmp_path / "other")
    assert one["test"]["text"][:] == other["test"]["text"][:]
    assert one["train"]["text"][:] != other["train"]["text"][:]
    assert np.bincount(one["train"]["label"]).tolist() == [20, 20]
    assert all(len(text.split()) <= 6 for text in one["train"]["text"])


def test_the_plan_holds_every_way_for_every_set_and_seed():
    assert len(own.plan()) == len(set(own.plan())) == own.SEEDS * len(own.SETS) * len(own.WAYS)
    assert {way for _, way, _ in own.plan()} == set(own.WAYS)


def test_runs_are_kept_and_their_verdicts_are_corrected_together(small, monkeypatch, tmp_path):
    monkeypatch.setattr(own, "data_digests", lambda corpus: {corpus: "digest"})
    monkeypatch.setattr(own, "TESTS", replace(own.TESTS, members=(("films", OURS, LINEAR), ("names", LINEAR, OURS))))

    def plan(_=()):
        return [(name, way, seed) for seed in (0, 1) for name in SMALL for way in (OURS, LINEAR)]

    found = Experiment("own-data", plan, own.run, own.depends).measure(tmp_path / "own-data.json")
    told = own.verdicts(found)
    assert set(told) == {("films", OURS, LINEAR), ("names", LINEAR, OURS)}
    ours, linear = (
        np.mean([r["score"] for r in found["runs"] if (r["set"], r["way"]) == ("films", way)]) for way in (OURS, LINEAR)
    )
    assert told["films", OURS, LINEAR].difference == pytest.approx(ours - linear, abs=1e-3)
    assert all(verdict.low <= verdict.difference <= verdict.high for verdict in told.values())


def test_counts_come_back_as_they_were():
    counts = np.array([[0, 1, 2], [35, 10, 11]])
    assert (own.unpack_counts(own.pack_counts(counts)) == counts).all()
