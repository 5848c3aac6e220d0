"""A page's key changes with what its outputs depend on, in the part that names it, and with nothing else."""

import json
import shutil
from pathlib import Path

import pytest
from nbformat import v4

from pyft import paths
from pyft.book import chapters, freshness, runner
from pyft.errors import PyftError

SETUP = ("import pyft", ["setup"])
PARAMETERS = ('PROFILE = "laptop"\nSEED = 0', ["parameters"])


def only():
    (chapter,) = chapters.select([])
    return chapter


def touched(before, after):
    return {part for part in before if before[part] != after[part]}


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
    "the band of another chapter": lambda h, c: bands(h, **{"1.10/a": {"low": 0}, "1/a": {"low": 0}}),
    "the record of another chapter": lambda h, c: h.write("book/results/1.10/laptop/seed-0.json", "{}"),
    "a published figure of another page": lambda h, c: h.write(
        "book/results/published.json", '{"human_r": {"value": 0.9}, "new": {"value": 0.1}}'
    ),
    "a module that it does not import": lambda h, c: h.write("pyft/new.py", ""),
    "another chapter": lambda h, c: h.chapter("1_2_b", "x = 1"),
    "what is not source": lambda h, c: h.write("pyft/__pycache__/a.pyc", "x"),
    "CRLF in the package": lambda h, c: (h.root / "pyft" / "__init__.py").write_bytes(b"x = 1\r\n"),
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


# --- a package in folders ---------------------------------------------------------------------------------------------

ARTEFACTS = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Artefact:
    name: str
    sha256: str
    licence: str = ""
    members: dict = None

_REVIEWS = "reviews-1.0/"
ARTEFACTS: dict[str, Artefact] = {
    artefact.name: artefact
    for artefact in (
        Artefact(name="reviews-file", sha256="aa", licence="MIT", members={_REVIEWS + "a.txt": "a1"}),
        Artefact(name="spam-file", sha256="bb"),
        Artefact(name="weights-file", sha256="cc"),
    )
}
"""
CORPORA = """
from pyft.data import artefacts
from pyft.data.splits import fold
from pyft.profiles import profile as profile_named

class Corpus: ...

def _reviews():
    return artefacts.ARTEFACTS["reviews-file"]

def _spam():
    return fold("spam")

CORPORA: dict[str, Corpus] = {
    corpus.name: corpus
    for corpus in (Corpus("reviews", "reviews-file", _reviews), Corpus("spam", "spam-file", lambda: _spam()))
}

def load(name, profile="laptop"):
    return "special" if name == "spam" else CORPORA[name]
"""
PROFILES = """
class Recipe: ...
class HubData: ...
class Checkpoint: ...

PROFILES = {
    "laptop": dict(
        recipes={"sentiment": Recipe(epochs=1), "topics": Recipe(epochs=2)},
        topics="spam",
        checkpoints={"bert": Checkpoint(artefact="weights-file"), "xlnet": Checkpoint(prepared=True)},
        data={"news": HubData(hub_id="a/news")},
    )
}

def profile(name):
    return PROFILES[name]

def recipe(name, task):
    return PROFILES[name]["recipes"][task]
"""
EXERCISES = """
from pyft.exercises import Exercise

def right(x):
    # its comment
    return x + 1

EXERCISES = {
    "1.1-a": Exercise(
        solution=right,
        cases=[(1,)],
        mistakes=[(lambda x: x, "A hint."), (lambda x: -x, f"Another {1}.")],
    )
}
"""
EXPERIMENT = """
from pyft.benchmarks.experiment import Experiment

def verdicts():
    \"\"\"Its docstring.\"\"\"
    return 1  # its comment

EXPERIMENT = Experiment("first", plan=[], run=verdicts)
"""
FILES = {
    "__init__.py": '_NAMES = {"show": "evidence"}\n__getattr__, __dir__ = lazily(__name__, _NAMES)\n',
    "_lazy.py": "def lazily(name, names):\n    return None, None\n",
    "profiles.py": PROFILES,
    "plots.py": "def style():\n    return 0\n",
    "exercises.py": (
        "import importlib\nfrom pyft.evidence import show\nclass Exercise: ...\n"
        "def check(name, answer): ...\ndef reveal(name):\n    solution = name\n    show(solution)\n"
    ),
    "data/__init__.py": (
        "from pyft._lazy import lazily\n"
        '_NAMES = {"load": "corpora", "CORPORA": "corpora", "card": "cards"}\n'
        "__getattr__, __dir__ = lazily(__name__, _NAMES)\n"
    ),
    "data/artefacts.py": ARTEFACTS,
    "data/corpora.py": CORPORA,
    "data/splits.py": "def fold(text):\n    return text\n",
    "data/cards.py": "from pyft.data.corpora import CORPORA\ndef card(name):\n    return CORPORA[name]\n",
    "models/__init__.py": '_NAMES: dict[str, str] = {"load": "loading"}\n',
    "models/loading.py": (
        "from pyft.data import artefacts\nfrom pyft.profiles import profile\n"
        "def load(name, task):\n    return artefacts.ARTEFACTS[profile('laptop')[name]] or 'xlnet'\n"
    ),
    "evidence/__init__.py": (
        '_NAMES = {"bench": "records", "results": "records", "published": "records", "show": "display"}\n'
    ),
    "evidence/records.py": "def bench(name): ...\ndef results(chapter): ...\ndef published(name): ...\n",
    "evidence/display.py": "def show(obj): ...\n",
    "benchmarks/experiment.py": "class Experiment:\n    def load(self): ...\n",
    "benchmarks/registry.py": 'EXPERIMENTS = {"second": "pyft.course.ch1_2_second.experiment:EXPERIMENT"}\n',
    "course/ch1_1_first/__init__.py": "",
    "course/ch1_1_first/experiment.py": EXPERIMENT,
    "course/ch1_1_first/exercises.py": EXERCISES,
    "course/ch1_2_second/experiment.py": EXPERIMENT.replace("first", "second"),
    "course/ch1_2_second/exercises.py": EXERCISES.replace("1.1", "1.2"),
    "course/ch1_2_1_deeper/exercises.py": EXERCISES.replace("1.1", "1.2.1"),
}
BENCHMARKS = ("first", "second", "models")


@pytest.fixture
def folders(house):
    """A checkout whose package lies in folders that hand on their names lazily."""
    for name, text in FILES.items():
        house.write(f"pyft/{name}", text)
    for name in BENCHMARKS:
        house.write(f"book/results/bench/{name}.json", "{}")
    for name in ("xlnet", "bert-continued"):
        house.write(f"pyft/models/weights/{name}.safetensors", name)
    return house


def stale_after(house, name, old, new):
    """The parts of the key that change when a text that stands once in a file becomes another."""
    path = house.root / name
    text = path.read_text(encoding="utf8")
    assert text.count(old) == 1, name
    before = freshness.key(only())
    house.write(name, text.replace(old, new))
    after = freshness.key(only())
    house.write(name, text)
    return touched(before, after)


def reached(house, *cells):
    """The files of the package that a page of these cells depends on."""
    house.chapter("1_1_a", *cells)
    found = set()
    for name in FILES:
        before = freshness.key(only())
        text = (house.root / "pyft" / name).read_text(encoding="utf8")
        house.write(f"pyft/{name}", text + "\nadded = 1\n")
        if touched(before, freshness.key(only())):
            found.add(name.removesuffix(".py"))
        house.write(f"pyft/{name}", text)
    return found


INIT = {"__init__"}
DATA = INIT | {"data/__init__", "data/corpora", "data/artefacts", "data/splits", "profiles", "_lazy"}
FOLDER = DATA | {"data/cards"}
EVIDENCE = INIT | {"evidence/__init__"}
FIRST = INIT | {"course/ch1_1_first/__init__", "course/ch1_1_first/experiment", "benchmarks/experiment"}
CHECKER = EVIDENCE | {"exercises", "evidence/display"}
REACHED = {
    "a folder, and nothing of it": (["from pyft import data"], INIT | {"data/__init__", "_lazy"}),
    "a name of a folder": (["from pyft import data\ndata.load('x')"], DATA),
    "in another cell": (["from pyft import data", "def f():\n    return data.load('x')"], DATA),
    "a name, from its folder": (["from pyft.data import load as get"], DATA),
    "under another name": (["import pyft.data as d\nx = [d.load]"], DATA),
    "through the package": (["import pyft\npyft.data.load"], DATA),
    "through the package's lazy name": (["import pyft\npyft.show(1)"], EVIDENCE | {"evidence/display"}),
    "a module of a folder": (
        ["from pyft.data import splits\nsplits.fold('x')"],
        INIT | {"data/__init__", "_lazy", "data/splits"},
    ),
    "the folder as an object": (["from pyft import data\nprint(data)"], FOLDER),
    "a computed name": (["from pyft import data\nf = getattr(data, 'load')"], FOLDER),
    "the folder under another name": (["from pyft import data\nd = data\nd.load('x')"], FOLDER),
    "all of its names": (["from pyft.data import *"], FOLDER),
    "a name that a variable may hide": (["from pyft import data\ndata.load\ndata = 3"], FOLDER),
    "an experiment": (["from pyft.course.ch1_1_first import experiment as e\ne.verdicts()"], FIRST),
    "strings are no imports": (["x = 'pyft.course.ch1_1_first.experiment:EXPERIMENT'"], set()),
    "of a registry neither": (["from pyft.benchmarks import registry"], INIT | {"benchmarks/registry"}),
    "a lazy import in a function": (
        ["def f():\n    from pyft.data.splits import fold"],
        INIT | {"data/__init__", "_lazy", "data/splits"},
    ),
    "below a magic": (["%%time\nfrom pyft import plots\nplots.style()"], INIT | {"plots"}),
    "beside magics": (["%matplotlib inline\n!ls\nfrom pyft import plots\nfiles = !ls"], INIT | {"plots"}),
    "an exercise": (
        ["from pyft import exercises\nexercises.check('1.1-a', None)"],
        CHECKER | {"course/ch1_1_first/exercises"},
    ),
    "an exercise by its longest number": (
        ["from pyft import exercises\nexercises.reveal('1.2.1-b')"],
        CHECKER | {"course/ch1_2_1_deeper/exercises"},
    ),
    "an exercise by a shorter number": (
        ["from pyft import exercises\nexercises.reveal('1.2.7-b')"],
        CHECKER | {"course/ch1_2_second/exercises"},
    ),
    "an exercise of no folder": (["from pyft import exercises\nexercises.check('12.1', None)"], CHECKER),
    "any exercise": (
        ["from pyft import exercises\nfor n in 'ab':\n    exercises.check(n, None)"],
        CHECKER | {f"course/{name}/exercises" for name in ("ch1_1_first", "ch1_2_second", "ch1_2_1_deeper")},
    ),
}


@pytest.mark.parametrize("what", REACHED)
def test_a_page_depends_on_the_files_that_its_names_lead_to(folders, what):
    cells, files = REACHED[what]
    assert reached(folders, *cells) == files


def test_variables_of_functions_are_not_the_modules_of_the_same_name(folders):
    folders.chapter("1_1_a", "from pyft import data\ndef f(data):\n    return data.nothing\n[data.no for data in []]")
    assert stale_after(folders, "pyft/data/cards.py", "return", "return 1 +") == set()


def test_a_name_that_moves_to_another_module_of_its_folder_is_followed(folders):
    folders.chapter("1_1_a", "from pyft import data\ndata.card('x')")
    assert (
        stale_after(folders, "pyft/data/__init__.py", '"card": "cards"', '"card": "cards", "fold": "splits"') == set()
    )
    before = freshness.key(only())
    folders.write("pyft/data/new.py", FILES["data/cards.py"])
    folders.write("pyft/data/__init__.py", FILES["data/__init__.py"].replace('"card": "cards"', '"card": "new"'))
    assert touched(before, freshness.key(only())) == {"pyft"}


NOWHERE = {
    "from pyft import nothing": "pyft.nothing leads nowhere: there is no 'nothing' in pyft",
    "import pyft.nothing": "pyft.nothing leads nowhere",
    "from pyft.data import nothing": "pyft.data.nothing leads nowhere: there is no 'nothing' in pyft/data",
    "from pyft import data\ndef f():\n    data.lod()": "pyft.data.lod leads nowhere: there is no 'lod' in pyft/data",
    "from pyft.data import splits\nsplits.nothing": "there is no 'nothing' in pyft/data/splits.py",
    "import pyft\npyft.nothing": "pyft.nothing leads nowhere",
}


@pytest.mark.parametrize("source", NOWHERE)
def test_a_name_that_leads_nowhere_is_an_error_that_names_page_cell_and_name(folders, source):
    folders.chapter("1_1_a", "# 1.1", "x = 1", source)
    with pytest.raises(PyftError) as caught:
        freshness.key(only())
    assert str(caught.value).startswith("chapters/1_part/1_1_a.ipynb, cell 2: pyft")
    assert NOWHERE[source] in str(caught.value)


def test_a_name_that_leads_nowhere_in_a_file_is_an_error_that_names_file_and_line(folders):
    folders.write("pyft/plots.py", "x = 1\nfrom pyft import nothing\n")
    folders.chapter("1_1_a", "from pyft import plots")
    with pytest.raises(PyftError, match=r"pyft/plots\.py, line 2: pyft\.nothing leads nowhere"):
        freshness.key(only())


def test_a_lazy_table_that_names_no_module_is_an_error(folders):
    folders.write("pyft/data/__init__.py", '_NAMES = {"load": "nowhere"}\n')
    folders.chapter("1_1_a", "from pyft.data import load")
    with pytest.raises(PyftError, match="there is no module 'nowhere' in pyft/data"):
        freshness.key(only())


def test_a_cell_that_is_not_python_is_an_error_that_names_it(folders):
    folders.chapter("1_1_a", "x = 1", "x = = 1")
    with pytest.raises(PyftError, match=r"1_1_a\.ipynb, cell 1 is not Python"):
        freshness.key(only())


def test_a_run_says_so_and_runs_the_other_chapters(folders, monkeypatch):
    first = folders.chapter("1_1_a", "from pyft import nothing")
    folders.edit(first, lambda notebook: notebook.metadata.update(pyft={"key": {"code": "0"}}))
    folders.chapter("1_2_b", "x = 1")
    ran = []
    monkeypatch.setattr(runner, "_run_in_place", lambda chapter: ran.append(chapter.number))
    with pytest.raises(PyftError, match=r"pyft\.nothing leads nowhere"):
        runner.run()
    assert ran == ["1.2"]


# --- what of a file counts --------------------------------------------------------------------------------------------

FILE = (
    '"""About."""\n\n\ndef f(x):\n    """What it does."""\n    # why\n    return x + 1\n\n\nclass A:\n    y: int = 1\n'
)
SAME = {
    "a docstring": ("What it does.", "What it really does."),
    "a docstring of the module": ("About.", "About it."),
    "no docstring": ('    """What it does."""\n', ""),
    "a comment": ("# why", "# the reason"),
    "layout": ("x + 1", "(x +  1)"),
    "line ends": ("\n\n\nclass", "\n\nclass"),
}


@pytest.mark.parametrize("change", SAME)
def test_comments_docstrings_and_layout_are_in_no_key(folders, change):
    folders.write("pyft/plots.py", FILE)
    folders.chapter("1_1_a", "from pyft import plots\nplots.f(1)")
    assert stale_after(folders, "pyft/plots.py", *SAME[change]) == set()
    assert stale_after(folders, "pyft/plots.py", "x + 1", "x + 2") == {"pyft"}
    assert stale_after(folders, "pyft/plots.py", "int = 1", "int = 2") == {"pyft"}


def test_comments_docstrings_and_layout_of_cells_are_in_no_key_but_texts_that_are_displayed_are(folders):
    folders.chapter("1_1_a", 'def f():\n    """Old."""\n    return 1  # why', "'displayed'")
    before = freshness.key(only())
    folders.chapter("1_1_a", 'def f():\n\n    """New."""\n    return (1)', "'displayed'")
    assert touched(before, freshness.key(only())) == set()
    folders.chapter("1_1_a", 'def f():\n\n    """New."""\n    return (1)', "'other'")
    assert touched(before, freshness.key(only())) == {"code"}


SHOWS = {
    "from pyft.evidence import show\nfrom pyft import plots\nshow(plots.f)": {"pyft"},
    "import pyft\nfrom pyft.plots import f\npyft.show(f)": {"pyft"},
    "import inspect\nfrom pyft import plots as p\nprint(inspect.getsource(p.f))": {"pyft"},
    "from pyft.evidence import show\nfrom pyft import plots\nfor name in 'fg':\n    show(getattr(plots, name))": {
        "pyft"
    },
    "from pyft import plots\nhelp(plots)": {"pyft"},
    "from pyft.evidence import show\nfrom pyft import plots\nshow(plots.A)": set(),
    "import matplotlib.pyplot as plt\nfrom pyft import plots\nplots.f(1)\nplt.show()": set(),
}


@pytest.mark.parametrize("source", SHOWS)
def test_of_what_the_page_shows_the_whole_source_counts(folders, source):
    folders.write("pyft/plots.py", FILE)
    folders.chapter("1_1_a", source)
    assert stale_after(folders, "pyft/plots.py", "# why", "# the reason") == SHOWS[source]
    assert stale_after(folders, "pyft/plots.py", "What it does.", "What it did.") == SHOWS[source]


def test_a_docstring_that_is_printed_counts(folders):
    folders.write("pyft/plots.py", FILE)
    folders.chapter("1_1_a", "from pyft import plots\nprint(plots.__doc__)")
    assert stale_after(folders, "pyft/plots.py", "About.", "About it.") == {"pyft"}


def test_a_function_of_the_page_that_it_shows_counts_whole(folders):
    folders.chapter("1_1_a", "from pyft.evidence import show\ndef f():\n    return 1  # why\nshow(f)")
    before = freshness.key(only())
    folders.chapter("1_1_a", "from pyft.evidence import show\ndef f():\n    return 1  # because\nshow(f)")
    assert touched(before, freshness.key(only())) == {"code"}


@pytest.mark.parametrize("call,shown", [("check('1.1-a', 1)", set()), ("reveal('1.1-a')", {"pyft"})])
def test_hints_are_in_no_key_and_a_solution_counts_whole_where_it_is_shown(folders, call, shown):
    folders.chapter("1_1_a", f"from pyft import exercises\nexercises.{call}")
    name = "pyft/course/ch1_1_first/exercises.py"
    assert stale_after(folders, name, "A hint.", "A better hint.") == set()
    assert stale_after(folders, name, 'f"Another {1}."', '"Another."') == set()
    assert stale_after(folders, name, "# its comment", "# its remark") == shown
    assert stale_after(folders, name, "lambda x: -x", "lambda x: 2 * x") == {"pyft"}


# --- data and weights -------------------------------------------------------------------------------------------------

LOADS = {
    "a corpus": ("from pyft import data\ndata.load('reviews')", {"reviews"}),
    "another": ("from pyft.data import load\nload('spam')", {"spam"}),
    "by a variable": (
        "from pyft import data\nfor name in ('reviews', 'spam'):\n    data.load(name)",
        {"reviews", "spam"},
    ),
    "by a text that is put together": ("from pyft import data\nx = 1\ndata.load(f'rev{x}')", {"reviews", "spam"}),
    "through a module": ("from pyft import plots\nplots.draw()", {"reviews"}),
    "from the table": ("from pyft import data\ndata.CORPORA['reviews'].read()", {"reviews"}),
    "all": ("from pyft import data\n[c.read() for c in data.CORPORA.values()]", {"reviews", "spam"}),
    "what the profile says": (
        "from pyft import data, profiles\ndata.load(profiles.profile('laptop')['topics'])",
        {"spam"},
    ),
    "asked for, not loaded": (
        "from pyft import data\nname = 'reviews'[:0]\nname == 'spam'\ndata.load('reviews')",
        {"reviews"},
    ),
    "no data": ("from pyft import evidence\nx = 'reviews'", set()),
    "a model": ("from pyft import models\nmodels.load('bert', 'task')", {"weights"}),
    "a prepared model": ("from pyft import models\nmodels.load('xlnet', 'task')", {"xlnet"}),
    "one that is put together": (
        "from pyft import models\nn = 'rob'\nmodels.load(f'{n}-continued', 'task')",
        {"bert-continued"},
    ),
}
SHA = {"reviews": ('"aa"', '"a0"'), "spam": ('"bb"', '"b0"'), "weights": ('"cc"', '"c0"')}


@pytest.mark.parametrize("what", LOADS)
def test_only_the_data_and_weights_that_a_page_loads_count(folders, what):
    source, loaded = LOADS[what]
    folders.write("pyft/plots.py", "from pyft import data\ndef draw():\n    return data.load('reviews')\n")
    folders.chapter("1_1_a", source)
    found = set()
    for name, change in SHA.items():
        parts = stale_after(folders, "pyft/data/artefacts.py", *change)
        assert parts <= {"data and weights"}
        found |= {name} if parts else set()
    for name in ("xlnet", "bert-continued"):
        found |= {name} if stale_after(folders, f"pyft/models/weights/{name}.safetensors", name, name + "!") else set()
    assert found == loaded


ROWS = {  # file, text, what it becomes
    "an artefact": (
        "data/artefacts.py",
        '        Artefact(name="spam-file"',
        '        Artefact(name="new", sha256="n"),\n        Artefact(name="spam-file"',
    ),
    "a folder of its members": ("data/artefacts.py", "_REVIEWS = ", '_NEW = "new-1.0/"\n_REVIEWS = '),
    "a corpus": ("data/corpora.py", "for corpus in (", 'for corpus in (Corpus("new", "new", lambda: _new()), '),
    "its reader": ("data/corpora.py", "def _spam", "def _new():\n    return 1\n\ndef _spam"),
    "another corpus's reader": ("data/corpora.py", 'fold("spam")', 'fold("sms")'),
    "a recipe": ("profiles.py", '"topics": Recipe(epochs=2)', '"topics": Recipe(epochs=2), "new": Recipe(epochs=3)'),
    "another recipe": ("profiles.py", "epochs=2", "epochs=3"),
    "a hub's data set": ("profiles.py", "data={", 'data={"new": HubData(hub_id="a/new"), '),
    "a licence": ("data/artefacts.py", "MIT", "Apache"),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_of_a_shared_table_makes_no_page_stale_that_does_not_use_it(folders, row):
    name, old, new = ROWS[row]
    folders.chapter(
        "1_1_a", "from pyft import data, profiles\ndata.load('reviews')\nprofiles.recipe('laptop', 'sentiment')"
    )
    assert stale_after(folders, f"pyft/{name}", old, new) == set()


@pytest.mark.parametrize(
    "name,old,new",
    [
        ("profiles.py", "epochs=1", "epochs=9"),
        ("data/corpora.py", '["reviews-file"]', '["spam-file"]'),
        ("data/artefacts.py", '"reviews-1.0/"', '"reviews-1.1/"'),
    ],
)
def test_a_row_that_a_page_uses_counts_with_its_helpers(folders, name, old, new):
    folders.chapter(
        "1_1_a", "from pyft import data, profiles\ndata.load('reviews')\nprofiles.recipe('laptop', 'sentiment')"
    )
    assert stale_after(folders, f"pyft/{name}", old, new) == {"data and weights"}


# --- evidence ---------------------------------------------------------------------------------------------------------

READERS = {
    "by its name": ("from pyft.evidence import bench\nbench('models')['a']", {"models"}),
    "under another name": ("from pyft.evidence import bench as bench_of\nbench_of('models')", {"models"}),
    "through the folder": ("from pyft import evidence\nevidence.bench('models')", {"models"}),
    "through the folder under another name": ("import pyft.evidence as e\ne.bench('models')", {"models"}),
    "through a module": ("from pyft import reader", {"models"}),
    "through a module's module": ("from pyft.asker import reader", {"models"}),
    "by a named text": ("from pyft.evidence import bench\nNAME = 'models'\nbench(NAME)", {"models"}),
    "by a computed name": ("from pyft.evidence import bench\nbench('mod' + 'els')", set(BENCHMARKS)),
    "handed on": ("from pyft.evidence import bench\nlist(map(bench, ['models']))", set(BENCHMARKS)),
    "of an experiment": ("from pyft.course.ch1_1_first.experiment import EXPERIMENT\nEXPERIMENT.load()", {"first"}),
    "not of one in a registry": ("from pyft.benchmarks import registry", set()),
    "imported alone": ("from pyft.evidence import bench", set()),
    "a text alone": ("x = 'bench(\"models\")'  # bench('models')", set()),
}


@pytest.mark.parametrize("how", READERS)
def test_benchmarks_that_are_read_count_under_any_name(folders, how):
    source, read = READERS[how]
    folders.write("pyft/reader.py", "from pyft.evidence import bench as b\ndef f():\n    return b('models')\n")
    folders.write("pyft/asker.py", "from pyft import reader\n")
    folders.chapter("1_1_a", source)
    parts = {name: stale_after(folders, f"book/results/bench/{name}.json", "{}", "{ }") for name in BENCHMARKS}
    assert parts == {name: {"evidence"} if name in read else set() for name in BENCHMARKS}


def test_records_of_another_chapter_count_where_they_are_asked_for(folders):
    folders.write("book/results/1.2/laptop/seed-0.json", "{}")
    folders.chapter("1_1_a", "from pyft import evidence\nevidence.results('1.2')")
    assert stale_after(folders, "book/results/1.2/laptop/seed-0.json", "{}", "{ }") == {"evidence"}


@pytest.mark.parametrize(
    "source,names",
    [
        ("evidence.published(f'human_{x}')", {"human_r"}),
        ("for name in ['vader_r']:\n    evidence.published(name)", {"vader_r"}),
        ("from pyft import plots\nplots.figure()", {"vader_r"}),
        ("# human_r\nx = 'human_r and more'", set()),
    ],
)
def test_published_figures_count_where_they_are_named_in_whatever_way(folders, source, names):
    folders.write("pyft/plots.py", "from pyft.evidence import published\ndef figure():\n    published('vader_r')\n")
    folders.chapter("1_1_a", "from pyft import evidence\nx = 'r'", source)
    path = "book/results/published.json"
    found = {
        name for name, value in (("human_r", "0.9"), ("vader_r", "0.5")) if stale_after(folders, path, value, "0.1")
    }
    assert found == names


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


@pytest.fixture
def real(tmp_path, monkeypatch):
    """A copy of the real package and evidence, for the real pages: a function that changes a text of the copy."""
    root = Path(paths.ROOT)
    for name in ("pyft", "book/results", "chapters"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("*.safetensors", "__pycache__"))
    shutil.copy(root / "requirements.lock", tmp_path)
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(chapters, "CHAPTERS", tmp_path / "chapters")

    def keys():
        return {number: freshness.key(chapter) for number, chapter in chapters.chapters().items()}

    def stale(old, new, name="*.py"):
        """The pages whose key changes with a text that stands once in the files of that name."""
        (path,) = (path for path in tmp_path.rglob(name) if old in path.read_text(encoding="utf8"))
        before, text = keys(), path.read_text(encoding="utf8")
        path.write_text(text.replace(old, new, 1), encoding="utf8")
        after = keys()
        path.write_text(text, encoding="utf8")
        return {number: parts for number in before if (parts := touched(before[number], after[number]))}

    return stale


def test_real_pages_follow_the_benchmarks_that_they_read(real):
    stale = real('"runs"', '"runs" ', "models.json")  # page 3.1 reads it as `bench_of("models")`
    assert {"3.1", "3.1.4"} <= set(stale)
    assert not {"4.1.3", "6.1", "6.2"} & set(stale)
    assert all(parts == {"evidence"} for parts in stale.values())


def test_real_pages_follow_the_data_that_they_load(real):
    stale = real("780bd8cb8903e21406f9aeb71e49125cf10e89530cde97283f660f4447a63de4", "0")  # the file of SMS spam
    assert "6.2" in stale
    assert not {"2.1", "4.1.3", "6.1", "6.1.3"} & set(stale)
    assert all(parts == {"data and weights"} for parts in stale.values())


def test_no_real_page_follows_a_hint_or_data_that_it_does_not_load(real):
    assert real('"The low end comes first."', '"The low end is the first."') == {}
    row = 'Artefact(\n            name="minilm",'
    assert real(row, f'Artefact(name="new", requirement="new==1", corpora=("new",)),\n{row}') == {}
