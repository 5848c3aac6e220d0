"""A file of texts is read as what it is, and its answers come back as they were written."""

import csv
import json

import pytest
import saved_models
import torch
from typer.testing import CliRunner

from pyft.cli import app
from pyft.errors import PyftError
from pyft.finetune import hardware, predictions
from pyft.finetune.predictions import read_texts, unread, write
from pyft.models import loading

CLASSES, TAGS = "sequence-classification", "token-classification"


@pytest.fixture
def read(tmp_path):
    """A function: the texts of a file of this name and content."""

    def texts(content, task, name="texts.txt"):
        (tmp_path / name).write_text(content, encoding="utf8", newline="")
        return read_texts(tmp_path / name, task)

    return texts


@pytest.mark.parametrize(
    "content",
    [
        "John B-PER\nsleeps O\n\nOslo B-LOC\n",
        "John\tNNP\tB-PER\r\nsleeps\tVBZ\tO\r\n\r\nOslo\tNNP\tB-LOC\r\n",
        "-DOCSTART- -X- O\n\n# sent_id = 1\nJohn B-PER\nsleeps O\n\n# sent_id = 2\nOslo S-LOC",
    ],
)
def test_columns_of_words_and_tags_in_a_txt_file_are_words(content, read):
    assert read(content, TAGS) == [["John", "sleeps"], ["Oslo"]]


@pytest.mark.parametrize("content", ["John sleeps\n\nin Oslo\n", "# John\n# Oslo\n", "vitamin B-12\nis one of many\n"])
def test_sentences_in_a_txt_file_are_sentences(content, read):
    assert read(content, TAGS) == [line.split() for line in content.splitlines() if line]


def test_a_line_without_a_tag_among_tagged_words_is_named(read):
    with pytest.raises(PyftError, match="line 2: one column, 'sleeps', expected a word and"):
        read("John B-PER\nsleeps\n\nOslo B-LOC\n", TAGS)


def test_comments_are_no_words(read):
    assert read("# sent_id = 1\n#\tO\nup\tO\n", TAGS, "texts.conll") == [["#", "up"]]
    assert read("we\n#\n\n#film\n", TAGS, "texts.conll") == [["we", "#"], ["#film"]]
    with pytest.raises(PyftError, match="line 3: '# sent_id = 2' would be the word '#': comments are left out only"):
        read("we\n\n# sent_id = 2\nare\n", TAGS, "texts.conll")


def test_lines_of_a_txt_file_end_in_a_line_feed_and_nowhere_else(read):
    texts = ["a\u2028b", "c\u0085d", "e\x0cf", "g\x1ch"]
    assert read("\r\n".join(texts) + "\n\n", CLASSES) == texts
    assert read("one\n \ntwo", CLASSES) == ["one", "two"]


@pytest.fixture
def saved(tmp_path, tiny_bert, tokenizer):
    """A function: a tiny model for a task, which reads three words."""
    return lambda task=CLASSES, name="mine": saved_models.small(tmp_path / name, tiny_bert, tokenizer, task)


def test_every_field_of_a_csv_comes_back(saved, tmp_path):
    texts, model = ["good\rfilm", "good\r\nfilm", 'a "bad"\n', "\r", ", ;", "plain film"], saved()
    given = model.answer([text if text.strip() else "x" for text in texts])
    write(tmp_path / "found.csv", model, texts, given)
    with (tmp_path / "found.csv").open(encoding="utf8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == texts and [row["found"] for row in rows] == given.found
    written = (tmp_path / "found.csv").read_bytes()
    assert written.startswith(b"text,found,p(neg),p(pos)\n") and b"\nplain film," in written


def test_the_first_word_beyond_the_cut_is_not_read(saved, tmp_path):
    words, model = ["the", "bad", "film", "a", "\ufe0f", "poison"], saved(TAGS)
    write(tmp_path / "found.jsonl", model, [words], model.answer([words]))
    rows = [json.loads(line) for line in (tmp_path / "found.jsonl").read_text(encoding="utf8").splitlines()]
    assert [row["read"] for row in rows] == [True] * 3 + [False] * 3


def test_texts_that_were_cut_are_named(saved):
    assert list(predictions.cut_texts(saved(), ["good film", "the bad film a poison"])) == [
        "1 texts are longer than 5 tokens and were cut there: 2"
    ]


@pytest.mark.parametrize("task", saved_models.LABELS)
def test_what_is_beyond_the_cut_is_counted(task, saved):
    assert unread(saved(task), ["the bad film", "the bad film a poison"]) == [0, 2]


def test_a_word_that_the_tokenizer_drops_counts_where_it_stands(saved):
    texts = [["the", "\ufe0f", "bad", "film", "\ufe0f", "a", "\ufe0f"], ["good", "\ufe0f"], ["\ufe0f"]]
    assert unread(saved(TAGS), texts) == [3, 0, 0]


def test_a_folder_with_the_name_of_a_pretrained_model_is_that_folder(saved, tmp_path, monkeypatch):
    saved(name="bert")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loading, "files", lambda name: pytest.fail("the pretrained model was taken"))
    said = CliRunner().invoke(app, ["predict", "bert", "--text", "good film"])
    assert said.exit_code == 0 and said.output.startswith("good film\t")


def test_the_model_is_asked_on_the_hardware_that_there_is(saved, monkeypatch):
    where, folder = [], saved().folder

    def watched(model, *given, **options):
        where.append(next(model.parameters()).device.type)
        return torch.zeros(1, 2)

    monkeypatch.setattr(hardware, "device", lambda: torch.device("meta"))  # every machine has this one
    monkeypatch.setattr("pyft.finetune.answers.predict", watched)
    assert CliRunner().invoke(app, ["predict", str(folder), "--text", "good film"]).exit_code == 0
    assert where == ["meta"]
