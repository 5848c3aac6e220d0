"""Labels that would make a wrong model are refused, or named before it is trained."""

import pytest
from own_files import lines, reviews, table

from pyft.data.from_files import gather, load
from pyft.errors import PyftError

CLASSES, TAGS = "sequence-classification", "token-classification"


@pytest.mark.parametrize(
    "labels",
    [
        ("neg", "Neg"),
        ("0", "0.0"),
        ("1", "1.0", "0"),
        ("pos", "pos\u200b"),
        ("pos", "pos\ufe0f"),
        ("caf\u00e9", "cafe\u0301"),
        ("a  b", "a b"),
        ("True", "1", "0"),
    ],
)
def test_labels_that_look_like_one_are_refused(labels, file):
    with pytest.raises(PyftError, match=r"labels that look like one: .* \(\d+\) and .* \(\d+\)\. .*in one way"):
        load(file("a.csv", table(reviews(60, labels))), CLASSES)


def test_json_and_kinds_of_entities_are_held_to_that_too(file):
    rows = [{"text": f"film {i}", "label": [0, "1", False, True][i % 4]} for i in range(40)]
    with pytest.raises(PyftError, match=r"'0' \(10\) and 'False' \(10\)"):
        load(file("a.jsonl", lines(*rows)), CLASSES)
    rows = [{"tokens": ["Oslo", str(i)], "tags": [("B-LOC", "B-Loc")[i % 2], "O"]} for i in range(40)]
    with pytest.raises(PyftError, match=r"'LOC' \(20\) and 'Loc' \(20\)"):
        load(file("b.jsonl", lines(*rows)), TAGS)


def test_numbers_of_one_form_are_fine(file):
    for labels in (("0.0", "1.0"), ("0", "1"), ("-1", "1"), ("1", "10", "01-a")):
        assert load(file("a.csv", table(reviews(60, labels))), CLASSES)["train"].features["label"].names == sorted(
            labels
        )


@pytest.mark.parametrize("split", ["validation", "test"])
def test_classes_that_training_never_sees_are_refused(split, file):
    other = {split: file("other.csv", table(reviews(10, ("Negative", "pos"), start=90)))}
    said = f"'Negative': in split '{split}', but in no row of 'train', whose classes are 'neg', 'pos'"
    with pytest.raises(PyftError, match=said):
        load(file("a.csv", table(reviews())), CLASSES, **other)


def test_a_kind_of_entity_that_training_never_sees_is_named(file):
    rows = [{"tokens": ["Oslo", str(i)], "tags": ["B-LOC", "O"]} for i in range(40)]
    other = [{"tokens": ["Anna", str(i)], "tags": ["B-PER", "O"]} for i in range(9)]
    found = gather(file("a.jsonl", lines(*rows)), TAGS, test=file("t.jsonl", lines(*other)))
    assert "labels in the test, but never in training, which cannot be found: 'PER'." in found.warnings


@pytest.mark.parametrize(
    "task,content,said",
    [
        (
            CLASSES,
            table([(f"film {i}", "pos") for i in range(40)]),
            r"one label only \('pos'\): nothing can be learned",
        ),
        ("regression", table([(f"film {i}", 3) for i in range(40)]), r"one rating only \(3\.0\)"),
        (TAGS, "".join(f"film O\n{i} O\n\n" for i in range(40)), "no entity: all its words are O"),
    ],
)
def test_what_has_one_answer_alone_is_refused_in_these_words(task, content, said, file):
    with pytest.raises(PyftError, match=said):
        load(file("a.conll" if task == TAGS else "a.csv", content), task)


@pytest.mark.parametrize("missing", ["nan", "None", "null", "N/A"])
def test_words_for_what_is_missing_are_named(missing, file, capsys):
    rows = [*reviews(), *((f"a thing {i}", missing) for i in range(12)), (missing, "pos")]
    found = gather(file("a.csv", table(rows)), CLASSES)
    assert f"12 rows have the label {missing!r}: if that says that it is missing, leave it out." in found.warnings
    assert f"1 row has the text {missing!r}: if that says that it is missing, leave it out." in found.warnings
    load(file("a.csv", table(rows)), CLASSES)
    assert f"WARNING: 12 rows have the label {missing!r}" in capsys.readouterr().out


def test_a_class_of_a_few_rows_is_named(file):
    found = gather(file("a.csv", table([*reviews(), ("a thing", "rare")])), CLASSES)
    assert found.warnings == ["labels with fewer than 5 in training, too few to learn them: 'rare' (1)."]
    assert gather(file("a.csv", table(reviews())), CLASSES).warnings == []


def test_if_all_rows_stand_in_the_test_too_that_is_what_is_said(file):
    path = file("a.csv", table(reviews()))
    said = (
        r"split 'train' has no rows: of those in .* none is left\.\n  left out of train: 40 rows whose text stands in a"
    )
    with pytest.raises(PyftError, match=said):
        load(path, CLASSES, test=path)


def test_rows_that_are_left_out_of_a_file_of_ones_own_are_told_by_split(file, capsys):
    test = file("t.csv", table([*reviews(6, start=90), *reviews(2, start=90)]))
    load(file("a.csv", table(reviews())), CLASSES, test=test)
    assert capsys.readouterr().out == "left out of test: 2 rows whose text stood there before\n"


def test_of_very_many_labels_a_few_are_named_and_the_column_is_doubted(file):
    found = gather(file("a.csv", table([(f"the film {i}", f"name {i}") for i in range(300)] + reviews())), CLASSES)
    assert any("'name 0' (1)" in line and "and 290 more" in line for line in found.warnings)
    assert any("302 labels in" in line and "is it the right column?" in line for line in found.warnings)
    assert sum(map(len, found.warnings)) < 500
