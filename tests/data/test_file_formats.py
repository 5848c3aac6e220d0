"""Every kind of file gives the same rows, and whatever a file holds is told in words."""

import json
import os
import string

import pyarrow
import pytest
from datasets import ClassLabel, Dataset, Features, List, Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from own_files import lines, reviews, table
from pyarrow import parquet

from pyft.data import from_files
from pyft.data.file_formats import read_file
from pyft.data.from_files import COLUMNS, Layout, load, read
from pyft.errors import PyftError

CLASSES, TAGS = "sequence-classification", "token-classification"
ROWS = [{"text": "good, fine", "label": "pos"}, {"text": "bad", "label": "neg"}]


@pytest.mark.parametrize(
    "name,content",
    {
        "commas": ("a.csv", 'text,label\n"good, fine",pos\nbad,neg\n'),
        "semicolons": ("a.csv", "text;label\ngood, fine;pos\nbad;neg\n"),
        "tabs": ("a.csv", "text\tlabel\ngood, fine\tpos\nbad\tneg\n"),
        "TSV": ("a.tsv", "label\ttext\npos\tgood, fine\nneg\tbad\n"),
        "the separator told": ("a.csv", "sep=;\ntext;label\ngood, fine;pos\nbad;neg\n"),
        "blank lines first": ("a.csv", '\n\ntext,label\n"good, fine",pos\nbad,neg\n'),
        "case": ("a.csv", 'Text,LABEL\n"good, fine",pos\nbad,neg\n'),
        "spaces": ("a.csv", ' text , label \n"good, fine",pos\nbad,neg\n'),
        "a number a row": ("a.csv", ',text,label\n0,"good, fine",pos\n1,bad,neg\n'),
        "CRLF and a mark": ("a.csv", '\ufefftext,label\r\n"good, fine",pos\r\nbad,neg\r\n'),
        "old Mac": ("a.csv", 'text,label\r"good, fine",pos\rbad,neg\r'),
        "UTF-16": ("a.csv", "text;label\ngood, fine;pos\nbad;neg\n".encode("utf-16")),
        "separators alone": ("a.csv", 'text,label\n"good, fine",pos\n,\nbad,neg\n,\n'),
        "JSON lines": ("a.jsonl", '{"Text": "good, fine", "label": "pos"}\r\n{"text": "bad", "label": "neg"}'),
        "a list": ("a.json", json.dumps(ROWS, indent=1)),
        "a list in a .jsonl": ("a.jsonl", json.dumps(ROWS)),
    }.values(),
    ids=lambda x: None,
)
def test_the_rows_are_the_same(name, content, file):
    assert read(file(name, content), CLASSES) == ROWS


def test_a_quote_in_tsv_may_be_only_a_quote(file):
    path = file("a.tsv", 'text\tlabel\n"Great" it was\tpos\nthe 12" disc\tneg\n"both ends"\tpos\n')
    assert [row["text"] for row in read(path, CLASSES)] == ['"Great" it was', 'the 12" disc', '"both ends"']


def test_columns_of_other_names_are_told(file):
    layout = Layout("review", "Sentiment")
    assert read(file("a.csv", "review,sentiment,text\ngood,pos,x\n"), CLASSES, layout) == [
        {"text": "good", "label": "pos"}
    ]
    assert read(file("a.jsonl", lines({"review": "good", "sentiment": "pos"})), CLASSES, layout)[0]["text"] == "good"
    tagged = {"words": ["Oslo"], "ner": ["B-LOC"]}
    assert read(file("b.jsonl", lines(tagged)), TAGS, Layout("words", "ner"))[0]["tokens"] == ["Oslo"]
    with pytest.raises(PyftError, match="cannot both stand in the column 'text'"):
        read(file("a.csv", "text\na\n"), CLASSES, Layout(label="text"))


@pytest.mark.parametrize(
    "content,said",
    [
        ("text,label,label\na,x,neg\n", "line 1: the column label stands 2 times, expected once: text, label, label"),
        ("good,neg\nbad,pos\n", "found good, neg. Columns of other names: --text-column and --label-column"),
        ("Text;Label;text\na;b;c\n", None),
    ],
)
def test_a_header_that_cannot_be_read_is_named(content, said, file):
    if said is None:
        assert read(file("a.csv", content), CLASSES) == [{"text": "c", "label": "b"}]
        return
    with pytest.raises(PyftError, match=said):
        read(file("a.csv", content), CLASSES)


def test_a_quote_that_swallows_rows_is_named_with_its_line(file):
    swallowing = table(reviews(10)) + '"the film,neg\n' + "".join(f"film {i},pos\n" for i in range(20)) + 'end",neg\n'
    with pytest.raises(PyftError, match="line 12: a field runs over 22 lines, 21 of them like rows: is a quote not"):
        read(file("a.csv", swallowing), CLASSES)
    honest = table(reviews(10)) + '"a poem,\nof two lines,\nand a third",pos\n'
    assert len(read(file("b.csv", honest), CLASSES)) == 11


def test_a_long_field_is_read(file):
    assert len(read(file("a.csv", f"text,label\n{'a' * 200_000},x\n"), CLASSES)[0]["text"]) == 200_000


@pytest.mark.parametrize(
    "line,task,said",
    [
        ('{"text": "half \\ud83d", "label": "x"}', CLASSES, "half of an emoji"),
        ('{"text": "a", "label": "\\ud83d"}', CLASSES, "the label holds .*half of an emoji"),
        ('{"tokens": ["\\ud83d"], "tags": ["O"]}', TAGS, "half of an emoji"),
        ('{"text": "\\u200b\\u00ad\\ufe0f", "label": "x"}', CLASSES, "no visible character"),
        ('{"text": "a", "label": ' + "9" * 5000 + "}", "regression", "a number with too many digits"),
        ('{"text": "a", "label": ' + "9" * 400 + "}", "regression", r"expected a number up to 1e\+30"),
        ('{"text": "a", "label": ' + "[" * 99_999 + "}", CLASSES, "nested too deeply|not JSON"),
        ('{"text": "a", "label": NaN}', CLASSES, "expected the name of a class"),
        ('{"text": "a", "label": "1_000"}', "regression", "label '1_000', expected a number"),
        ('{"text": "a", "label": "0,5"}', "regression", "label '0,5', expected a number with a decimal point"),
        ('{"text": "a", "label": "x", "label": "y"}', CLASSES, "a name stands twice in one object"),
        ('"text"', CLASSES, "expected an object in braces, found str"),
    ],
)
def test_what_no_model_can_read_is_named_with_its_line(line, task, said, file):
    with pytest.raises(PyftError, match=rf"line 1: .*({said})"):
        read(file("a.jsonl", line + "\n"), task)


def test_a_float_is_the_name_of_a_class_in_json_as_in_csv(file):
    of_json = read(file("a.jsonl", lines({"text": "a", "label": 0.0})), CLASSES)
    assert of_json == read(file("a.csv", "text,label\na,0.0\n"), CLASSES)


# --- columns of words -------------------------------------------------------------------------------------------------

CONLL = "-DOCSTART- O\n\nAnna\tB-PER \nSmith\tI-PER \nwent\tO\n\n# a comment\n\ufe0f\tO\nOslo\tB-LOC\n#\tO"


@pytest.mark.parametrize("name", ["a.conll", "a.txt", "a.bio", "a.tsv"])
def test_columns_of_words_are_read_without_marks_of_documents(name, file):
    found = read(file(name, CONLL), TAGS)
    assert [row["tokens"] for row in found] == [["Anna", "Smith", "went"], ["\ufe0f", "Oslo", "#"]]
    assert [row["label"] for row in found] == [("B-PER", "I-PER", "O"), ("O", "B-LOC", "O")]
    assert read(file(name, CONLL.replace("\t", " ").replace("\n", "\r\n")), TAGS) == found


def test_of_many_columns_the_first_and_the_last_count(file):
    (row,) = read(file("a.conll", "EU NNP B-NP B-ORG\nrejects VBZ B-VP O\n"), TAGS)
    assert (row["tokens"], row["label"]) == (["EU", "rejects"], ("B-ORG", "O"))


def test_the_word_of_a_hash_is_a_word_under_every_scheme_of_tags(file):
    (row,) = read(file("a.conll", "# S-MISC\nup O\n# no tag\n"), TAGS, Layout(tags="bioes"))
    assert (row["tokens"], row["label"]) == (["#", "up"], ("B-MISC", "O"))


def test_a_line_without_a_tag_is_named(file):
    with pytest.raises(PyftError, match="line 2: one column, 'went', expected a word and, in the last column, its tag"):
        read(file("a.conll", "Anna B-PER\nwent\n"), TAGS)


def test_marks_of_documents_are_no_sentences_in_json_either(file):
    path = file("a.jsonl", lines({"tokens": ["-DOCSTART-"], "tags": ["O"]}, {"tokens": ["a"], "tags": ["O"]}))
    assert [row["tokens"] for row in read(path, TAGS)] == [["a"]]


@pytest.mark.parametrize(
    "scheme,tags",
    [
        ("iob1", [["I-PER", "I-PER", "O", "I-LOC"], ["I-PER", "B-PER", "O", "O"]]),
        ("bioes", [["B-PER", "E-PER", "O", "S-LOC"], ["S-PER", "S-PER", "O", "O"]]),
        ("bioes", [["B-PER", "L-PER", "O", "U-LOC"], ["U-PER", "U-PER", "O", "O"]]),
    ],
)
def test_other_schemes_are_named_when_seen_and_read_when_asked_for(scheme, tags, file):
    path = file("a.jsonl", lines(*({"tokens": ["a", "b", "c", "d"], "tags": y} for y in tags)))
    with pytest.raises(PyftError, match=f"These look like {scheme.upper()} tags: --tags {scheme} reads them"):
        read(path, TAGS)
    found = [row["label"] for row in read(path, TAGS, Layout(tags=scheme))]
    assert found == [("B-PER", "I-PER", "O", "B-LOC"), ("B-PER", "B-PER", "O", "O")]


def test_a_mistake_in_iob2_is_not_taken_for_another_scheme(file):
    rows = [{"tokens": ["a", "b"], "tags": y} for y in (["B-PER", "O"], ["I-PER", "O"])]
    with pytest.raises(PyftError) as error:
        read(file("a.jsonl", lines(*rows)), TAGS)
    assert "These look like" not in str(error.value)
    with pytest.raises(PyftError, match="unknown scheme of tags 'iob3'"):
        read(file("a.jsonl", lines(*rows)), TAGS, Layout(tags="iob3"))


# --- Parquet ----------------------------------------------------------------------------------------------------------


def test_parquet_is_read_and_numbers_of_classes_get_their_names(tmp_path):
    path = tmp_path / "a.parquet"
    Dataset.from_dict(
        {"text": ["good, fine", "bad"], "label": [1, 0]},
        features=Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])}),
    ).to_parquet(path)
    assert read(path, CLASSES) == ROWS
    tags = Features({"tokens": List(Value("string")), "tags": List(ClassLabel(names=["O", "B-LOC"]))})
    Dataset.from_dict({"tokens": [["in", "Oslo"]], "tags": [[0, 1]]}, features=tags).to_parquet(path)
    assert read(path, TAGS)[0]["label"] == ("O", "B-LOC")
    parquet.write_table(pyarrow.table({"Text": ["a", None], "label": [1, 2]}), path)
    with pytest.raises(PyftError, match="row 2: the text is None"):
        read(path, CLASSES)
    parquet.write_table(pyarrow.table({"review": ["a"]}), path)
    with pytest.raises(PyftError, match=r"no column text; found review\. Columns of other names: --text-column"):
        read(path, CLASSES)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(PyftError, match="cannot be read as Parquet"):
        read(path, CLASSES)


# --- whatever it holds ------------------------------------------------------------------------------------------------

TEXT = st.text(st.sampled_from(string.printable + "\ufe0f\u200b\x00é❤\ufeff"), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just("\ud83d"),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["text", "tokens", "tags", "x"]), inner)
    ),
    max_leaves=8,
)
OBJECTS = st.fixed_dictionaries({}, optional=dict.fromkeys(("text", "label", "tokens", "tags"), JSON))
HEADERS = st.sampled_from(["text,label\n", "text\tlabel\r\n", '"text";label\n', "sep=|\ntext|label\n", ""])
CONTENTS = st.one_of(
    st.binary(max_size=200),
    st.builds(lambda head, body: (head + body).encode(), HEADERS, TEXT),
    st.builds(lambda rows: "\n".join(map(json.dumps, rows)).encode(), st.lists(OBJECTS | JSON, max_size=5)),
    st.builds(lambda rows: json.dumps(rows).encode(), st.lists(OBJECTS, max_size=5)),
)
VALID = {
    ".csv": table(reviews(), 'text,"label"').encode(),
    ".jsonl": lines(*({"text": text, "label": label} for text, label in reviews())).encode(),
    ".conll": "".join(f"in O\ntown{i} B-LOC\n\n" for i in range(40)).encode(),
}
SUFFIXES = st.sampled_from([".csv", ".tsv", ".jsonl", ".json", ".conll", ".txt", ".parquet"])


@st.composite
def files(draw):
    """A suffix and a content: anything at all, or a good file of which a part was replaced."""
    if draw(st.booleans()):
        return draw(SUFFIXES), draw(CONTENTS)
    suffix, content = draw(st.sampled_from(list(VALID.items())))
    start = draw(st.integers(0, len(content)))
    return suffix, content[:start] + draw(st.binary(max_size=9)) + content[start + draw(st.integers(0, 90)) :]


@settings(
    max_examples=2000 if os.environ.get("CI") else 200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(file=files(), task=st.sampled_from(list(COLUMNS)))
def test_no_file_gives_any_other_error_than_ours(file, task, tmp_path):
    suffix, content = file
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    try:
        rows = read(path, task)
        load(path, task)
    except PyftError as error:
        str(error).encode()  # and it can be printed
    else:
        assert rows and from_files.gather(path, task).dataset()


def test_texts_alone_are_asked_for_by_the_option_for_texts_alone(tmp_path):
    (tmp_path / "a.csv").write_text("review\ngood\n")
    ((_, said),) = read_file(tmp_path / "a.csv", ["text"], words=False)
    assert said.endswith("found review. Columns of other names: --text-column.")
