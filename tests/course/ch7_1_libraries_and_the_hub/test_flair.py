"""Flair beside our loop: what is handed to its environment and read back, and what is said of stored runs."""

import json
import os
import stat
import sys

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value
from small_experiment import check_whole

from pyft import data, models
from pyft.course.ch6_3_named_entities.experiment import pack_tags, unpack_tags
from pyft.course.ch7_1_libraries_and_the_hub import flair_experiment as experiment
from pyft.course.ch7_1_libraries_and_the_hub import flair_results as results
from pyft.errors import PyftError

TAGS = ["O", "B-PER", "I-PER"]
TEST = [["a", "good", "film"], ["bad", "film"]]
# What Flair's Python would be: it keeps what it was given, and says that each word "good" is a person.
FAKE = """#!{python}
import json, os, pathlib, sys
isolated, script, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
told = {{"isolated": isolated, "script": script, "model": sorted(p.name for p in (folder / "model").iterdir())}}
told |= {{name: (folder / name).read_text() for name in ("train.txt", "test.txt", "settings.json")}}
told["offline"] = os.environ["HF_HUB_OFFLINE"]
pathlib.Path({kept!r}).write_text(json.dumps(told))
if {error!r}:
    sys.exit({error!r})
lines = told["test.txt"].strip("\\n").split("\\n\\n")
tags = [["B-PER" if word == "good" else "O" for word in line.split("\\n")] for line in lines]
found = {{"tags": tags, "seconds": 1.5, "versions": {{"flair": {version!r}, "torch": "2", "transformers": "4"}}}}
(folder / "found.json").write_text(json.dumps(found))
"""


def rows(tokens, tags):
    features = {"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=TAGS)), "document": Value("int32")}
    made = {"tokens": tokens, "ner_tags": tags, "document": [i // 2 for i in range(len(tokens))]}
    return Dataset.from_dict(made, features=Features(features))


@pytest.fixture
def corpus(monkeypatch):
    train = rows([["good"], ["the", "bad", "film"]] * 3, [[1], [0, 1, 2]] * 3)
    made = DatasetDict({"train": train, "validation": train, "test": rows(TEST, [[0, 1, 0], [0, 0]])})
    monkeypatch.setattr(data, "load", lambda name: made)
    return made


@pytest.fixture
def environment(tmp_path, monkeypatch, corpus, tiny_bert, tokenizer, same_torch_afterwards):
    """A function that makes an environment whose Python is FAKE; what that was given, it keeps in a file."""
    from transformers import BertForTokenClassification

    monkeypatch.setattr(experiment, "ENVIRONMENT", tmp_path / "flair")
    model = BertForTokenClassification(tiny_bert().config)
    monkeypatch.setattr(models, "load", lambda name, task, num_labels: (model, tokenizer))
    monkeypatch.setattr(experiment, "SETUP", experiment.ner.Setup(4, experiment.SETUP.recipe))

    def make(version=None, error=""):
        python, kept = tmp_path / "flair" / "bin" / "python", tmp_path / "kept.json"
        python.parent.mkdir(parents=True, exist_ok=True)
        version = version or experiment.locked("flair")
        python.write_text(FAKE.format(python=sys.executable, kept=str(kept), version=version, error=error))
        python.chmod(python.stat().st_mode | stat.S_IXUSR)
        return kept

    return make


posix = pytest.mark.skipif(os.name == "nt", reason="a script stands in for Python")


@posix
def test_flair_gets_the_sentences_of_the_seed_and_no_tag_of_the_test(environment, corpus):
    kept = environment()
    found = experiment.run("Flair", 3)
    told = json.loads(kept.read_text())
    assert told["isolated"] == "-I" and told["script"] == str(experiment.SCRIPT) and told["offline"] == "1"
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(told["model"])
    drawn = corpus["train"].shuffle(seed=3).select(range(4))
    lines = ["\n".join(f"{w} {TAGS[t]}" for w, t in zip(r["tokens"], r["ner_tags"], strict=True)) for r in drawn]
    assert told["train.txt"] == "\n\n".join(lines) + "\n"
    assert told["test.txt"] == "a\ngood\nfilm\n\nbad\nfilm\n"
    settings, recipe = json.loads(told["settings.json"]), experiment.SETUP.recipe
    assert (settings["seed"], settings["tagger"]) == (3, experiment.TAGGER)
    assert [settings[k] for k in ("epochs", "batch_size", "lr", "warmup")] == [
        recipe.epochs, recipe.batch_size, recipe.lr, recipe.warmup
    ]  # fmt: skip
    assert unpack_tags(found.pop("tags"), TAGS, [3, 2]) == [["O", "B-PER", "O"], ["O", "O"]]
    versions = {"flair": experiment.locked("flair"), "torch": "2", "transformers": "4"}
    assert found == {"kind": "Flair", "seed": 3, "f1": 1.0, "seconds": 1.5, "versions": versions}


def test_without_an_environment_the_error_says_how_to_make_it(environment):
    with pytest.raises(PyftError, match=r"python -m venv _build/flair\n.*pip install -r requirements-flair\.lock"):
        experiment.run("Flair", 0)


@posix
def test_another_flair_is_refused_and_an_error_of_flairs_is_told(environment):
    environment(version="0.1")
    with pytest.raises(PyftError, match=r"has Flair 0\.1, expected [\s\S]*requirements-flair\.lock"):
        experiment.run("Flair", 0)
    environment(error="no such model")
    with pytest.raises(PyftError, match="Flair stopped with an error: no such model"):
        experiment.run("Flair", 0)


def test_our_run_is_that_of_section_6_3_by_its_greedy_tags(corpus, monkeypatch):
    free, best = [["O", "I-PER", "O"], ["O", "O"]], [["O", "O", "O"], ["O", "O"]]
    made = {"tags": pack_tags(free + best, TAGS), "seconds": 2.0}
    monkeypatch.setattr(experiment.ner, "run", lambda *a: made if a == ("bert", "sentence", 1) else None)
    found = experiment.run("ours", 1)
    assert found == {"kind": "ours", "seed": 1, "f1": 1.0, "seconds": 2.0, "tags": pack_tags(free, TAGS)}


def test_the_plan_has_both_on_every_seed_and_a_run_of_flairs_is_that_of_its_version(monkeypatch):
    assert len(set(experiment.plan())) == 2 * experiment.SEEDS
    monkeypatch.setattr(models, "weights_digest", lambda name: "w")
    monkeypatch.setattr(experiment, "data_digests", lambda name: {name: "d"})
    key = experiment.EXPERIMENT.key
    before = key("Flair", 0), key("ours", 0)
    monkeypatch.setattr(experiment, "locked", lambda name: "another")
    assert key("Flair", 0) != before[0] and key("ours", 0) == before[1]


def test_a_lock_without_the_package_is_an_error(tmp_path):
    (tmp_path / "some.lock").write_text("flair-more==2\nother==1 ; sys_platform == 'win32'\n")
    assert experiment.locked("other", tmp_path / "some.lock") == "1"
    with pytest.raises(PyftError, match=r"some\.lock locks no flair"):
        experiment.locked("flair", tmp_path / "some.lock")


def test_the_recipe_is_that_of_section_6_3():
    assert experiment.SETUP is experiment.ner.SETUPS["sentence"] and experiment.MODEL == "bert"


# --- what is said of stored runs --------------------------------------------------------------------------------------


def made(shares, sentences=60):
    """A test split of a person a sentence, and every run: a share of these found, by kind."""
    rng, runs = np.random.default_rng(0), []
    test = rows([["a", "good"]] * sentences, [[0, 1]] * sentences)
    for kind, seed in experiment.plan():
        hit = rng.random(sentences) < shares[kind]
        tags = [["O", "B-PER" if h else "O"] for h in hit]
        seconds = {"Flair": 200.0, "ours": 100.0}[kind] + seed
        runs.append({"kind": kind, "seed": seed, "f1": shares[kind] + 0.01 * seed, "seconds": seconds})
        runs[-1]["tags"] = pack_tags(tags, TAGS)
    return {"test": test}, {"runs": runs[::-1]}


@pytest.mark.parametrize(
    ("shares", "word"),
    [((0.5, 0.9), "worse, -"), ((0.9, 0.5), "better, +"), ((0.7, 0.7), "no difference shown, ")],
)
def test_the_verdict_is_that_of_the_test(shares, word, monkeypatch):
    splits, found = made(dict(zip(experiment.KINDS, shares, strict=True)))
    monkeypatch.setattr(data, "load", lambda name: splits)
    told = results.told(found)
    assert told["flair_verdict"].startswith(f"Flair against this book's loop: {word}")
    assert ("four times in five" in told["flair_verdict"]) == word.startswith("no")
    assert told["flair_seconds"] == "A training took Flair 202 seconds of one core, and this book's loop 102."


def test_the_table_and_what_is_told_of_versions(monkeypatch):
    splits, found = made({"Flair": 0.5, "ours": 0.9})
    monkeypatch.setattr(data, "load", lambda name: splits)
    text = results.table(found).data
    assert text.index("Flair") < text.index("52.0 (") < text.index("202 (") < text.index("92.0 (") < text.index("102 (")
    locks = results.told(found)["flair_locks"]
    assert experiment.locked("flair") in locks and locks.endswith(f"{experiment.locked('transformers')}.")
    assert results.told(found)["flair_task"] == "4,000 training sentences, 2 epochs, batches of 32, a rate of 0.0002"


def test_a_plan_that_is_not_whole_is_refused(monkeypatch):
    _, found = made({"Flair": 0.5, "ours": 0.9})
    check_whole(monkeypatch, results.stored, found, gone=0)
