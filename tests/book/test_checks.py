"""The checks of the book's sources catch what they are for, and let pass what they should."""

from base64 import b64encode

import nbformat
import pytest
from nbformat import v4

from pyft.book import chapters, checks, freshness

TITLE = "# 1.1 Toy · 玩具"
CELLS = (TITLE, ("import pyft", ["setup"]), ('PROFILE = "laptop"\nSEED = 0', ["parameters"]), "x = 1")


@pytest.fixture
def chapter(house):
    """A chapter in order, as if it had been run."""
    path = house.chapter("1_1_toy", *CELLS)
    house.edit(path, lambda notebook: [c.update(execution_count=i) for i, c in enumerate(notebook.cells) if i])
    house.write("_toc.yml", "root: book/index\nchapters:\n  - file: chapters/1_part/1_1_toy\n")
    house.write("book/index.md", "# Index\n")
    return path


@pytest.mark.parametrize(
    "line",
    [
        "An accuracy of 86.4 %.",
        "88 percent",
        "It takes 3 epochs.",
        "better by ±2",
        "a rate of .874",
        "1,056 rows",
        "(5)",
        "x=7",
        "66M weights",
        "3x faster",
        "a rate of 2e-4",
        "80-90 %",
        "a 20-point gain",
        "| a cell | 7 |",
        "共 7 个",
        "共7个",
        "as `code` says, 7",
    ],
)
def test_a_number_typed_by_hand_is_found(line):
    assert checks.typed_digits(line) == [line]


@pytest.mark.parametrize(
    "line",
    [
        "# 6.1 Sentiment",
        "the code `range(3)`",
        "the formula $x^2 + 1$",
        "$$\n\\frac{1}{2}\n$$",
        "{glue:text}`acc` %",
        "see {cite}`devlin2019bert`",
        "[a link](https://example.org/2019/1)",
        "see section 6.1 and chapters 4.1 to 4.3",
        "CoNLL-2003, F1 and ICWSM-14",
        "MiniLM-L6-v2",
        "in parts 4, 5 and 6",
        "(6_1_sentiment)=",
        "{numref}`figure-1`",
        "1. an ordered list",
        "```\n42\n```",
        "<!-- 42 -->",
    ],
)
def test_a_number_that_is_no_claim_passes(line):
    assert checks.typed_digits(line) == []


def test_what_is_blanked_keeps_its_lines_so_that_the_right_one_is_named():
    assert checks.typed_digits("```\n1\n```\nIt has 7 parts.\n$$\n2\n$$") == ["It has 7 parts."]


@pytest.mark.parametrize("text", ["One sentence. Another one.", "Ends in `code`. Another one.", "Really? Yes it is."])
def test_two_sentences_on_a_line_are_found(house, chapter, text):
    assert checks.sentences() == []
    house.write("book/index.md", f"# Index\n\n{text}\n")
    (problem,) = checks.sentences()
    assert problem.startswith("book/index.md: more than one sentence")


@pytest.mark.parametrize(
    "text", ["One sentence.\nAnother one.", "# A. Heading", "| A cell. | Another. |", "By J. Smith, e.g. Wilson."]
)
def test_what_is_not_two_sentences_passes(house, chapter, text):
    house.write("book/index.md", text)
    assert checks.sentences() == []


def test_the_generated_page_of_data_cards_may_hold_digits(house, chapter):
    house.write("book/data_cards.md", "It has 7 rows. And more.\n")
    assert checks.digits() == checks.sentences() == []


def test_digits_are_looked_for_in_pages_and_in_chapters(house, chapter):
    assert checks.digits() == []
    house.write("book/index.md", "It has 7 parts.\n")
    house.edit(chapter, lambda notebook: notebook.cells.append(v4.new_markdown_cell("It has 8 parts.")))
    assert len(checks.digits()) == 2


def test_the_contents_list_every_chapter_and_no_ghost(house, chapter):
    assert checks.contents() == []
    house.write("_toc.yml", "root: book/index\nchapters:\n  - file: chapters/1_part/1_2_ghost\n")
    assert checks.contents() == [
        "chapters/1_part/1_1_toy.ipynb: not in _toc.yml",
        "_toc.yml: chapters/1_part/1_2_ghost has no file",
    ]


def test_the_contents_may_be_in_parts_and_sections(house, chapter):
    house.write("book/more.md", "# More\n")
    house.write(
        "_toc.yml",
        "root: book/index\nparts:\n  - caption: A\n    chapters:\n      - file: book/more\n"
        "        sections:\n          - file: chapters/1_part/1_1_toy\n          - file: book/ghost\n",
    )
    assert checks.contents() == ["_toc.yml: book/ghost has no file"]


def test_a_chapter_is_stale_until_its_key_is_that_of_the_present_code(house, chapter):
    assert "is stale (changed: never run)" in checks.stale()[0]
    key = freshness.key(chapters.chapters()["1.1"])
    house.edit(chapter, lambda notebook: notebook.metadata.update(pyft={"key": key}))
    assert checks.stale() == []
    house.write("requirements.lock", "numpy==2\n")
    assert checks.stale() == [
        "chapters/1_part/1_1_toy.ipynb is stale (changed: lock). To bring it up to date: pyft run 1.1"
    ]


def test_all_problems_are_those_of_every_check(house, chapter):
    house.write("_toc.yml", "root: book/index\n")
    house.write("book/index.md", "It has 7 parts. And more.\n")
    house.edit(chapter, FAULTS["Chinese heading"])
    said = "\n".join(checks.all_problems())
    for part in ("not in _toc.yml", "Chinese heading", "is stale", "typed by hand", "more than one sentence"):
        assert part in said


def test_a_chapter_in_order_has_no_problem(chapter):
    assert checks.anatomy() == []


@pytest.mark.parametrize("title,right", [("BERT", True), ("BERT · BERT", False), ("BERT · 模型", False)])
def test_a_heading_of_the_outline_in_latin_letters_is_not_said_twice(house, title, right):
    house.chapter("3_1_1_toy", f"# 3.1.1 {title}")
    assert any("Chinese heading" in problem for problem in checks.anatomy()) != right


FIGURE = v4.new_output("display_data", data={"image/png": "AAAA", "text/plain": "<Figure>"})
WIDE = v4.new_output("display_data", data={"image/png": b64encode(b"." * 16 + (700).to_bytes(4, "big")).decode()})
FAULTS = {
    "Chinese heading": lambda n: n.cells[0].update(source="# 1.1 Toy"),
    "number 1.1": lambda n: n.cells[0].update(source="# 1.2 Toy · 玩具"),
    "tagged 'setup'": lambda n: n.cells[1].metadata.pop("tags"),
    "tagged 'parameters'": lambda n: n.cells[2].metadata.pop("tags"),
    "tagged 'setup', found 2": lambda n: n.cells[3].metadata.update(tags=["setup"]),
    "literals only": lambda n: n.cells[2].update(source='PROFILE = "laptop"\nSEED = 1 + 1'),
    "metadata of a tool left in: ['widgets']": lambda n: n.metadata.update(widgets={}),
    "metadata of a tool left in: ['papermill']": lambda n: n.cells[3].metadata.update(papermill={}),
    "not run from top to bottom": lambda n: n.cells[3].update(execution_count=7),
    "is empty": lambda n: n.cells[3].update(source=" "),
    "holds the error ValueError": lambda n: n.cells[3].outputs.append(
        v4.new_output("error", ename="ValueError", evalue="")
    ),
    "ends with record(...)": lambda n: n.cells[3].update(source='x = 1\nrecord("1.1", {"1.1/a": x}, seed=0)  # done'),
    "holds plots.table(...) before its end": lambda n: n.cells[3].update(source="plots.table([[1]], ['a'])\nx = 1"),
    "before its end, which nobody sees": lambda n: n.cells[3].update(
        source="for x in (1, 2):\n    plots.table([[x]], ['a'])"
    ),
    "without alt text": lambda n: n.cells[3].outputs.append(FIGURE),
    "a figure of 700 px": lambda n: n.cells[3].outputs.append(WIDE),
    "machine path": lambda n: n.cells[3].outputs.append(v4.new_output("stream", text="/home/" + "someone/x")),
    "progress bar": lambda n: n.cells[3].outputs.append(v4.new_output("stream", text=" 40%|####      |")),
}


@pytest.mark.parametrize("told", FAULTS)
def test_what_a_chapter_lacks_is_reported(house, chapter, told):
    house.edit(chapter, FAULTS[told])
    assert [problem for problem in checks.anatomy() if told in problem], checks.anatomy()


def test_a_notebook_without_cells_is_told_and_no_crash(house, chapter):
    house.edit(chapter, lambda notebook: notebook.update(cells=[]))
    assert "chapters/1_part/1_1_toy.ipynb, cell 0: expected a title" in checks.anatomy()[0]


def test_a_figure_with_an_alt_text_passes_with_any_bytes(house, chapter):
    def drawn(notebook):
        notebook.cells[3].metadata["mystnb"] = {"image": {"alt": "a curve that falls"}}
        png = f"{'A' * 28}/home/" + "someone/xA"
        notebook.cells[3].outputs.append(v4.new_output("display_data", data={"image/png": png}))

    house.edit(chapter, drawn)
    assert checks.anatomy() == []


@pytest.mark.parametrize(
    "source", ['kept = record("1.1", {}, seed=0)', 'record("1.1", {})\nx = 1', "%pip list", "# record("]
)
def test_a_record_that_is_not_echoed_passes(house, chapter, source):
    house.edit(chapter, lambda n: n.cells[3].update(source=source))
    assert not [problem for problem in checks.anatomy() if "record" in problem]


@pytest.mark.parametrize(
    "source", ["x = 1\nplots.table([[x]], ['a'])", "t = plots.table([[1]], ['a'])\nt", "%pip list"]
)
def test_a_table_that_a_cell_ends_with_passes(house, chapter, source):
    house.edit(chapter, lambda n: n.cells[3].update(source=source))
    assert not [problem for problem in checks.anatomy() if "table" in problem]


def test_an_error_that_is_meant_passes(house, chapter):
    def meant(notebook: nbformat.NotebookNode) -> None:
        notebook.cells[3].metadata["tags"] = ["raises-exception"]
        notebook.cells[3].outputs.append(v4.new_output("error", ename="ValueError", evalue=""))

    house.edit(chapter, meant)
    assert checks.anatomy() == []
