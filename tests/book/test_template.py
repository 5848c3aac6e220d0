"""Adding a chapter is local: its own files and one entry of the contents, and no other page is stale for it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pyft import paths
from pyft.book import template
from pyft.book.chapters import CHAPTERS
from pyft.errors import PyftError


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """An empty book that pyft takes for its own."""
    (tmp_path / "chapters" / "6_applications").mkdir(parents=True)
    toc = {
        "format": "jb-book",
        "root": "book/index",
        "parts": [
            {"caption": "Before you start", "chapters": [{"file": "book/how_to_read"}]},
            {"caption": "6 Applications · 实际应用场景", "chapters": [{"file": "chapters/6_applications/6_2_x"}]},
            {"caption": "Reference", "chapters": [{"file": "book/glossary"}]},
        ],
    }
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc, allow_unicode=True, sort_keys=False), encoding="utf8")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr("pyft.book.chapters.CHAPTERS", tmp_path / CHAPTERS.name)
    return tmp_path


def parts(checkout):
    return yaml.safe_load((checkout / "_toc.yml").read_text(encoding="utf8"))["parts"]


def test_a_new_part_stands_between_the_others(checkout):
    written = template.new_chapter("7.1", "Frameworks and libraries")
    assert [p["caption"] for p in parts(checkout)] == [
        "Before you start",
        "6 Applications · 实际应用场景",
        "7 Tools and resources · 工具和资源推荐",
        "Reference",
    ]
    assert written[0] == checkout / "chapters/7_tools_and_resources/7_1_frameworks_and_libraries.ipynb"
    assert "# 7.1 Frameworks and libraries · 开源框架和库" in written[0].read_text(encoding="utf8")


def test_chapters_of_a_part_stand_in_order_and_sections_under_theirs(checkout):
    template.new_chapter("6.10", "Last", heading="末")
    template.new_chapter("6.1", "First")
    template.new_chapter("6.1.1", "Under it")
    entries = next(p for p in parts(checkout) if p["caption"].startswith("6"))["chapters"]
    assert [entry["file"].rpartition("/")[2] for entry in entries] == ["6_1_first", "6_2_x", "6_10_last"]
    assert entries[0]["sections"] == [{"file": "chapters/6_applications/6_1_1_under_it"}]


@pytest.mark.parametrize(
    "number,title,says",
    [
        ("7", "Tools", "expected a number such as 7.1"),
        ("10.1", "Tools", "expected a number such as 7.1"),
        ("../7.1", "Tools", "expected a number such as 7.1"),
        ("7.9", "Tools", "the outline has no section 7.9"),
        ("7.1", "工具", "no letter"),
    ],
)
def test_bad_input_writes_nothing(checkout, number, title, says):
    before = (checkout / "_toc.yml").read_text(encoding="utf8")
    with pytest.raises(PyftError, match=says):
        template.new_chapter(number, title)
    assert (checkout / "_toc.yml").read_text(encoding="utf8") == before
    assert not list(checkout.rglob("*.ipynb"))


def test_a_number_is_given_once(checkout):
    template.new_chapter("7.1", "Tools")
    with pytest.raises(PyftError, match="is there already"):
        template.new_chapter("7.1", "Other tools")


# --- on a copy of the book itself -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the checkout, with a commit of its own, so that git says what changed."""
    root = tmp_path_factory.mktemp("copy")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=paths.ROOT, check=True, capture_output=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (paths.ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(paths.ROOT / name, root / name)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "as it was")
    return root


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def pyft(root: Path, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-m", "pyft", *arguments], cwd=root, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def stale(root: Path) -> list[str]:
    return [line.split()[0] for line in pyft(root, "status").splitlines() if "stale:" in line]


@pytest.mark.slow
@pytest.mark.fetched
def test_a_chapter_with_exercise_recipe_and_experiment_touches_nothing_else(copy):
    before = stale(copy)
    pyft(copy, "new", "7.9", "Frameworks and libraries", "--heading", "别的")
    changed = {line[3:] for line in git(copy, "status", "--porcelain", "-uall").splitlines()}
    outside = {
        name
        for name in changed
        if not name.startswith(("chapters/7_tools_and_resources/", "pyft/course/ch7_9_frameworks_and_libraries/"))
    }
    assert outside == {"_toc.yml"}
    assert stale(copy) == sorted([*before, "7.9"])
    assert "7.9" in pyft(copy, "bench")
    pyft(copy, "bench", "7.9")
    pyft(copy, "run", "7.9")
    assert stale(copy) == before
    (page,) = (name for name in changed if name.endswith(".ipynb"))
    assert "proven: the mean is torch" in built_alone(copy, page).read_text(encoding="utf8")


def built_alone(root: Path, page: str) -> Path:
    """A page of a book that has no other page: the whole one is built in `test_build.py`."""
    for notebook in (root / "chapters").rglob("*.ipynb"):
        if notebook != root / page:
            notebook.unlink()
    toc = {"format": "jb-book", "root": page.removesuffix(".ipynb")}
    (root / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf8")
    pyft(root, "book", "--no-run")
    return (root / "_build" / "html" / page).with_suffix(".html")
