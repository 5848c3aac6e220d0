"""Of a file that a page depends on, comments and docstrings count only where the page shows them."""

import pytest
from small_package import only, stale_after, touched

from pyft.book import freshness

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
