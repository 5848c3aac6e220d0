"""A page depends on the files that its names lead to; a name that leads nowhere is an error."""

import pytest
from small_package import FILES, only, reached, stale_after, touched

from pyft.book import freshness, runner
from pyft.errors import PyftError

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
