"""The Colab edition of a chapter sets itself up, runs the GPU profile and brings no outputs of the laptop."""

import re
import subprocess

import nbformat
import pytest
from nbformat import v4

from pyft.book import colab
from pyft.book.chapters import chapters
from pyft.book.plain import CODE
from pyft.errors import PyftError

ADDRESS = "https://github.com/owner/name"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def chapter(house):
    """A chapter that was run, with the cells that every chapter has."""
    path = house.chapter(
        "1_1_a",
        "# 1.1 Title 题目",
        ("import pyft", ["setup", "hide-input"]),
        ('PROFILE = "laptop"\nSEED = 0', ["parameters"]),
        ("print(PROFILE)", ["hide-output"]),
    )

    def run(notebook):
        for count, cell in enumerate(notebook.cells[1:], start=1):
            cell.execution_count = count
            cell.outputs = [v4.new_output("stream", text="laptop\n")]
        notebook.metadata["pyft"] = {"key": {"code": "abc"}}

    house.edit(path, run)
    return chapters()["1.1"]


@pytest.fixture
def edition(chapter):
    return colab.edition(chapter, ADDRESS, COMMIT)


def test_the_setup_cell_installs_the_package_of_that_commit_and_nothing_else(edition):
    assert edition.cells[1].source.splitlines() == [
        f'%pip install --quiet "pyft-book @ git+{ADDRESS}@{COMMIT}"',
        "import pyft",
    ]


def test_a_page_that_serves_a_model_has_the_packages_for_it(house, chapter):
    house.edit(chapter.path, lambda notebook: notebook.cells[-1].update(source="from pyft.deployment import a"))
    installed = colab.edition(chapter, ADDRESS, COMMIT).cells[1].source.splitlines()[0]
    assert installed == f'%pip install --quiet "pyft-book[serve] @ git+{ADDRESS}@{COMMIT}"'


def test_a_diagram_is_shown_from_the_repository_with_its_caption(house, chapter):
    figure = ":::{figure-md} fig-a\n![Two boxes.](../../book/diagrams/a.svg)\n\nA caption\n:::"
    house.edit(chapter.path, lambda notebook: notebook.cells[0].update(source=f"# 1.1 题目\n\n{figure}\n\nMore."))
    shown = f"![Two boxes.]({ADDRESS}/raw/{COMMIT}/book/diagrams/a.svg)\n\n*A caption*"
    assert colab.edition(chapter, ADDRESS, COMMIT).cells[0].source == f"# 1.1 题目\n\n{shown}\n\nMore."


@pytest.mark.long
def test_no_chapter_has_myst_that_colab_would_show_raw(monkeypatch):
    """Whatever a page glues: a page that is not yet run again may lack a figure."""

    class Any(dict):
        def __contains__(self, name):
            return True

        def __missing__(self, name):
            return "9"

    monkeypatch.setattr(colab, "glued", lambda notebook: Any())
    for chapter in chapters().values():
        cells = colab.edition(chapter, ADDRESS, COMMIT).cells
        prose = CODE.sub("", "\n".join(cell.source for cell in cells if cell.cell_type == "markdown"))
        assert not re.search(r"\{[a-z][\w:-]*\}`|:::|^\([\w-]+\)=|\]\(\.\.?/|\]\([\w/]+\.ipynb", prose, re.MULTILINE)
        for cell in cells:
            folds = {"hide-input", "hide-cell"} & set(cell.metadata.get("tags", []))
            kept = {"setup", "parameters"} & set(cell.metadata.get("tags", []))
            if cell.cell_type == "code" and folds and not kept:
                assert cell.source.startswith("#@title ") and cell.metadata["cellView"] == "form"


def test_nothing_names_the_torch_or_numpy_that_colab_has(edition):
    assert not re.search(r"torch|numpy", nbformat.writes(edition))


def test_the_parameters_name_the_gpu_profile_and_keep_the_others(edition):
    assert edition.cells[2].source == 'PROFILE = "gpu"\nSEED = 0'


def test_colab_is_asked_for_a_gpu(edition, chapter):
    assert edition.metadata["accelerator"] == "GPU"
    assert edition.metadata["colab"]["name"] == chapter.path.name
    assert edition.metadata["kernelspec"]["name"] == "python3"
    assert "pyft" not in edition.metadata  # a key without its outputs would say that they are up to date


def test_outputs_are_the_laptops_and_are_cleared(edition):
    code = [cell for cell in edition.cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in code] == [([], None)] * 3


def test_prose_code_and_tags_stay_as_they_are(edition, chapter):
    before = chapter.read()
    assert [cell.source for cell in edition.cells[::3]] == [cell.source for cell in before.cells[::3]]
    for made, cell in zip(edition.cells, before.cells, strict=True):
        assert set(cell.metadata.get("tags", [])) <= set(made.metadata.get("tags", []))
    nbformat.validate(edition)


def commit(house):
    """Make the house a git checkout; the commit."""
    name = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], [*name, "commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run(["git", *arguments], cwd=house.root, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=house.root, check=True, capture_output=True, text=True)
    return head.stdout.strip()


def test_write_puts_every_chapter_at_its_path_installing_from_the_present_commit(house, chapter, monkeypatch, tmp_path):
    house.chapter("1_2_b", ("import pyft", ["setup"]))
    source = chapter.path.read_bytes()
    head = commit(house)
    monkeypatch.setattr(colab, "repository", lambda: ADDRESS)
    out = tmp_path / "out"
    assert colab.write(out) == [out / "chapters" / "1_part" / f"{name}.ipynb" for name in ("1_1_a", "1_2_b")]
    for path, cell in zip(colab.write(out), (1, 0), strict=True):  # a second time replaces the first
        assert f"git+{ADDRESS}@{head}" in nbformat.read(path, as_version=4).cells[cell].source
    assert chapter.path.read_bytes() == source


@pytest.mark.parametrize("missing", ["repository", "commit"])
def test_without_a_place_to_install_from_nothing_is_written_and_the_way_out_is_named(
    house, chapter, monkeypatch, tmp_path, missing
):
    monkeypatch.setattr(colab, "repository", lambda: None if missing == "repository" else ADDRESS)
    monkeypatch.setattr(colab, "git", lambda *arguments: None if missing == "commit" else COMMIT)
    with pytest.raises(PyftError, match=r"PYFT_REPOSITORY=https://github\.com/OWNER/NAME"):
        colab.write(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_notebook_that_is_no_edition_is_not_written_over(house, chapter, monkeypatch):
    monkeypatch.setattr(colab, "repository", lambda: ADDRESS)
    monkeypatch.setattr(colab, "git", lambda *arguments: COMMIT)
    before = chapter.path.read_bytes()
    with pytest.raises(PyftError, match="is no Colab edition of ours, and is not written over"):
        colab.write(house.root)  # where the chapters themselves lie
    assert chapter.path.read_bytes() == before
