"""A reader's own data: what the documented shape gives, and what each malformed file is told."""

import pytest
from own_files import lines

from pyft.data.from_files import load, read
from pyft.errors import PyftError

CLASSES = "sequence-classification"


@pytest.mark.parametrize(
    "name,content",
    [
        ("a.csv", 'text,label\n"a good, ""long"" one",pos\nbad,neg\n'),
        ("a.CSV", '\ufeffid,label,text\r\n7,pos,"a good, ""long"" one"\r\n\r\n8,neg, bad \r\n'),
        (
            "a.jsonl",
            lines({"text": 'a good, "long" one', "label": "pos"}) + "\n" + lines({"text": "bad", "label": "neg"}),
        ),
    ],
)
def test_both_kinds_of_file_give_the_same_rows(name, content, file):
    assert read(file(name, content), CLASSES) == [
        {"text": 'a good, "long" one', "label": "pos"},
        {"text": "bad", "label": "neg"},
    ]


def test_a_field_may_run_over_lines_and_separators_of_lines_within_are_kept(file):
    path = file("a.csv", 'text,label\n"one\ntwo",x\n"a\u2028b",y\nthree\n')
    with pytest.raises(PyftError, match="line 5: 1 fields, expected 2"):
        read(path, CLASSES)


def test_numbers_are_labels_of_classes_or_of_regression(file):
    path = file("a.jsonl", lines({"text": "a", "label": 1}, {"text": "b", "label": 0}))
    assert [row["label"] for row in read(path, CLASSES)] == ["1", "0"]
    assert [row["label"] for row in read(path, "regression")] == [1.0, 0.0]
    path = file("a.csv", "text,label\na,-1.5\nb,2e1\n")
    assert [row["label"] for row in read(path, "regression")] == [-1.5, 20.0]


@pytest.mark.parametrize(
    "name,content,task,said",
    [
        ("a.csv", "", CLASSES, "no rows. Expected at least one with text and label"),
        ("a.csv", "text,label\n", CLASSES, "no rows"),
        (
            "a.csv",
            "texts,label\na,b\n",
            CLASSES,
            "line 1: expected column names with text and label, found texts, label",
        ),
        ("a.csv", "text,label\na,b\na,b,c\n", CLASSES, "line 3: 3 fields, expected 2. Put a field with a comma"),
        ("a.csv", "text,label\na,b\n,c\n", CLASSES, "line 3: the text is empty"),
        ("a.csv", "text,label\na,b\nc, \n", CLASSES, "line 3: label ' ', expected the name of a class"),
        ("a.csv", 'text,label\n"a" b,c\n', CLASSES, "line 2: .* A field with a quote in it stands in quotes"),
        ("a.csv", 'text,label\na,b\n"c,d\n', CLASSES, "line 3: unexpected end of data"),
        ("a.csv", "text,label\na,1\nb,one\n", "regression", "line 3: label 'one', expected a number"),
        ("a.csv", "text,label\na,nan\n", "regression", "line 2: label 'nan', expected a number"),
        ("a.csv", b"text,label\na,b\n\xff,c\n", CLASSES, "line 3: not UTF-8"),
        (
            "a.csv",
            "tokens,tags\na,O\n",
            "token-classification",
            "expected a .json, .jsonl, .ndjson, .conll.* file of sentences",
        ),
        ("a.txt", "a", CLASSES, "expected a .csv, .tsv.* file of texts with labels, found .txt"),
        ("a.jsonl", '{"text": "a", "label": "b"}\n{"text": \n', CLASSES, "line 2: not JSON: .* at column"),
        ("a.jsonl", "[1]\n", CLASSES, "row 1: expected an object in braces, found int"),
        ("a.jsonl", "[1]\n[2]\n", CLASSES, "line 1: expected an object in braces, found list"),
        ("a.jsonl", '{"text": "a"}\n', CLASSES, "line 1: no label; found text"),
        ("a.jsonl", "{}\n", CLASSES, "line 1: no text and no label; found nothing"),
        ("a.jsonl", '{"text": 3, "label": "b"}\n', CLASSES, "line 1: the text is 3, expected a string"),
        ("a.jsonl", '{"text": "a", "label": null}\n', CLASSES, "line 1: label None, expected the name of a class"),
        ("a.jsonl", '{"text": "a", "label": true}\n', "regression", "line 1: label True, expected a number"),
    ],
)
def test_the_error_for_a_malformed_file_names_the_line_and_the_reason(name, content, task, said, file):
    with pytest.raises(PyftError, match=said) as error:
        read(file(name, content), task)
    assert name in str(error.value)


@pytest.mark.parametrize(
    "tokens,tags,said",
    [
        (["a", "b"], ["O"], "2 tokens, 1 tags"),
        ([], [], "tokens: expected a list of words, none of them empty"),
        (["a", " "], ["O", "O"], "tokens: expected a list of words, none of them empty"),
        ("a b", ["O", "O"], "tokens: expected a list of words"),
        (["a"], [0], "tags: expected a list of strings"),
        (["a"], ["PER"], "tag 'PER': expected O, or B- or I- and a kind"),
        (["a", "b"], ["O", "I-PER"], "tag I-PER of 'b' comes after O: in IOB2 an entity begins with B-"),
    ],
)
def test_tags_are_checked(tokens, tags, said, file):
    path = file("a.jsonl", lines({"tokens": ["x"], "tags": ["O"]}, {"tokens": tokens, "tags": tags}))
    with pytest.raises(PyftError, match=f"line 2: {said}"):
        read(path, "token-classification")


def test_of_many_malformed_lines_the_first_five_are_shown(file):
    with pytest.raises(PyftError, match=r"(?s)line 2: .*line 6: .*and 1,994 more$"):
        read(file("a.csv", "text,label\n" + ",x\n" * 1999), CLASSES)


def test_a_file_that_is_not_there_and_a_task_that_is_none(tmp_path):
    with pytest.raises(PyftError, match="there is no such file"):
        read(tmp_path / "a.csv", CLASSES)
    with pytest.raises(PyftError, match=r"unknown task 'regressions'\. Did you mean 'regression'"):
        load(tmp_path / "a.csv", "regressions")


def table(n, start=0):
    return "text,label\n" + "".join(f"text {i},{'ab'[i % 2]}\n" for i in range(start, start + n))


def test_a_tenth_each_goes_to_what_is_not_given(file):
    path = file("a.csv", table(100))
    splits = load(path, CLASSES)
    assert {name: len(rows) for name, rows in splits.items()} == {"train": 80, "validation": 10, "test": 10}
    assert all(sorted(set(rows["label"])) == [0, 1] for rows in splits.values())
    assert splits["train"].features["label"].names == ["a", "b"]
    texts = [text for rows in splits.values() for text in rows["text"]]
    assert len(set(texts)) == 100
    again = load(file("b.csv", table(100)), CLASSES)
    assert all(splits[name]["text"] == again[name]["text"] for name in splits)
    given = load(path, CLASSES, test=file("t.csv", table(5, start=200)))
    assert {name: len(rows) for name, rows in given.items()} == {"train": 90, "validation": 10, "test": 5}


def test_no_text_is_in_two_splits_and_what_is_left_out_is_said(file, capsys):
    content = table(40) + "Text  1,b\ntext 3,a\n"
    splits = load(file("a.csv", content), CLASSES, test=file("t.csv", table(5)))
    assert capsys.readouterr().out == (
        "left out of train: 1 row whose text stood there before\n"
        "left out of train: 2 rows of texts with more than one label\n"
        "left out of train: 4 rows whose text stands in a later split too\n"
    )
    assert len(splits["test"]) == 5
    assert not set(splits["test"]["text"]) & {*splits["train"]["text"], *splits["validation"]["text"]}
    assert sum(map(len, splits.values())) == 40


def test_too_few_rows_are_refused(file):
    with pytest.raises(PyftError, match=r"split 'validation' has no rows: .* has too few"):
        load(file("a.csv", table(6)), CLASSES)


def test_regression_and_tags_have_their_own_columns(file):
    numbers = load(file("a.csv", "text,label\n" + "".join(f"text {i},{i / 2}\n" for i in range(30))), "regression")
    assert {name: len(rows) for name, rows in numbers.items()} == {"train": 24, "validation": 3, "test": 3}
    assert all(
        float(t.split()[1]) / 2 == y
        for rows in numbers.values()
        for t, y in zip(*(rows[c] for c in ("text", "label")), strict=True)
    )
    rows = [{"tokens": ["in", f"town{i}"], "tags": ["O", "B-LOC" if i % 3 else "B-PER"]} for i in range(30)]
    tagged = load(file("a.jsonl", lines(*rows)), "token-classification")
    names = tagged["train"].features["ner_tags"].feature.names
    assert names == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    assert {name: len(rows) for name, rows in tagged.items()} == {"train": 24, "validation": 3, "test": 3}
    for row in tagged["validation"]:
        i = int(row["tokens"][1].removeprefix("town"))
        assert [names[t] for t in row["ner_tags"]] == rows[i]["tags"]
