"""Corpora in published splits: how rows are read and divided, and what the real ones hold."""

import json
from collections import Counter

import pytest
from datasets import ClassLabel

from pyft import data
from pyft.data import published
from pyft.data.published import PUBLISHED, names_of_one_group, occurrences, split_by_passage
from pyft.data.splits import Drops, fold
from pyft.errors import PyftError

ALONE = ("stereoset", "crows-pairs", "bbq")  # a test split alone


@pytest.fixture
def members(tmp_path, monkeypatch):
    """A function: files by name in place of every artefact's."""

    def put(**texts):
        for name, text in texts.items():
            (tmp_path / name).write_text(text, encoding="utf8")
        monkeypatch.setattr(published, "files", lambda name: {path.name: path for path in tmp_path.iterdir()})

    return put


def lines(*rows):
    return "\n".join(map(json.dumps, rows)) + "\n"


def test_an_unknown_corpus_is_named_with_the_nearest_known():
    with pytest.raises(PyftError, match=r"unknown published corpus 'boolqq'.*Did you mean 'boolq'"):
        published.load("boolqq")


def test_news_keeps_its_test_split_and_loses_what_it_shares_with_it(members):
    train = [("earn", f"profit {i}") for i in range(20)] + [("acq", "a deal"), ("acq", "a deal"), ("earn", "shared")]
    train += [("ship", "two"), ("grain", "two")]
    test = [("earn", "Shared"), ("acq", "copy"), ("acq", "copy")]

    def table(rows):
        return "\n".join(["class\ttext", "d\tstring", "class\t", *(f"{y}\t{x} " for y, x in rows), ""])

    members(**{"reuters-r8-train.tab": table(train), "reuters-r8-test.tab": table(test)})
    splits, drops = published.load_with_drops("reuters-r8")
    assert [row["text"] for row in splits["test"]] == ["Shared", "copy", "copy"]
    assert drops == Drops(duplicates=1, conflicting=2, leaking=1)
    assert (len(splits["train"]), len(splits["validation"])) == (19, 2)
    assert published.load("reuters-r8")["test"].features["label"].names[2] == "earn"


def test_boolq_is_taken_apart_by_the_questions_of_its_development_file(members):
    rows = [
        {"idx": 0, "question": "is it", "passage": "T -- p", "label": True},
        {"idx": 0, "question": "was it", "passage": "T -- p", "label": False},
        {"idx": 1, "question": "will it", "passage": "T -- q", "label": True},
        {"idx": 0, "question": "may it", "passage": "T -- r"},
        *({"idx": i, "question": f"is {i}", "passage": f"T -- {i}", "label": True} for i in range(2, 20)),
    ]
    dev = [{"question": question, "answer": "x", "passage": "p", "title": "T"} for question in ("Was it", "will  it")]
    members(**{"combined.jsonl": lines(*rows), "dev.jsonl": lines(*dev)})
    splits, drops = published.load_with_drops("boolq")
    assert [(row["id"], row["label"], row["seen"]) for row in splits["test"]] == [
        ("test/0", 0, True),
        ("test/1", 1, False),
    ]
    assert drops == Drops(unlabelled=1)
    assert (len(splits["train"]), len(splits["validation"])) == (17, 2)
    assert splits["test"][0]["text"] == "was it? T -- p"


def test_questions_about_one_passage_stay_together_and_no_split_depends_on_their_order():
    rows = [{"passage": f"p{i % 30}", "label": i % 2, "id": i} for i in range(90)]
    splits = split_by_passage({"train": rows}, Drops())
    told = {name: {row["passage"] for row in some} for name, some in splits.items()}
    assert {name: len(some) for name, some in splits.items()} == {"train": 72, "validation": 9, "test": 9}
    assert sum(map(len, told.values())) == len(set().union(*told.values())) == 30
    again = split_by_passage({"train": rows[::-1]}, Drops())
    assert {name: {row["passage"] for row in some} for name, some in again.items()} == told


@pytest.mark.parametrize(
    "answer,passage,found",
    [
        ("40,000", "of 40 , 000 men", ["40 , 000"]),
        ("major", "a major majority", ["major"]),
        ("or", "for all", ["or"]),  # within a word, if it stands nowhere else
        ("B.C.", "in 5 B . C . , they", ["B . C ."]),
        ("a b", "a b and a  b", ["a b", "a  b"]),
        ("x", "y", []),
    ],
)
def test_an_answer_is_found_whatever_white_space_is_between_its_signs(answer, passage, found):
    assert [passage[a:b] for a, b in occurrences(answer, passage)] == found


def test_a_question_with_options_knows_which_of_them_says_that_nobody_can_tell(members):
    story = {"passage": "A and B met.", "question": "Who?\nPlease choose the correct option ", "answer": ["Not known"]}
    options = {"options": "A. The A \nB. Not known\nC. The B"}
    members(**{"test.jsonl": lines(story | options, story | options | {"answer": ["The A"]})})
    rows = published.load("bbq")["test"]
    assert rows["options"][0] == ["The A", "Not known", "The B"] and rows["question"][0] == "Who?"
    assert (rows["label"][:], rows["cannot_tell"][:], rows["ambiguous"][:]) == ([1, 0], [1, 1], [True, False])


def test_a_name_of_two_groups_is_of_neither(members):
    lists = {
        "black_names": {"first_names": ["Alana", "Sara"], "last_names": ["Pires"]},
        "white_names": {"first_names": ["Sara", "Emily"], "last_names": ["Teal"]},
        "asian_names": {"first_names": ["Emily"], "last_names": []},
        "religion_wise_names": {"Jain": ["Karan"]},
    }
    members(**{"names.json": json.dumps(lists)})
    assert published.names()["white"] == {"first": ["Sara", "Emily"], "last": ["Teal"]}
    assert names_of_one_group() == {"black": ["Alana"], "white": []}
    with pytest.raises(PyftError, match=r"unknown group with first names 'blak'\. Did you mean 'black'"):
        names_of_one_group(groups=["blak"])


def test_load_knows_them_by_name(members):
    story = {"passage": "A met B.", "question": "Who?", "options": "A. A\nB. Unknown\nC. B", "answer": ["A"]}
    members(**{"test.jsonl": lines(story)})
    assert data.fingerprint(data.load("bbq")) == data.fingerprint(published.load("bbq"))


# --- the real ones ----------------------------------------------------------------------------------------------------

ROWS = {
    "reuters-r8": (4874, 541, 2189),
    "reuters-r52": (5797, 643, 2568),
    "boolq": (8514, 913, 3270),
    "disfl-qa": (800, 94, 106),
    "stereoset": (4229,),
    "crows-pairs": (1018,),
    "bbq": (1012,),
}


@pytest.mark.fetched
@pytest.mark.parametrize("name", list(PUBLISHED))
def test_a_corpus_has_its_rows(name):
    splits = published.load(name)
    assert tuple(rows.num_rows for rows in splits.values()) == ROWS[name]
    assert list(splits) == (["test"] if name in ALONE else ["train", "validation", "test"])
    for rows in splits.values():
        assert isinstance(rows.features["label"], ClassLabel)
        assert len(set(rows["id"])) == len(rows) and all(text.strip() for text in rows["text"])


@pytest.mark.fetched
@pytest.mark.parametrize("name", ["reuters-r8", "reuters-r52"])
def test_no_story_to_learn_from_is_in_another_split(name):
    splits = published.load(name)
    texts = {split: [fold(text) for text in rows["text"]] for split, rows in splits.items()}
    learnt = texts["train"] + texts["validation"]
    assert len(set(learnt)) == len(learnt) and set(learnt).isdisjoint(texts["test"])
    assert set(splits["test"]["label"]) <= set(splits["train"]["label"])


@pytest.mark.fetched
def test_boolq_is_whole_and_names_the_passages_of_both_splits():
    splits, drops = published.load_with_drops("boolq")
    assert drops.unlabelled == 3245 and len(splits["train"]) + len(splits["validation"]) == 9427
    assert sum(row["label"] for split in ("train", "validation") for row in splits[split]) == 5874  # 62.3 %
    assert sum(row["label"] for row in splits["test"]) == 2033
    passages = {split: {fold(row["passage"]) for row in rows} for split, rows in splits.items()}
    assert passages["train"].isdisjoint(passages["validation"])
    both = passages["test"] & (passages["train"] | passages["validation"])
    assert len(both) == 720
    assert all(row["seen"] == (fold(row["passage"]) in both) for row in splits["test"])
    assert sum(row["seen"] for row in splits["test"]) == 952


@pytest.mark.fetched
def test_answers_stand_where_they_are_said_to():
    rows = [row for split in published.load("disfl-qa").values() for row in split]
    for row in rows:
        spans = zip(row["answers"]["text"], row["answers"]["answer_start"], strict=True)
        assert all(row["passage"][start : start + len(text)] == text for text, start in spans)
        assert bool(row["answers"]["text"]) == row["label"]
    assert Counter(row["label"] for row in rows) == {1: 755, 0: 245}


@pytest.mark.fetched
def test_the_sets_on_stereotypes_are_those_of_their_papers():
    stereo, crows, bbq = (published.load(name)["test"] for name in ALONE)
    assert Counter(stereo["kind"]) == {"intersentence": 2123, "intrasentence": 2106}  # Nadeem et al. 2021, table 3
    assert all("BLANK" in row["text"] for row in stereo if row["kind"] == "intrasentence")
    assert all(row["text"].count("[MASK]") == 1 and row["first"] != row["second"] for row in crows)
    assert all(
        len(row["options"]) == 3 and sum(o in published._CANNOT_TELL for o in row["options"]) == 1 for row in bbq
    )
    assert sum(bbq["ambiguous"]) == 515


@pytest.mark.fetched
def test_names_of_one_group_are_many():
    found = names_of_one_group()
    assert {group: len(some) for group, some in found.items()} == {"black": 100, "white": 351}
    assert set(found["black"]).isdisjoint(found["white"])


@pytest.mark.fetched
def test_a_fingerprint_can_be_had_of_columns_of_any_kind():
    assert data.fingerprint(published.load("disfl-qa")).startswith("b6bdb0dc2737")
    assert data.fingerprint(published.load("bbq")).startswith("d0748dd3c10a")
