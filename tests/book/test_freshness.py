"""A page's key changes with what its outputs depend on, in the part that names it, and with nothing else."""

import json
import shutil
from pathlib import Path

import pytest
from nbformat import v4
from small_package import EXERCISES, EXPERIMENT, ROWS, only, touched

from pyft import paths
from pyft.book import chapters, freshness
from pyft.book.imports import Package

SETUP = ("import pyft", ["setup"])
PARAMETERS = ('PROFILE = "laptop"\nSEED = 0', ["parameters"])


# --- the parts of a key -----------------------------------------------------------------------------------------------


@pytest.fixture
def chapter(house):
    """A chapter with a setup cell, parameters, prose and code that names a published figure."""
    house.chapter("1_1_a", "# 1.1 Title 题目", SETUP, PARAMETERS, "evidence.published('human_r')")
    return only()


def retag(house, chapter, tags):
    house.edit(chapter.path, lambda n: n.cells[3].metadata.update(tags=tags))


def source_of(cell, source):
    return lambda n: n.cells[cell].update(source=source)


def bands(house, **laptop):
    house.write("book/results/bands.json", json.dumps({"laptop": laptop}))


CHANGES = {
    "code": (lambda h, c: h.edit(c.path, source_of(3, "evidence.published('human_r') + 1")), {"code"}),
    "a tag that means something": (lambda h, c: retag(h, c, ["raises-exception"]), {"code"}),
    "a new code cell": (lambda h, c: h.edit(c.path, lambda n: n.cells.append(v4.new_code_cell(""))), {"code"}),
    "a parameter": (lambda h, c: h.edit(c.path, source_of(2, "SEED = 1")), {"code", "parameters"}),
    "the package": (lambda h, c: h.write("pyft/__init__.py", "x = 2\n"), {"pyft"}),
    "the lock": (lambda h, c: h.write("requirements.lock", "numpy==2\n"), {"lock"}),
    "its band": (lambda h, c: bands(h, **{"1.1/a": {"low": 0}}), {"evidence"}),
    "its record": (lambda h, c: h.write("book/results/1.1/laptop/seed-0.json", "{}"), {"evidence"}),
    "its record on a GPU": (lambda h, c: h.write("book/results/1.1/gpu/seed-0.json", "{}"), {"evidence"}),
    "a published figure that it names": (
        lambda h, c: h.write("book/results/published.json", '{"human_r": {"value": 0.8}}'),
        {"evidence"},
    ),
}

NO_CHANGES = {
    "Markdown": lambda h, c: h.edit(c.path, source_of(0, "# 1.1 Other 别的")),
    "display tags": lambda h, c: retag(h, c, ["hide-input", "remove-output", "output_scroll"]),
    "an empty list of tags": lambda h, c: retag(h, c, []),
    "outputs": lambda h, c: h.edit(c.path, lambda n: n.cells[3].update(execution_count=9)),
    "a caption of a figure": lambda h, c: h.edit(c.path, lambda n: n.cells[3].metadata.update(mystnb={"a": 1})),
    "the lock of an extra that it does not import": lambda h, c: h.write("requirements-serve.lock", "other==2\n"),
    "the band of another chapter": lambda h, c: bands(h, **{"1.10/a": {"low": 0}, "1/a": {"low": 0}}),
    "the record of another chapter": lambda h, c: h.write("book/results/1.10/laptop/seed-0.json", "{}"),
    "a published figure of another page": lambda h, c: h.write(
        "book/results/published.json", '{"human_r": {"value": 0.9}, "new": {"value": 0.1}}'
    ),
    "a module that it does not import": lambda h, c: h.write("pyft/new.py", ""),
    "another chapter": lambda h, c: h.chapter("1_2_b", "x = 1"),
    "what is not source": lambda h, c: h.write("pyft/__pycache__/a.pyc", "x"),
    "CRLF in the package": lambda h, c: (h.root / "pyft" / "__init__.py").write_bytes(b"x = 1\r\n"),
    "a package for few pages, of which it is none": lambda h, c: h.write("requirements.lock", "numpy==1\npeft==1\n"),
    "CRLF in the lock": lambda h, c: (h.root / "requirements.lock").write_bytes(b"numpy==1\r\n"),
    "CRLF in the code": lambda h, c: h.edit(c.path, source_of(2, PARAMETERS[0].replace("\n", "\r\n"))),
    "CRLF in the notebook's file": lambda h, c: c.path.write_bytes(c.path.read_bytes().replace(b"\n", b"\r\n")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_key_changes_in_the_part_that_names_the_change(house, chapter, change):
    before = freshness.key(chapter)
    make, parts = CHANGES[change]
    make(house, chapter)
    assert touched(before, freshness.key(chapter)) == parts


def test_a_package_for_few_pages_counts_for_those_that_import_it(house):
    house.write("requirements.lock", "numpy==1\npeft==1\n")
    house.chapter("1_1_a", "# 1.1 A 甲", SETUP, PARAMETERS, "from peft import LoraConfig")
    page = only()
    before = freshness.key(page)
    house.write("requirements.lock", "numpy==1\npeft==2\n")
    assert touched(before, freshness.key(page)) == {"lock"}


@pytest.mark.parametrize("change", NO_CHANGES)
def test_the_key_does_not_change_with_what_no_output_depends_on(house, chapter, change):
    before = freshness.key(chapter)
    NO_CHANGES[change](house, chapter)
    assert touched(before, freshness.key(chapter)) == set()


IMPORTS = {  # of a module `used`
    "from pyft import used": "from pyft import used",
    "among others": "from pyft import data, used",
    "first of others": "from pyft import used, data",
    "its words": "from pyft.used import x, y as z",
    "by its whole name": "import pyft.used",
    "its whole name under another": "import pyft.used as u",
    "under another name": "from pyft import used as u, data as d",
    "second under another name": "from pyft import data as d, used as u",
    "a list over lines": "from pyft import (\n    data,\n    used,\n)",
    "a list over lines, under another name": "from pyft import (data as d,\n used as u)",
    "in a function": "def f():\n    from pyft import used\n    return used",
    "in a function, by its whole name": "def f():\n    import pyft.used\n",
    "beside a line that is no Python": "%matplotlib inline\nfrom pyft import used",
    "with a remark": "from pyft import used  # for the toy",
    "with CRLF": "import os\r\nfrom pyft import data, used\r\n",
}
NO_IMPORTS = {
    "nothing": "x = used",
    "a longer name": "from pyft import used_not, unused",
    "its name for another": "from pyft import data as used",
    "another package's": "from other import used",
    "a module of another's module": "import other.pyft.used",
    "a word of another module": "from pyft.data import used",
}


@pytest.fixture
def modules(house):
    """A package of some modules: `data` and `unused` import nothing; `far` imports `between`, which imports `used`."""
    for name in ("data", "used", "unused", "used_not"):
        house.write(f"pyft/{name}.py", "x = y = used = 1\n")
    house.write("pyft/between.py", "from pyft.used import x\n")
    house.write("pyft/far.py", "def f():\n    from pyft import between\n")


def stale(house, module):
    """Which parts of the key change when a line is added to the module."""
    before = freshness.key(only())
    path = house.root / "pyft" / f"{module}.py"
    house.write(f"pyft/{module}.py", path.read_text(encoding="utf8") + "z = 2\n")
    return touched(before, freshness.key(only()))


@pytest.mark.parametrize("name", IMPORTS)
def test_a_chapter_depends_on_a_module_however_it_imports_it(house, modules, name):
    house.chapter("1_1_a", "# 1.1", "y = 1", IMPORTS[name])
    assert stale(house, "used") == {"pyft"}
    assert stale(house, "unused") == stale(house, "far") == set()


@pytest.mark.parametrize("name", NO_IMPORTS)
def test_a_chapter_does_not_depend_on_a_module_that_it_only_seems_to_import(house, modules, name):
    house.chapter("1_1_a", "# from pyft import used", NO_IMPORTS[name])
    assert stale(house, "used") == set()


@pytest.mark.parametrize("first,other", [("between", "far"), ("far", "data")])
def test_a_chapter_depends_on_what_its_modules_import_in_turn(house, modules, first, other):
    house.chapter("1_1_a", f"from pyft import {first}")
    assert stale(house, "used") == stale(house, first) == {"pyft"}
    assert stale(house, other) == set()


def test_modules_that_import_each_other_are_followed_once(house, modules):
    house.write("pyft/used.py", "from pyft import between\nx = 1\n")
    house.chapter("1_1_a", "import pyft.far")
    assert stale(house, "used") == {"pyft"}


def test_an_import_that_is_added_to_a_module_counts_at_once(house, modules):
    house.chapter("1_1_a", "from pyft import data")
    assert stale(house, "used") == set()
    house.write("pyft/data.py", "from pyft import used\n")
    assert stale(house, "used") == {"pyft"}


def test_cells_do_not_run_together_in_the_key(house):
    house.chapter("1_1_a", "ab", "c")
    house.chapter("1_2_b", "a", "bc")
    one, two = (freshness.key(c)["code"] for c in chapters.select([]))
    assert one != two


def test_what_changed_is_named_and_a_chapter_without_key_never_ran(house, chapter):
    assert freshness.changed(chapter) == ["never run"]
    key = freshness.key(chapter)
    house.edit(chapter.path, lambda n: n.metadata.update(pyft={"key": key}))
    assert freshness.changed(chapter) == []
    house.write("requirements.lock", "numpy==2\n")
    bands(house, **{"1.1/a": {"low": 0}})
    assert freshness.changed(chapter) == ["lock", "evidence"]


# --- a chapter is added -----------------------------------------------------------------------------------------------


def test_a_chapter_with_all_that_is_its_own_makes_no_other_page_stale(folders):
    folders.chapter(
        "1_1_a",
        "from pyft import data, exercises, models, profiles\nfrom pyft.evidence import bench\n"
        "from pyft.course.ch1_1_first import experiment\ndata.load('reviews')\nmodels.load('bert', 'task')\n"
        "profiles.recipe('laptop', 'sentiment')\nexercises.reveal('1.1-a')\nbench('models')",
    )
    before = freshness.key(only())
    folders.chapter("1_3_third", "from pyft import exercises\nexercises.check('1.3-a', None)")
    folders.write("pyft/course/ch1_3_third/exercises.py", EXERCISES.replace("1.1", "1.3"))
    folders.write("pyft/course/ch1_3_third/experiment.py", EXPERIMENT.replace("first", "third"))
    folders.write("book/results/bench/third.json", "{}")
    for row in ROWS.values():
        name, old, new = row
        path = folders.root / "pyft" / name
        folders.write(f"pyft/{name}", path.read_text(encoding="utf8").replace(old, new))
    first, third = chapters.select([])
    assert touched(before, freshness.key(first)) == set()
    assert touched(before, freshness.key(third)) == {"code", "pyft", "data and weights", "evidence"}


# --- the real pages ---------------------------------------------------------------------------------------------------


def keys(root):
    """The keys of the pages of a copy of the book."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(paths, "ROOT", root)
        patched.setattr(chapters, "CHAPTERS", root / "chapters")
        package = Package(root / "pyft")
        return {number: freshness.key(chapter, package=package) for number, chapter in chapters.chapters().items()}


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """A copy of the real package and evidence, for the real pages: a function that changes a text of the copy."""
    root, book = tmp_path_factory.mktemp("book"), Path(paths.ROOT)
    for name in ("pyft", "book/results", "chapters"):
        shutil.copytree(book / name, root / name, ignore=shutil.ignore_patterns("*.safetensors", "__pycache__"))
    shutil.copy(book / "requirements.lock", root)
    before = keys(root)

    def stale(old, new, name="*.py"):
        """The pages whose key changes with a text that stands once in the files of that name."""
        (path,) = (path for path in root.rglob(name) if old in path.read_text(encoding="utf8"))
        text = path.read_text(encoding="utf8")
        path.write_text(text.replace(old, new, 1), encoding="utf8")
        after = keys(root)
        path.write_text(text, encoding="utf8")
        return {number: parts for number in before if (parts := touched(before[number], after[number]))}

    return stale


@pytest.mark.long
def test_real_pages_follow_the_benchmarks_that_they_read(real):
    stale = real('"runs"', '"runs" ', "models.json")  # page 3.1 reads it as `bench_of("models")`
    assert {"3.1", "3.1.4"} <= set(stale)
    assert not {"4.1.3", "6.1", "6.2", "6.2.2"} & set(stale)
    assert all(parts == {"evidence"} for parts in stale.values())


@pytest.mark.long
def test_real_pages_follow_the_data_that_they_load(real):
    stale = real("780bd8cb8903e21406f9aeb71e49125cf10e89530cde97283f660f4447a63de4", "0")  # the file of SMS spam
    assert {"6.2", "6.2.2", "6.2.3"} <= set(stale)  # one measurement of three subjects serves all of 6.2
    assert not {"2.1.2", "4.1.3", "6.1", "6.1.1", "6.1.2", "6.1.3", "6.3", "6.3.1"} & set(stale)
    assert all(parts == {"data and weights"} for parts in stale.values())


@pytest.mark.long
def test_no_real_page_follows_a_hint_or_data_that_it_does_not_load(real):
    assert real('"The low end comes first."', '"The low end is the first."') == {}
    row = 'Artefact(\n            name="minilm",'
    assert real(row, f'Artefact(name="unheard", requirement="unheard==1", corpora=("unheard",)),\n{row}') == {}


def test_a_page_that_imports_what_an_extra_locks_depends_on_its_lock(house):
    path = house.chapter("1_1_a", "# 1.1 A 甲", ("import pyft", ["setup"]), "def f():\n    import some_name.part")
    chapter = chapters.Chapter("1.1", path)
    before = freshness.key(chapter)
    house.write("requirements-serve.lock", "some-name==2\n")
    assert {part for part, value in freshness.key(chapter).items() if value != before[part]} == {"lock"}
