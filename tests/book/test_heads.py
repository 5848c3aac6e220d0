"""The line at a chapter's head comes from the notebook and its records."""

import json

import pytest

from pyft.book.chapters import chapters
from pyft.book.heads import head, minutes, with_head


@pytest.fixture
def notebook(house):
    """A chapter after two others in its part, with a record of two seeds unless it is removed."""
    for number in ("1_1_a", "1_2_b"):
        house.chapter(number, "# 1 T")
    prose = "# 1.3 Title\n\nFirst words.\n\n**Time and hardware**: ages,\non a cluster.\n\n" + "word " * 390
    house.chapter("1_3_c", prose, "# See [one](1_1_a.ipynb), [one](1_1_a.ipynb) and [later](1_4_d.ipynb).")
    for seed, seconds in ((0, 100.0), (1, 140.0)):
        provenance = {"seconds": seconds, "peak_memory_mib": 1536, "hardware": {"threads": 2}}
        kept = {"seed": seed, "metrics": {}, "predictions": {}, "provenance": provenance}
        house.write(f"book/results/1.3/laptop/seed-{seed}.json", json.dumps(kept))
    chapter = chapters()["1.3"]
    return chapter, json.loads(chapter.path.read_text(encoding="utf8"))


def test_it_tells_reading_running_memory_and_what_comes_before(notebook):
    chapter, read = notebook
    assert head(read, chapter) == (
        "**Reading**: 2 minutes · **running**: 2 minutes, without a GPU · **memory**: 1.5 GiB · "
        "**know before**: [1.1](1_1_a.ipynb)"
    )


def test_it_stands_below_the_title_in_place_of_what_was_typed(notebook):
    chapter, read = notebook
    made = with_head(read, chapter)["cells"][0]["source"]
    assert made.startswith("# 1.3 Title\n\n:::{container} page-head\n**Reading**")
    assert "First words." in made and "ages" not in made and "cluster" not in made


def test_without_records_the_author_says_it(notebook, house):
    chapter, read = notebook
    for path in (house.results / "1.3" / "laptop").iterdir():
        path.unlink()
    made = with_head(read, chapter)["cells"][0]["source"]
    assert "running" not in made and "on a cluster." in made


def test_a_page_that_names_no_other_leans_on_the_one_before(house):
    house.chapter("1_1_a", "# 1.1 T")
    house.chapter("1_2_b", "# 1.2 T")
    chapter = chapters()["1.2"]
    assert head(chapter.read(), chapter).endswith("**know before**: [1.1](1_1_a.ipynb)")
    assert "before" not in head(chapters()["1.1"].read(), chapters()["1.1"])


def test_it_tells_on_what_the_long_runs_were_made_that_the_page_names(house):
    house.chapter("1_1_a", "# 1.1 T\n\nThe runs of `pyft bench long`, `pyft bench long` and `pyft bench awaited`.")
    hardware = [{"gpu": "NVIDIA H200", "threads": 1}, {"gpu": None, "threads": 1}]
    runs = [{"key": str(i), "provenance": {"hardware": h}} for i, h in enumerate(hardware)]
    house.write("book/results/bench/long.json", json.dumps({"runs": runs}))
    chapter = chapters()["1.1"]
    assert head(chapter.read(), chapter) == "**Reading**: a minute · **stored runs**: `long` on NVIDIA H200 and a CPU"


def test_short_times_are_a_minute():
    assert [minutes(seconds) for seconds in (1, 89, 91, 600)] == ["a minute", "a minute", "2 minutes", "10 minutes"]
