"""A reader's own data become a model that can be asked."""

import json
from dataclasses import replace

import pytest
import torch
from typer.testing import CliRunner

from pyft import finetune
from pyft.cli import app
from pyft.data import from_files
from pyft.data.from_files import Gathered
from pyft.errors import PyftError
from pyft.finetune import loop, pipeline
from pyft.finetune.answers import answer, unread_words
from pyft.finetune.data_table import SPLITS, data_table
from pyft.finetune.loop import progress
from pyft.models.loading import digest

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")

FILMS = [(("the " * (i % 5)) + ("good" if i % 2 else "bad") + " film" * (1 + i // 10), i % 2) for i in range(60)]


@pytest.fixture
def files(tiny_minilm):
    """A file of each task, in the folder of a tiny model that stands for MiniLM."""
    classes = "text,label\n" + "".join(f"{text},{'pos' if y else 'neg'}\n" for text, y in FILMS)
    ratings = "text,label\n" + "".join(f"{text},{1.5 if y else -1.5}\n" for text, y in FILMS)
    tagged = "".join(
        json.dumps({"tokens": text.split(), "tags": ["B-W" if w in ("good", "bad") else "O" for w in text.split()]})
        + "\n"
        for text, _ in FILMS
    )
    (tiny_minilm / "classes.csv").write_text(classes)
    (tiny_minilm / "ratings.csv").write_text(ratings)
    (tiny_minilm / "tagged.jsonl").write_text(tagged)
    return tiny_minilm


TASKS = {
    "sequence-classification": ("classes.csv", "accuracy"),
    "regression": ("ratings.csv", "pearson_r"),
    "token-classification": ("tagged.jsonl", "f1"),
}


@pytest.mark.parametrize("task", TASKS)
def test_a_file_becomes_a_model_that_is_scored_saved_and_can_be_asked(task, files):
    name, metric = TASKS[task]
    card = pipeline.fit(task, files / name, files / "out", epochs=2)
    assert card == json.loads((files / "out" / "pyft.json").read_text())
    assert sum(card["rows"].values()) > 40
    rivals = {"sequence-classification": "TF-IDF", "regression": "TF-IDF", "token-classification": "commonest tag"}
    assert set(card["scores"]["model"]) == set(card["scores"][rivals[task]])
    assert metric in card["scores"]["model"]
    rows = [json.loads(line) for line in (files / "out" / "test.jsonl").read_text().splitlines()]
    assert len(rows) == card["rows"]["test"]
    config = json.loads((files / "out" / "config.json").read_text())
    assert list(config["id2label"].values()) == card["labels"]
    asked = ["the good film", "bad film"]
    found = pipeline.answer_texts(files / "out", asked)
    if task == "sequence-classification":
        assert set(found) <= {"neg", "pos"} == set(card["labels"])
    elif task == "regression":
        assert all(isinstance(x, float) for x in found)
    else:
        assert [len(x) for x in found] == [3, 2]
        assert {t for x in found for t in x} <= {"O", "B-W", "I-W"}


@pytest.mark.parametrize("changes", [{}, {"patience": 9}])
def test_the_last_weights_are_saved_or_with_patience_the_best(changes, files, monkeypatch):
    histories, real = [], finetune.fine_tune

    def watched(*arguments):
        histories.append(real(*arguments))
        return histories[-1]

    monkeypatch.setattr(pipeline, "fine_tune", watched)
    card = pipeline.fit("sequence-classification", files / "classes.csv", files / "out", epochs=2, changes=changes)
    (history,) = histories
    lowest = history.steps[history.validation_loss.index(min(history.validation_loss))]
    assert history.best == (lowest if changes else None)
    assert card["validation_loss"] == [round(x, 4) for x in history.validation_loss]


def test_an_interrupted_call_goes_on_to_the_same_model(files, monkeypatch):
    task, path = "sequence-classification", files / "classes.csv"
    whole = pipeline.fit(task, path, files / "whole", epochs=1)
    real = finetune.measure

    def measure(history, *arguments):
        if len(history.steps) == 1:
            raise KeyboardInterrupt
        real(history, *arguments)

    with monkeypatch.context() as cut:
        cut.setattr(loop, "measure", measure)
        with pytest.raises(KeyboardInterrupt):
            pipeline.fit(task, path, files / "cut", epochs=1)
    assert not (files / "cut" / "pyft.json").exists()
    steps = []
    monkeypatch.setattr(loop, "progress", lambda *a: (steps.append(t) or t for t in progress(*a)))
    assert pipeline.fit(task, path, files / "cut", epochs=1) == whole
    assert steps[0] > 0
    saved = [(files / name / "model.safetensors").read_bytes() for name in ("whole", "cut")]
    assert saved[0] == saved[1]


def test_a_finished_model_is_never_written_over(files):
    (files / "out").mkdir()
    (files / "out" / "pyft.json").write_text("{}")
    with pytest.raises(PyftError, match="holds a finished model"):
        pipeline.fit("sequence-classification", files / "classes.csv", files / "out")


def test_a_folder_without_a_model_is_named(tmp_path):
    said = CliRunner().invoke(app, ["predict", str(tmp_path), "--text", "a"])
    assert isinstance(said.exception, PyftError)
    with pytest.raises(PyftError, match=r"holds no finished model: expected pyft\.json"):
        pipeline.answer_texts(tmp_path, ["a"])


def test_the_state_of_a_finished_run_is_cleared_away(files):
    pipeline.fit("sequence-classification", files / "classes.csv", files / "out", epochs=1)
    suffixes = {".json", ".jsonl", ".safetensors", ".md", ".html", ".svg"}
    assert {path.suffix for path in (files / "out").iterdir()} == suffixes


def test_a_saved_model_answers_as_it_did_when_it_was_tested(files):
    task, path = "sequence-classification", files / "classes.csv"
    pipeline.fit(task, path, files / "out", epochs=2)
    told = [json.loads(line)["found"] for line in (files / "out" / "test.jsonl").read_text().splitlines()]
    texts = from_files.load(path, task)["test"]["text"][:]
    assert pipeline.answer_texts(files / "out", texts) == told
    assert (files / "out" / "tokenizer.json").is_file()


def test_as_many_epochs_as_rows_need_or_as_are_named(files, monkeypatch):
    task, path, asked = "sequence-classification", files / "classes.csv", []
    real = pipeline.fine_tune

    def short(model, tokenizer, train, validation, recipe, *rest):
        asked.append(recipe)
        return real(model, tokenizer, train, validation, replace(recipe, epochs=1, evaluations=2), *rest)

    monkeypatch.setattr(pipeline, "fine_tune", short)
    for number, (epochs, changes) in enumerate([(None, {}), (5, {}), (5, {"patience": 3})]):
        pipeline.fit(task, path, files / f"out{number}", epochs=epochs, changes=changes)
    assert [(r.epochs, r.evaluations, r.patience, r.length_window) for r in asked] == [
        (20, 40, 0, 1), (5, 10, 0, 1), (5, 10, 3, 1),
    ]  # fmt: skip


def test_an_empty_text_is_named(files):
    pipeline.fit("sequence-classification", files / "classes.csv", files / "out", epochs=1)
    with pytest.raises(PyftError, match="text 2 is empty"):
        pipeline.answer_texts(files / "out", ["good", " "])


def test_texts_that_are_cut_are_counted(files, tokenizer):
    texts = ["good", "good film " * 3, "good bad film"]  # the last just fits
    rows = [{"text": text, "label": str(i)} for i, text in enumerate(texts)]
    table, warnings = data_table(Gathered(dict.fromkeys(SPLITS, rows), "sequence-classification"), tokenizer, 5)
    assert ["cut at 5 tokens", "1", "1", "1"] in table
    assert warnings == [
        "longer than 5 tokens, and cut there: 1 of 3 training texts. --max-length reads more.",
        "rows of the test: 3. Its scores say little: label more, or give --test a file.",
    ]
    many = dict.fromkeys(SPLITS, rows * 10)
    assert len(data_table(Gathered(many, "sequence-classification"), tokenizer, 5)[1]) == 1


def test_words_that_were_cut_off_are_outside(tokenizer, tiny_bert):
    from transformers import BertForTokenClassification

    torch.manual_seed(0)
    model = BertForTokenClassification(tiny_bert(num_labels=3).config).eval()
    names = ["O", "B-W", "I-W"]
    words = ["good", "film", "the", "\ufe0f", "a"]
    found, p = answer(model, tokenizer, [words], "token-classification", names, 4)
    assert len(found[0]) == 5 and found[0][2:] == ["O"] * 3
    assert p[0].shape == (5, 3) and p[0][2:, 0].tolist() == [1.0] * 3
    assert unread_words(tokenizer, [words, ["good"]], 4) == [["the", "a"], []]


def test_the_command_says_what_was_scored_and_where_it_lies(files):
    out = files / "by-command"
    said = CliRunner().invoke(
        app,
        ["finetune", "--task", "sequence-classification", "--data", str(files / "classes.csv"), "--out", str(out),
         "--epochs", "1"],
    )  # fmt: skip
    assert said.exit_code == 0, said.output
    assert "accuracy" in said.output and "commonest class" in said.output
    assert f"pyft predict {out}" in said.output
    said = CliRunner().invoke(app, ["predict", str(out), "--text", "good film", "--text", "bad"])
    lines = said.output.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["good film", "bad"]
    assert {line.split("\t")[1] for line in lines} <= {"neg", "pos"}


def test_the_digest_of_a_saved_model_is_that_of_the_trained_one(files, monkeypatch):
    made, load = [], pipeline.models.load
    monkeypatch.setattr(pipeline.models, "load", lambda *a, **k: made.append(load(*a, **k)) or made[-1])
    pipeline.fit("sequence-classification", files / "classes.csv", files / "out", epochs=1)
    pipeline.answer_texts(files / "out", ["a"])
    assert digest(made[0][0]) == digest(made[1][0])
