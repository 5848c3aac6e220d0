"""A quote that nobody closes swallows no row without a word; texts with line breaks are read as they are."""

import csv
import io

import pytest
from typer.testing import CliRunner

from pyft.cli import app
from pyft.data.convert import convert
from pyft.data.unclosed_quotes import refuse_unclosed
from pyft.errors import PyftError
from pyft.finetune.predictions import read_texts

STRAY = [("pos", '"great movie'), ("neg", "it was long"), ("pos", "a joy"), ("neg", 'he left"')]
RATED = [("4.25", '"great movie'), ("1.5", "it was long"), ("2.75", 'he left"')]
ORDERS = [("label", "text"), ("text", "label"), ("id", "text", "label")]


def with_stray_quotes(pairs, columns, separator):
    """A table in which a text begins with a quote, a later one ends with a quote, and others come after it."""
    cells = [{"id": str(i), "label": y, "text": x} for i, (y, x) in enumerate([*pairs, ("pos", "ok"), ("neg", "bad")])]
    return "".join(separator.join(row) + "\n" for row in (columns, *([cell[c] for c in columns] for cell in cells)))


@pytest.mark.parametrize("name,separator", [("a.csv", ","), ("a.csv", ";"), ("a.tsv", "\t")])
@pytest.mark.parametrize("pairs", [STRAY, STRAY[::3], RATED], ids=["two rows within", "none whole", "ratings"])
@pytest.mark.parametrize("columns", ORDERS, ids=" ".join)
def test_rows_within_a_row_are_named_wherever_the_label_stands(columns, pairs, name, separator, file):
    source = file(name, with_stray_quotes(pairs, columns, separator))
    n = len(pairs)
    with pytest.raises(PyftError, match=rf"line 2: a field runs over {n} lines, \d of them like rows: is a quote"):
        convert(source, source.with_name("b.jsonl"))


@pytest.mark.parametrize("columns", [("id", "text"), *ORDERS], ids=" ".join)
def test_texts_to_predict_are_as_many_as_rows(columns, file):
    for name, separator in (("a.csv", ","), ("a.tsv", "\t")):
        with pytest.raises(PyftError, match="line 2: a field runs over 4 lines, 3 of them like rows"):
            read_texts(file(name, with_stray_quotes(STRAY, columns, separator)), "sequence-classification")


def test_fine_tuning_refuses_them_too(file, tmp_path):
    path = file("a.csv", with_stray_quotes(STRAY, ORDERS[0], ","))
    options = ["--task", "sequence-classification", "--data", str(path), "--out", str(tmp_path / "model")]
    done = CliRunner().invoke(app, ["finetune", *options])
    assert isinstance(done.exception, PyftError) and "line 2: a field runs over 4 lines" in str(done.exception)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("columns", [("label", "text"), ("text", "label"), ("id", "text")], ids=" ".join)
@pytest.mark.parametrize(
    "text",
    [
        "Great room, good\nreally",
        "good, but far\nand loud,\nno lift",
        "a poem,\nof two lines,\nand a third",
        "Dear all,\r\n\r\nwe were there, and\r\nliked it; mostly",
    ],
)
def test_verses_and_paragraphs_are_no_rows(text, columns, separator, file):
    content = io.StringIO(newline="")
    table = csv.DictWriter(content, columns, delimiter=separator, extrasaction="ignore")
    table.writeheader()
    table.writerows({"id": i, "text": text, "label": label} for i, label in enumerate(("good", "bad", "good")))
    path = file("a.csv", content.getvalue())
    refuse_unclosed(path, [name for name in columns if name != "id"])
    assert read_texts(path, "sequence-classification") == [text] * 3


def test_a_quote_that_is_only_a_quote_in_tsv_is_none_that_swallows(file):
    path = file("a.tsv", 'text\tlabel\n"Great" it was\tpos\n"both\tneg\nends"\tpos\n')
    assert read_texts(path, "sequence-classification") == ['"Great" it was', '"both', 'ends"']
