"""Tags that records keep, the entities of a split, and who found which."""

import pytest
from datasets import ClassLabel, Dataset, Features, List, Value
from hypothesis import given
from hypothesis import strategies as st

from pyft.course.ch6_3_named_entities import answers, experiment
from pyft.course.ch6_3_named_entities.answers import KINDS, described, entities, excerpt, recorded_tags, tag_digits
from pyft.data.iob2 import Span
from pyft.errors import PyftError
from pyft.evaluation import ner
from pyft.evaluation.ner import gold_tags

NAMES = ["O", *(f"{part}-{kind}" for kind in KINDS for part in "BI")]
WORDS = [["Leeds", "beat", "Don", "Revie"], ["in", "Leeds"], ["Leeds", "won"]]
TRUE = [["B-ORG", "O", "B-PER", "I-PER"], ["O", "B-LOC"], ["B-ORG", "O"]]


@pytest.fixture
def rows():
    features = Features(
        {"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=NAMES)), "document": Value("int32")}
    )
    tags = [[NAMES.index(t) for t in row] for row in TRUE]
    return Dataset.from_dict({"tokens": WORDS, "ner_tags": tags, "document": [7, 7, 8]}, features=features)


def records(*runs):
    return [{"predictions": {"linear.answer": tag_digits(run, NAMES)} if run else {}} for run in runs]


def test_tags_come_back_from_their_digits(rows):
    other = [["O"] * len(row) for row in WORDS]
    assert recorded_tags(records(TRUE, other), rows, "linear") == [TRUE, other]


def test_too_few_records_say_how_to_make_them(rows):
    kept = records(TRUE, None)  # one of them is of before answers were kept
    with pytest.raises(PyftError, match=r"1 records of section 6\.3 .* expected 2 or more.*\n?.*pyft calibrate 6\.3"):
        recorded_tags(kept, rows, "linear")
    assert recorded_tags(kept, rows, "linear", least=1) == [TRUE]
    assert recorded_tags([], rows, "linear", least=0) == []


def test_entities_are_in_the_order_of_the_text(rows):
    found = entities(rows)
    assert found.words.tolist() == ["leeds", "don revie", "leeds", "leeds"]
    assert found.kind.tolist() == ["ORG", "PER", "LOC", "ORG"] and found.length.tolist() == [1, 2, 1, 1]
    assert found.row.tolist() == [0, 0, 1, 2] and found.document.tolist() == [7, 7, 7, 8]


def test_a_hit_has_the_kind_and_both_ends(rows):
    half = [["B-LOC", "O", "B-PER", "O"], ["O", "B-LOC"], ["B-ORG", "O"]]  # a wrong kind, a wrong end
    hits = entities(rows).hits([gold_tags(rows), half])
    assert hits.tolist() == [[True] * 4, [False, False, True, True]]


def test_bert_is_compared_by_kind_over_the_seeds_that_all_have(rows, monkeypatch):
    blank = [["O"] * len(row) for row in WORDS]
    monkeypatch.setattr(answers, "stored_tags", lambda *_: [TRUE, TRUE, blank])
    kept = [
        {"predictions": {f"{name}.answer": tag_digits(blank, NAMES) for name in ("linear", "linear_lower")}}
        for _ in range(2)
    ]
    counted = answers.counts_by_kind({}, kept, rows)
    for (name, kind), n in counted.items():
        tags = TRUE if name == "BERT" else blank
        assert n.tolist() == [ner.counts(TRUE, tags, kind).tolist()] * 2
    members = tuple((kind, rival) for kind in ("ORG", "LOC", "PER") for rival in answers.LINEAR)  # none is MISC here
    monkeypatch.setattr(answers, "BY_KIND", experiment.Family("toy", members))
    found = answers.of_kinds(counted, rows["document"])
    assert {v.difference for v in found.values()} == {1.0} and set(found) == set(members)
    assert answers.of_kinds(answers.counts_by_kind({}, kept[:1], rows), rows["document"]) == {}
    alone = answers.counts_by_kind({}, [], rows)
    assert {name for name, _ in alone} == {"BERT"} and answers.of_kinds(alone, rows["document"]) == {}


def test_the_runs_of_the_page_are_compared_once_two_are_kept(rows):
    blank = [["O"] * len(row) for row in WORDS]
    told = {"bert": TRUE, "linear": blank, "linear_lower": TRUE}
    kept = [{"predictions": {f"{name}.answer": tag_digits(tags, NAMES) for name, tags in told.items()}}] * 2
    found = answers.after_one_epoch(kept, rows)
    assert {rival: v.difference for (_, rival), v in found.items()} == {"linear": 1, "linear, lower case": 0}
    assert answers.after_one_epoch(kept[:1], rows) == {}


@given(st.integers(0, 9), st.integers(1, 3), st.integers(0, 3))
def test_an_excerpt_shows_the_name_and_marks_what_is_left_out(start, length, around):
    words = [f"w{i}" for i in range(13)]
    told = excerpt(words, Span("PER", start, start + length), around).split()
    assert told[0] == "…" if start > around else told[0].strip("[]") == "w0"
    assert (told[-1] == "…") == (start + length + around < 13)
    assert "[" + " ".join(words[start : start + length]) + "]" in " ".join(told)


def test_an_entity_in_words():
    assert described(["Don", "Revie"], Span("PER", 0, 2)) == "Don Revie: PER"
    assert described(["Don"], None) == "nothing"
