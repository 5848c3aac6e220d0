"""Records of several seeds belong together if one code made them from the same data."""

import json

import pytest
from small_package import only

from pyft.book import checks, freshness

IMPORTS = (
    "from pyft import plots\nfrom pyft.finetune import loop\nfrom pyft.evidence import expect\n"
    "from pyft.course.ch1_1_toy import faults, recipes"
)
TRAINS = "score = loop.fine_tune(2)"
DRAWS = 'plots.table([[score]], ["score"])\nexpect("1.1/a", score, SEED)'


@pytest.fixture
def chapter(house):
    toy = [f"course/ch1_1_toy/{name}" for name in ("__init__", "faults", "recipes")]
    for name in ("plots", "finetune/__init__", "finetune/loop", "evidence/__init__", "evaluation/stats", *toy):
        house.write(f"pyft/{name}.py", "def fine_tune(n):\n    return n\n\n\ntable = expect = fine_tune\n")
    house.chapter("1_1_a", "# 1.1 Toy · 玩具", ("SEED = 0", ["parameters"]), IMPORTS, TRAINS, DRAWS)
    return only()


def source_of(cell, source):
    return lambda notebook: notebook.cells[cell].update(source=source)


@pytest.mark.parametrize(
    "change,other",
    [
        (lambda h, c: h.edit(c.path, source_of(3, "score = loop.fine_tune(3)")), True),
        (lambda h, c: h.write("pyft/finetune/loop.py", "def fine_tune(n):\n    return n + 1\n"), True),
        (lambda h, c: h.write("requirements.lock", "numpy==2\n"), True),
        (lambda h, c: h.write("pyft/course/ch1_1_toy/recipes.py", "EPOCHS = 2\n"), True),
        (lambda h, c: h.write("pyft/course/ch1_1_toy/faults.py", "FAULTS = 2\n"), False),
        (lambda h, c: h.edit(c.path, source_of(4, DRAWS.replace('score"]', 'its score"]'))), False),
        (lambda h, c: h.edit(c.path, source_of(3, "# why\n" + TRAINS)), False),
        (lambda h, c: h.edit(c.path, source_of(0, "# 1.1 Other · 别的")), False),
        (lambda h, c: h.write("pyft/plots.py", "def table(rows):\n    return 1\n"), False),
        (lambda h, c: h.write("pyft/evidence/__init__.py", "def expect(*a):\n    return 1\n"), False),
    ],
    ids=[
        "what trains",
        "the loop",
        "the lock",
        "the chapter's recipes",
        "faults that are planted elsewhere",
        "a table",
        "a comment",
        "prose",
        "how tables look",
        "what holds a figure",
    ],
)
def test_figures_depend_on_what_trains_and_not_on_how_they_are_shown(house, chapter, change, other):
    before = freshness.measured_by(chapter)
    change(house, chapter)
    assert (freshness.measured_by(chapter) != before) == other


def keep(house, seed, code):
    record = {"seed": seed, "metrics": {}, "predictions": {}, "provenance": {"code": code} if code else {}}
    house.write(f"book/results/1.1/laptop/seed-{seed}.json", json.dumps(record))


def test_records_of_one_code_belong_together(house, chapter):
    for seed in range(3):
        keep(house, seed, "abc")
    assert checks.versions() == []


def test_a_chapter_without_records_has_no_problem(house, chapter):
    assert checks.versions() == []


@pytest.mark.parametrize("code,seeds", [("other", "2"), (None, "2")])
def test_a_record_of_other_code_is_named(house, chapter, code, seeds):
    for seed in range(3):
        keep(house, seed, code if seed == 2 else "abc")
    (problem,) = checks.versions()
    assert problem.startswith(f"1.1, laptop: the records of seeds {seeds} are of other code than that of seed 0.")
    assert "pyft calibrate 1.1" in problem


def test_records_that_do_not_say_which_code_made_them_are_a_problem(house, chapter):
    for seed in range(2):
        keep(house, seed, None)
    (problem,) = checks.versions()
    assert "seeds all" in problem
