"""Only the data, weights, stored runs and published figures count that a page uses."""

import pytest
from small_package import BENCHMARKS, ROWS, stale_after

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
