"""What of a page's code is plumbing, and what the page shows of it."""

import json
from types import SimpleNamespace

import pytest

from pyft.book import folding
from pyft.book.cells import joined

IMPORTS = (
    "import matplotlib.pyplot as plt\nimport torch\nfrom pyft import data, finetune, plots\n"
    "from pyft.evidence import expect, glue, prove, record, show"
)
SOFTMAX = 'z = torch.zeros(2)\np = z.softmax(-1)\nprove("sums to one", p.sum(), 1.0, tol=1e-6)'
OUTPUT = {"output_type": "stream", "name": "stdout", "text": "an output"}
TABLE = 'plots.table(rows, ["a"])'


def code(source, *tags, **metadata):
    metadata |= {"tags": list(tags)} if tags else {}
    return {"cell_type": "code", "id": "c1", "source": source, "metadata": metadata, "outputs": [OUTPUT]}


def page(*sources):
    return {"cells": [code(IMPORTS), *(s if isinstance(s, dict) else code(s) for s in sources)]}


def shown(notebook):
    """Of each cell of the page: its source, and the line under which it is folded, if it is."""
    cells = folding.folded(notebook)["cells"]
    return [(c["source"], c["metadata"].get("mystnb", {}).get("code_prompt_show")) for c in cells[1:]]


def test_imports_are_folded_and_a_bare_import_of_the_package_is_not_shown():
    imports, bare = folding.folded({"cells": [code(IMPORTS), code("import pyft", "setup")]})["cells"]
    assert imports["metadata"]["tags"] == ["hide-input"]
    assert imports["metadata"]["mystnb"] == {"code_prompt_show": "Imports", "code_prompt_hide": "Imports"}
    assert bare["metadata"]["tags"] == ["setup", "remove-cell"]


def test_a_seed_among_imports_is_folded_with_them_and_elsewhere_it_is_not():
    begin = "import os\n\ntorch.manual_seed(0)\nplots.style()"
    assert shown(page(begin)) == [(begin, "Imports")]
    trains = "finetune.set_seed(0)\nfinetune.fine_tune(1)"
    assert shown(page(trains)) == [(trains, None)]


def test_what_computes_and_proves_stays_open():
    assert shown(page(SOFTMAX)) == [(SOFTMAX, None)]
    assert shown(page("show(finetune.fine_tune)")) == [("show(finetune.fine_tune)", None)]


@pytest.mark.parametrize(
    "plumbing,line",
    [
        ("rows = [[x] for x in p.tolist()]\n" + TABLE, "Code for this table"),
        ("fig, axes = plt.subplots()\naxes.plot(p)\nplt.show()", "Code for this figure"),
        ('for name in "ab":\n    expect(name, p, SEED)', "Code that keeps these figures and holds them"),
        ('first = f"{p[0]:.1f}"\nglue(first=first)', "Code for the numbers in the text"),
        ('PROFILE = "laptop"\nSEED = 0', "Setup"),
        ("def percent(x):\n    return 100 * x\n\n\nglue(p=percent(p[0]))", "Code for the numbers in the text"),
    ],
)
def test_plumbing_is_folded_under_a_line_that_says_what_it_is(plumbing, line):
    assert shown(page(SOFTMAX, plumbing))[1:] == [(plumbing, line)]


def test_a_result_that_something_else_uses_too_is_no_plumbing():
    rows = "n = 3\nrows = [[x] for x in range(n)]"
    assert shown(page(f"{rows}\n{TABLE}"))[0][1] == "Code for this table"
    assert shown(page(f"{rows}\n{TABLE}", "t = torch.tensor(rows)"))[0] == (rows, None)


def test_training_for_a_table_is_no_plumbing():
    train = "rows = finetune.fine_tune(1)"
    assert shown(page(f"{train}\n{TABLE}")) == [(train, None), (TABLE, "Code for this table")]


def test_a_cell_is_cut_where_plumbing_begins_comments_go_with_what_they_stand_above_and_outputs_come_last():
    source = f"import os\n\n{SOFTMAX}\n# the table\nrows = [p.tolist()]\n{TABLE}"
    pieces = folding.folded(page(source))["cells"][1:]
    assert [p["source"] for p in pieces] == ["import os", SOFTMAX, f"# the table\nrows = [p.tolist()]\n{TABLE}"]
    assert [p["outputs"] for p in pieces] == [[], [], [OUTPUT]]
    assert [p["id"] for p in pieces] == ["c1-0", "c1-1", "c1"]


def test_what_an_author_hides_stays_as_it_is_and_so_do_other_tags_and_alt_texts():
    hidden = code(TABLE, "hide-cell", mystnb={"code_prompt_show": "All", "code_prompt_hide": "Less"})
    assert folding.folded(page(hidden))["cells"][1] == hidden
    drawn = code("plt.plot([1])\nplt.show()", "nbval-ignore-output", mystnb={"image": {"alt": "A line."}})
    (piece,) = folding.folded(page(drawn))["cells"][1:]
    assert piece["metadata"]["tags"] == ["nbval-ignore-output", "hide-input"]
    assert piece["metadata"]["mystnb"]["image"] == {"alt": "A line."}


@pytest.mark.parametrize(
    "source,line",
    [
        (TABLE, "Code for this table"),
        ('exercises.reveal("6.1-a")', "Solution"),
        (SOFTMAX, "Code that proves this"),
        ("z = torch.zeros(2)\nprint(z)", "Code"),
    ],
)
@pytest.mark.parametrize("tag", ["hide-cell", "hide-input"])
def test_what_an_author_hides_without_a_word_is_named_too(source, line, tag):
    (hidden,) = folding.folded(page(code(source, tag)))["cells"][1:]
    assert hidden["source"] == source and hidden["metadata"]["tags"] == [tag]
    assert hidden["metadata"]["mystnb"] == {"code_prompt_show": line, "code_prompt_hide": line}


def test_plumbing_whose_output_is_hidden_lies_with_it_under_one_line_the_cells_own_if_it_has_one():
    own = {"mystnb": {"code_prompt_show": "The rows", "code_prompt_hide": "The rows"}}
    for metadata, line in [({}, "Code for this table"), (own, "The rows")]:
        teaching, table = folding.folded(page(code(f"{SOFTMAX}\n{TABLE}", "hide-output", **metadata)))["cells"][1:]
        assert (teaching["metadata"]["tags"], teaching["outputs"]) == (["hide-output"], [])
        assert (table["metadata"]["tags"], table["outputs"]) == (["hide-cell"], [OUTPUT])
        assert table["metadata"]["mystnb"] == {"code_prompt_show": line, "code_prompt_hide": line}
    imports, _ = folding.folded(page(code(f"import os\n{SOFTMAX}", "hide-output", **own)))["cells"][1:]
    assert imports["metadata"]["tags"] == ["hide-output", "hide-input"]
    assert imports["metadata"]["mystnb"]["code_prompt_show"] == "Imports"


def test_what_stays_visible_is_counted():
    mixed = f"{SOFTMAX}\n{TABLE}\nshow(p)"  # the table in the middle is not folded
    assert folding.visible(page(mixed)) == (1, 5)
    assert folding.visible(page(SOFTMAX, TABLE)) == (0, 3)


def test_sphinx_is_given_the_folded_page_and_other_pages_as_they_are():
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda page: page))
    content = [json.dumps(page(TABLE))]
    folding.fold_on_page(app, "a.ipynb", content)
    assert json.loads(content[0]) == folding.folded(page(TABLE))
    prose = ["# A title"]
    folding.fold_on_page(app, "a.md", prose)
    assert prose == ["# A title"]


def test_the_notebook_itself_is_left_alone():
    notebook = page(SOFTMAX, TABLE)
    before = json.dumps(notebook)
    folding.folded(notebook)
    assert json.dumps(notebook) == before


def outputs(notebook):
    return [(c["source"], c["outputs"]) for c in folding.folded(notebook)["cells"][1:]]


@pytest.mark.parametrize("said", [SOFTMAX, "y = torch.zeros(2)\nprint(y)"])
def test_what_an_open_part_prints_stands_beneath_it_and_a_table_beneath_its_own_code(said):
    check = "assert p.sum() == 1"
    assert outputs(page(f"{said}\n{check}")) == [(said, [OUTPUT]), (check, [])]
    assert outputs(page(f"{said}\n{TABLE}")) == [(said, []), (TABLE, [OUTPUT])]


def test_a_loop_over_axes_is_plumbing():
    draw = "fig, (above, below) = plt.subplots(2)\nfor axes in (above, below):\n    axes.set_xticks([1, 2])"
    assert shown(page(draw)) == [(draw, "Code for this figure")]
    other = "for x in (torch.zeros(1), torch.ones(1)):\n    x.sum()"
    assert shown(page(other)) == [(other, None)]


def test_a_check_is_named_by_what_it_checks_if_that_is_short():
    assert shown(page("assert 1 == 1")) == [("assert 1 == 1", "A check")]
    assert shown(page(long := f"assert {' < '.join('1234567890' * 2)}")) == [(long, "A check")]


LISTED = "for n, name in enumerate(ledger(), start=1):\n    print(n, name)"


@pytest.mark.parametrize("tags", [[], ["hide-cell"]])
def test_the_list_of_proofs_lies_folded_with_its_output_on_every_page(tags):
    (listed,) = folding.folded(page(code(LISTED, *tags)))["cells"][1:]
    assert (listed["source"], listed["outputs"], listed["metadata"]["tags"]) == (LISTED, [OUTPUT], ["hide-cell"])
    assert listed["metadata"]["mystnb"]["code_prompt_show"] == "What this page has proven"


KEPT = """kept = record(
    "1.1",
    metrics,
    data={"films": data.fingerprint(films)},
)"""
STORED = "from pyft.benchmarks.experiment import bench\n"


def test_the_record_is_folded_whatever_it_is_handed_with_the_dictionary_that_serves_it_and_no_more():
    predicted, kept = "answers = finetune.predict(1)\nright = sum(answers)", 'metrics = {"1.1/a": right}\n' + KEPT
    line = "Code that keeps these figures and holds them"
    assert shown(page(f"{predicted}\n{kept}")) == [(predicted, None), (kept, line)]


def test_what_a_page_folds_does_not_say_what_is_plumbing():
    cells = page(SOFTMAX, KEPT, "few = films.select(range(3))\nfinetune.predict(few)")["cells"]
    kept, few = (next(p for p in folding.parts(cells) if p.defines == {name}) for name in ("kept", "few"))
    assert (kept.plumbing, kept.folds) == (False, True)
    assert (few.plumbing, few.folds) == (True, False)


@pytest.mark.parametrize(
    "source",
    [
        f"first = p[0]\n{TABLE}",
        "fig, axes = plt.subplots()\nwidth = 2\nheight = 3\naxes.plot(width, height)",
        "fig, axes = plt.subplots()\nq = torch.ones(2)\n\n\n\n\nr = q + 1\naxes.plot(r)\nplt.show()",
    ],
    ids=["one line beside a table", "a few lines between two folds", "part of a drawing"],
)
def test_lines_that_nobody_reads_alone_are_folded_with_what_lies_beside_them(source):
    ((whole, line), _) = shown(page(source, "torch.tensor([first, width, height, r])"))
    assert whole == source and line is not None


@pytest.mark.parametrize("line", ["first = finetune.predict(p)", "print(p)", "first = p[0]\nlast = p[1]"])
def test_a_line_that_trains_or_shows_stays_open_and_so_do_two(line):
    assert shown(page(f"{line}\n{TABLE}", "torch.tensor([first, last])"))[0] == (line, None)


@pytest.mark.parametrize(
    "lead", ["kinds = [1, 2]", 'found = bench("a")', 'runs = results("1.1")'], ids=["a name", "runs", "records"]
)
def test_a_line_that_open_code_begins_with_is_part_of_it(lead):
    imports = f"{STORED}from pyft.evidence import results, glue"
    source = f"{lead}\nfor x in range(2):\n    prove(x)"
    used = "glue(a=str(kinds) + str(found) + str(runs))"
    assert shown(page(imports, source, used))[1] == (source, None)


@pytest.mark.parametrize(
    "source,line",
    [
        ("import os\n\n\ndef percent(x):\n    return x\n\n\nglue(a=percent(1))", "Code for the numbers in the text"),
        ("import os\n\n\ndef percent(x):\n    return x\n\n\nrows = percent(1)", "Imports and functions"),
        (f'{STORED}rows = bench("a")', "Imports and stored runs"),
        ("rows = [1]\n\n\ndef tabled(x):\n    plots.table(x)", None),
    ],
)
def test_imports_say_what_else_is_among_them(source, line):
    assert shown(page(source, "plots.table(rows)"))[0] == (source, line)


def test_a_fold_is_named_by_what_the_pages_own_functions_do_and_by_what_is_shown():
    tabled = "def tabled(x):\n    return plots.table(x)"
    assert shown(page(tabled, code("tabled([1])", "hide-input")))[1][1] == "Code for this table"
    assert shown(page(code("show(data.load)\nshow(p)", "hide-cell")))[0][1] == "Source of data.load and p"


def test_a_cell_that_is_folded_as_a_whole_has_its_own_name():
    own = code(TABLE, mystnb={"code_prompt_show": "The rows", "code_prompt_hide": "The rows"})
    assert shown(page(own)) == [(TABLE, "The rows")]


GLUED = {"output_type": "display_data", "metadata": {"scrapbook": {"name": "a"}}, "data": {}}
DRAWN = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "AAAA"}}


def fold(source, name, *outputs, **mystnb):
    made = code(source, "hide-input", mystnb={"code_prompt_show": name} | mystnb)
    return made | {"outputs": list(outputs)}


def test_folds_one_after_the_other_are_one_with_the_outputs_of_all():
    cells = [fold("a = 1", "Parameters"), fold("import b", "Imports", GLUED), fold("c", "Code for this table", DRAWN)]
    (one,) = joined(cells)
    assert one["source"] == "a = 1\n\nimport b\n\nc"
    assert one["outputs"] == [GLUED, DRAWN]
    assert one["metadata"]["mystnb"]["code_prompt_show"] == "Parameters, imports, code for this table"
    assert [cell["source"] for cell in cells] == ["a = 1", "import b", "c"]


def test_a_long_row_of_folds_is_a_setup_and_what_comes_of_it():
    cells = [fold("a", "Parameters and " + "more " * 9), fold("b", "Code for this figure")]
    assert joined(cells)[0]["metadata"]["mystnb"]["code_prompt_show"] == "Setup and code for this figure"


@pytest.mark.parametrize(
    "cells",
    [
        [fold("a", "Code for this table", DRAWN), fold("b", "Code for this table", DRAWN)],
        [fold("a", "Code", GLUED), fold("b", "Code for this figure", DRAWN, figure={"name": "fig-a"})],
        [fold("a", "Code"), code("b")],
        [fold("a", "Code"), {"cell_type": "markdown", "source": "b", "metadata": {}}, fold("c", "Code")],
        [fold("a", "Code"), code("b", "hide-cell")],
    ],
)
def test_folds_with_something_between_stay_apart(cells):
    assert joined(cells) == cells
