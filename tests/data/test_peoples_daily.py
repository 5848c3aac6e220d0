"""Words and tags of the paper as characters in IOB2."""

import pytest

from pyft.data.iob2 import follows, spans
from pyft.data.peoples_daily import TAGS, characters, load
from pyft.errors import PyftError


def read(line):
    tokens, tags = characters(line)
    return [("".join(tokens[s.start : s.end]), s.kind) for s in spans(tags)]


@pytest.mark.parametrize(
    "line,names",
    [
        ("江/nr  泽民/nr  说/v", [("江泽民", "PER")]),
        ("克林顿/nr  说/v", [("克林顿", "PER")]),
        ("杜/nr  中武/nr  孙/nr  传刚/nr", [("杜中武", "PER"), ("孙传刚", "PER")]),
        ("欧阳/nr  山尊/nr", [("欧阳山尊", "PER")]),
        ("克林顿/nr  江/nr  泽民/nr", [("克林顿", "PER"), ("江泽民", "PER")]),
        ("江/nr  和/c  泽民/nr", [("江", "PER"), ("泽民", "PER")]),
        ("中国/ns  北京/ns", [("中国", "LOC"), ("北京", "LOC")]),  # places are not joined
        ("新华社/nt  记者/n", [("新华社", "ORG")]),
        ("世纪/n  ——/w", []),
        ("驻/v  北京/ns]nt", [("北京", "LOC")]),  # the end of a group that has a tag of its own
    ],
)
def test_names_are_found_and_both_halves_of_a_person_are_one(line, names):
    assert read(line) == names


def test_wide_characters_become_narrow_and_each_has_its_tag():
    tokens, tags = characters("１９９８年/t  中国/ns")
    assert "".join(tokens) == "1998年中国" and tags == ["O"] * 5 + ["B-LOC", "I-LOC"]
    assert characters("") == ([], [])


def test_a_word_without_a_tag_is_named():
    with pytest.raises(PyftError, match="word '中国': expected a word, a slash and a tag"):
        characters("中国")


@pytest.mark.fetched
def test_the_paper_obeys_iob2_and_no_line_is_in_two_splits():
    splits = load()
    assert [len(splits[s]) for s in ("train", "validation", "test")] == [15196, 1899, 1899]
    texts = ["".join(tokens) for rows in splits.values() for tokens in rows["tokens"]]
    assert len(texts) == len(set(texts))
    for row in splits["test"]:
        tags = [TAGS[k] for k in row["ner_tags"]]
        assert all(follows(tag, before) for before, tag in zip(["O", *tags], tags, strict=False))
