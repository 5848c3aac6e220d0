"""Files in another format say the same: round trips of random rows, entities against seqeval, and what is refused."""

import json
from itertools import product

import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st
from seqeval.scheme import IOB1, IOB2, IOBES, Tokens

from pyft.data import convert as converter
from pyft.data.convert import SPANS, TEXTS, WORDS, convert, kind_of, read, read_names, rename, written
from pyft.data.entities import Entity, from_iob2, to_entities, to_tags, word_offsets
from pyft.data.from_files import Layout
from pyft.data.iob2 import repair, spans
from pyft.data.tag_schemes import SCHEMES, to_iob2
from pyft.errors import PyftError

tags = st.lists(st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]), min_size=1, max_size=9).map(repair)
characters = st.characters(exclude_categories=("Cs",))
texts = st.text(characters, min_size=1, max_size=30).filter(lambda text: text.strip().isprintable() and text.strip())
nasty = st.text(st.sampled_from("ab,;\t|\"\n\r #'\\é😀"), min_size=1, max_size=20).filter(str.strip)
words = st.text(st.sampled_from('ab"-é😀.'), min_size=1, max_size=5) | st.just("a#")


def tags_of(sentence):
    """Tags in IOB2, one for each word."""
    n = len(sentence)
    return st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B"]), min_size=n, max_size=n).map(repair)


# --- tags -------------------------------------------------------------------------------------------------------------


@given(tags)
def test_tags_come_back_from_every_scheme(some):
    for scheme in SCHEMES:
        assert to_iob2(from_iob2(some, scheme), scheme) == some


@given(tags)
def test_entities_in_every_scheme_are_seqevals(some):
    for scheme, theirs in zip(SCHEMES, (IOB2, IOB1, IOBES), strict=True):
        found = Tokens(from_iob2(some, scheme), theirs).entities
        assert [(e.tag, e.start, e.end) for e in found] == [tuple(span) for span in spans(some)]


def test_a_scheme_that_is_none():
    with pytest.raises(PyftError, match="unknown scheme of tags 'bilou'"):
        from_iob2(["O"], "bilou")


# --- offsets ----------------------------------------------------------------------------------------------------------


@given(texts, st.data())
def test_tags_come_back_from_offsets(text, drawn):
    offsets = word_offsets(text)
    some = drawn.draw(
        st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B"]), min_size=len(offsets), max_size=len(offsets))
    )
    some = repair(some)
    assert to_tags(text, to_entities(some, offsets), offsets) == some
    assert "".join(text[s:e] for s, e in offsets) == "".join(text.split())


def test_an_emoji_is_one_character():
    text = "😀 Ann"
    assert to_entities(["O", "B-PER"], word_offsets(text)) == [Entity(2, 5, "PER")]


@pytest.mark.parametrize(
    "entities,said",
    [
        ([Entity(0, 2, "PER")], "span 0 to 2 is 'An', which does not begin and end where words do"),
        ([Entity(3, 7, "PER")], "span 3 to 7 is ' Lee'"),
        ([Entity(0, 7, "PER"), Entity(4, 7, "LOC")], "span 4 to 7, 'Lee', shares a word"),
    ],
)
def test_spans_that_tags_cannot_say(entities, said):
    with pytest.raises(PyftError, match=said):
        to_tags("Ann Lee", entities, word_offsets("Ann Lee"))


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A function that names a new file; hypothesis asks for many."""
    root, count = tmp_path_factory.mktemp("files"), iter(range(10**9))

    def place(suffix, content=None):
        path = root / f"{next(count)}{suffix}"
        if content is not None:
            path.write_text(content, encoding="utf8", newline="")
        return path

    return place


@given(st.lists(st.tuples(texts | nasty, st.sampled_from(["good", "bad", "so, so", '"q"'])), min_size=1, max_size=5))
def test_texts_come_back_or_are_refused(folder, pairs):
    rows = [{"text": text.strip(), "label": label} for text, label in pairs]
    source = folder(".jsonl", written(rows, TEXTS, ".jsonl"))
    assert read(source) == rows
    for suffix in (".csv", ".tsv", ".json"):
        target = folder(suffix)
        try:
            convert(source, target)
        except PyftError as error:  # a row that reads like several
            assert suffix != ".json" and "cannot hold" in str(error) and not target.exists()
        else:
            assert read(target) == rows


@given(st.lists(st.lists(words, min_size=1, max_size=5), min_size=1, max_size=4), st.data())
def test_words_come_back_through_every_format_and_scheme(folder, sentences, drawn):
    some = [drawn.draw(tags_of(sentence)) for sentence in sentences]
    lines = [{"tokens": s, "tags": t} for s, t in zip(sentences, some, strict=True)]
    source = folder(".jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    rows = read(source)
    for suffix, scheme in product((".conll", ".jsonl"), SCHEMES):
        target = folder(suffix)
        convert(source, target, scheme=scheme)
        assert read(target, Layout(tags=scheme)) == rows
    by_offset, back = folder(".jsonl"), folder(".json")
    convert(source, by_offset, by_offset=True)
    convert(by_offset, back)
    assert kind_of(by_offset) == SPANS and read(by_offset) == rows == read(back)
    assert [json.loads(line) for line in written(rows, WORDS, ".jsonl").splitlines()] == lines


def test_offsets_without_words_are_cut_into_words(folder):
    row = {"text": "In Paris,  Ann.", "spans": [{"start": 3, "end": 8, "label": "LOC"}]}
    target = folder(".conll")
    convert(folder(".jsonl", json.dumps(row)), target)
    assert target.read_text() == "In\tO\nParis\tB-LOC\n,\tO\nAnn\tO\n.\tO\n"


def test_a_word_with_a_line_break_is_refused_by_columns_and_nothing_is_left(folder):
    source = folder(".jsonl", json.dumps({"tokens": ["a\nb"], "tags": ["O"]}))
    target = folder(".conll")
    with pytest.raises(PyftError, match=r"\.conll cannot hold"):
        convert(source, target)
    assert not list(target.parent.glob(f"*{target.stem}.conll*"))


def test_lines_of_an_old_mac_are_not_taken_for_one(folder):
    with pytest.raises(PyftError, match="lines that end as on an old Mac"):
        convert(folder(".conll", "Ann\tB-PER\rsang\tO\r\rBob\tB-PER\r"), folder(".jsonl"))


@pytest.mark.parametrize("scheme", ["iob2", "bioes"])
def test_a_word_that_looks_like_a_comment_is_kept(scheme, folder):
    source = folder(".jsonl", json.dumps({"tokens": ["#", "1"], "tags": ["B-A", "O"]}))
    kept = folder(".conll")
    convert(source, kept, scheme=scheme)
    assert read(kept, Layout(tags=scheme)) == read(source)


def test_labels_get_other_names_and_it_is_said_what_can_no_more_be_told_apart(folder):
    source = folder(".csv", "text,label\na,1\nb,2\nc,3\n")
    target = folder(".jsonl")
    done = convert(source, target, names={"1": "bad", "2": "bad", "3": "good"})
    assert done.said() == "3 rows of texts with a class; labels: bad (2), good (1)\n1 and 2 are both 'bad' now"
    tagged = [{"text": "a", "offsets": [(0, 1)], "tags": ["B-PER"]}]
    assert rename(tagged, {"PER": "PERSON"})[0]["tags"] == ["B-PERSON"]
    with pytest.raises(PyftError, match=r"no new name for the label 'PER'\. Names are given for: LOC"):
        rename(tagged, {"LOC": "PLACE"})


SPANNED = {"start": 0, "end": 3, "label": "PER", "token_end": 0}
WIDE = "-DOCSTART- -X- -X- O\n\n# one\nAnn NNP B-NP B-PER\n# two\nsang VBD B-VP O\n\n-DOCSTART- -X- -X- O\n"


@pytest.mark.parametrize(
    "source,content,target,said",
    [
        (".csv", "id,text,label,date\n1,a,x,May\n2,b,y,June\n", ".jsonl", "columns id, date"),
        (
            ".tsv",
            "text\tlabel\t\na \tx\t1\nb\t y\t2\n",
            ".csv",
            "column (without a name); white space around a text or a label (2 times)",
        ),
        (".csv", "sep=;\nid;text;label\n1;a;x\n", ".json", "column id"),
        (".jsonl", '{"text": "a", "label": "x"}\n{"text": "b", "label": "y", "id": 3}\n', ".csv", "column id"),
        (
            ".json",
            '[{"tokens": ["a"], "tags": ["O"], "pos": ["DT"]}, {"tokens": ["-DOCSTART-"], "tags": ["O"]}]',
            ".iob",
            "column pos; -DOCSTART-",
        ),
        (".conll", WIDE, ".jsonl", "columns 2, 3; comment (2 times); -DOCSTART- (2 times)"),
        (
            ".jsonl",
            json.dumps({"text": "Ann", "spans": [SPANNED], "meta": 1}),
            ".json",
            "columns meta, spans.token_end; what stands between words, white space too",
        ),
        (".jsonl", '{"text": "a", "label": "x"}\n', ".csv", None),
        (".conll", "Ann\tB-PER\n", ".jsonl", None),
    ],
)
def test_what_is_left_out_is_said(source, content, target, said, folder):
    *_, last = convert(folder(source, content), folder(target)).said().splitlines()
    assert last == f"left out: {said}" if said else "left out" not in last


def test_columns_of_parquet_are_left_out_by_name(tmp_path):
    Dataset.from_dict({"text": ["a"], "label": ["x"], "day": [3]}).to_parquet(tmp_path / "a.parquet")
    assert convert(tmp_path / "a.parquet", tmp_path / "a.csv").left_out == ["column day"]


def test_files_beside_the_target_stay_as_they_are(tmp_path):
    source, other = tmp_path / "part-of-b.jsonl", tmp_path / "part-of-c.jsonl"
    source.write_text('{"text": "a", "label": "x"}\n')
    other.write_text("notes")
    convert(source, tmp_path / "b.jsonl")
    convert(source, tmp_path / "c.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.jsonl", "c.jsonl", source.name, other.name]
    assert other.read_text() == "notes"


def test_a_place_is_made_or_it_is_said_why_there_is_none(tmp_path):
    source = tmp_path / "a.csv"
    source.write_text("text,label\na,x\n")
    convert(source, tmp_path / "new" / "b.jsonl")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["b.jsonl"]
    with pytest.raises(PyftError, match=r"cannot write .*Name another place"):
        convert(source, source / "b.jsonl")


@pytest.mark.parametrize("content", ["[1]", '{"a": 1}', '{"a": " "}', "{"])
def test_new_names_are_checked(folder, content):
    with pytest.raises(PyftError, match=r"[Ee]xpected one object"):
        read_names(folder(".json", content))


@pytest.mark.parametrize(
    "row,said",
    [
        ({"text": " ", "spans": []}, "the text is ' '"),
        ({"text": "Ann", "spans": "PER"}, "spans: expected a list of objects"),
        ({"text": "Ann", "spans": [{"start": 0, "end": 4, "label": "PER"}]}, "within the text's 3 characters"),
        ({"text": "Ann", "spans": [{"start": True, "end": 3, "label": "PER"}]}, "start True, end 3: expected whole"),
        ({"text": "Ann", "spans": [{"start": 0, "end": 3}]}, "label is None, expected the name of a kind"),
        ({"text": "Ann", "spans": [{"start": 0, "end": 2, "label": "PER"}]}, "does not begin and end where words do"),
    ],
)
def test_offsets_are_checked_and_the_line_is_named(folder, row, said):
    good = {"text": "Ann", "spans": []}
    source = folder(".jsonl", f"{json.dumps(good)}\n{json.dumps(row)}\n")
    with pytest.raises(PyftError, match=f"line 2: .*{said}"):
        read(source)


def test_what_fits_no_target(folder, tmp_path):
    source = folder(".csv", "text,label\na,1\nb,2\n")
    with pytest.raises(PyftError, match=r"texts with a class cannot be written as \.conll: \.csv, \.tsv"):
        convert(source, tmp_path / "a.conll")
    with pytest.raises(PyftError, match="no entities that could have offsets"):
        convert(source, tmp_path / "a.jsonl", by_offset=True)
    with pytest.raises(PyftError, match="is there already"):
        convert(source, source)
    with pytest.raises(PyftError, match="there is no such file"):
        convert(tmp_path / "none.csv", tmp_path / "a.jsonl")
    with pytest.raises(PyftError, match="unknown scheme"):
        convert(source, tmp_path / "a.jsonl", scheme="iob3")
    assert not list(tmp_path.iterdir())


def test_the_command(tmp_path, capsys):
    from typer.testing import CliRunner

    from pyft.cli import app

    (tmp_path / "a.iob").write_text("Ann I-PER\nBob B-PER\n")
    (tmp_path / "names.json").write_text('{"PER": "PERSON"}')
    target = tmp_path / "b.jsonl"
    arguments = [
        tmp_path / "a.iob",
        target,
        "--tags",
        "iob1",
        "--to-tags",
        "bioes",
        "--labels",
        tmp_path / "names.json",
    ]
    done = CliRunner().invoke(app, ["convert", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    assert json.loads(target.read_text()) == {"tokens": ["Ann", "Bob"], "tags": ["S-PERSON", "S-PERSON"]}
    assert "1 rows of words with tags; labels: PERSON (2)" in done.output
    assert converter.kind_of(target) == WORDS
