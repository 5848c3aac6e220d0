"""The Colab edition installs from where it was opened, asks for a GPU and leaves Colab's torch alone."""

import nbformat
import pytest
from nbformat import v4

from pyft import colab, notebooks
from pyft.errors import PyftError

ADDRESS, COMMIT = "https://github.com/someone/book", "a" * 40


@pytest.fixture
def chapter(house):
    path = house.chapter(
        "1_1_toy", "# 1.1", ("import pyft", ["setup"]), ('PROFILE = "laptop"\nSEED = 0', ["parameters"]), "x"
    )

    def ran(notebook):
        notebook.cells[3].outputs.append(v4.new_output("stream", text="the laptop's"))
        notebook.cells[3].execution_count = 3

    house.edit(path, ran)
    return notebooks.chapters()["1.1"]


def test_the_setup_cell_installs_this_package_at_the_built_commit(chapter):
    setup = colab.edition(chapter, ADDRESS, COMMIT).cells[1].source
    assert f'"pyft-book @ git+{ADDRESS}@{COMMIT}"' in setup and "import pyft" in setup
    assert "torch" not in setup and "numpy" not in setup


def test_it_runs_the_gpu_profile_on_a_gpu(chapter):
    edition = colab.edition(chapter, ADDRESS, COMMIT)
    nbformat.validate(edition)
    assert edition.cells[2].source == 'PROFILE = "gpu"\nSEED = 0'
    assert edition.metadata["accelerator"] == "GPU"


def test_it_holds_no_output_of_the_laptop_and_leaves_the_chapter_alone(chapter):
    before = chapter.path.read_bytes()
    assert [
        c for c in colab.edition(chapter, ADDRESS, COMMIT).cells if c.get("outputs") or c.get("execution_count")
    ] == []
    assert chapter.path.read_bytes() == before


def test_without_a_repository_it_is_refused_and_says_what_to_set(chapter, tmp_path):
    with pytest.raises(PyftError, match="PYFT_REPOSITORY="):
        colab.write(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_every_chapter_is_written_where_it_lies(chapter, tmp_path, monkeypatch):
    monkeypatch.setattr(colab, "repository", lambda: ADDRESS)
    monkeypatch.setattr(colab, "git", lambda *_: COMMIT)
    assert colab.write(tmp_path / "out") == [tmp_path / "out" / "chapters" / "1_part" / "1_1_toy.ipynb"]
