"""The Makefile, and what repeats its commands: the README, the page on installing, the container, Windows in CI."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf8")
README = (ROOT / "README.md").read_text(encoding="utf8")
INSTALLING = (ROOT / "book" / "installing.md").read_text(encoding="utf8")
TARGETS = re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE)
RECIPES = dict(re.findall(r"^([a-z]+):.*\n\t@(.*)$", MAKEFILE, re.MULTILINE))


def test_help_lists_every_target_that_a_reader_may_want() -> None:
    listed = re.findall(r"^([a-z]+):.*## ", MAKEFILE, re.MULTILINE)
    assert set(TARGETS) - set(listed) == {"setup"}  # a step of the others
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony.split() == TARGETS
    assert {"book", "test", "unit", "lab", "lint"} <= set(listed)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "book/installing.md"])
def test_what_a_page_tells_to_make_is_a_target(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf8")
    told = re.findall(r"`make ([a-z ]+)`", text) + re.findall(r"^make ([a-z]+)", text, re.MULTILINE)
    assert {word for words in told for word in words.split()} <= set(TARGETS)


def test_windows_is_told_what_make_does() -> None:
    told = dict(re.findall(r"^\| `make ([a-z]+)` \| `(.*)` \|$", INSTALLING, re.MULTILINE))
    assert {"setup", "fetch", "book", "test", "unit", "lab"} <= set(told)
    for target, command in told.items():
        here = RECIPES[target].replace("$(PYTHON)", "python").replace("$(BIN)/", ".venv\\Scripts\\")
        assert command == here
    (first,) = re.findall(r"```text\n(.*?)```", INSTALLING, re.DOTALL)
    assert first.splitlines() == [told["setup"], told["fetch"], told["book"]]


@pytest.mark.long
def test_the_commands_of_windows_are_programs_of_the_environment() -> None:
    """What bootstrap installs is enough for each of them: pytest with its plug-ins, JupyterLab, pyft."""
    for arguments in (["jupyterlab", "--version"], ["pyft", "--help"], ["pytest", "--version", "-n", "0", "--nbval"]):
        done = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_the_lab_opens_the_folder_of_the_chapters() -> None:
    """And serves the whole repository, so that a chapter's diagrams, which lie in `book/`, are seen from it."""
    (served,) = re.findall(r"root_dir=(\S+)", RECIPES["lab"])
    (folder,) = re.findall(r"default_url=/lab/tree/(\S+)", RECIPES["lab"])
    assert list((ROOT / served / folder).rglob("*.ipynb")) and list((ROOT / served / "book/diagrams").glob("*.svg"))


def test_the_container_runs_targets_of_make_and_uses_the_environment_that_they_make() -> None:
    told = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf8"))
    make, *targets = told["postCreateCommand"].split()
    assert make == "make" and targets and set(targets) <= set(TARGETS)
    assert f"`{told['postCreateCommand']}`" in INSTALLING
    minor = re.search(r"python:3\.(\d+)", told["image"])
    bootstrap = (ROOT / "scripts" / "bootstrap.py").read_text(encoding="utf8")
    ends = re.search(r"OLDEST, NEWEST = \(3, (\d+)\), \(3, (\d+)\)", bootstrap)
    assert minor and ends and int(ends[1]) <= int(minor[1]) <= int(ends[2])
    interpreter = told["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert interpreter.endswith("/.venv/bin/python")


def test_the_readme_has_a_map_of_the_folders() -> None:
    folders = dict(re.findall(r"^\| `([a-z/]+)/` \| (.*) \|$", README, re.MULTILINE))
    assert {"chapters", "book", "pyft", "tests", "scripts"} <= set(folders)
    packages = {path.parent.name for path in (ROOT / "pyft").glob("*/__init__.py")}
    assert packages - {"course"} <= set(re.findall(r"`(\w+)`", folders["pyft"]))


def test_links_between_the_files_of_the_root_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text(encoding="utf8")):
            assert "://" in link or (ROOT / link).exists(), f"{name}: {link}"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "book/how_to_read.md"])
def test_files_that_a_page_names_are_there(page: str) -> None:
    """But for examples, whose parts are in capitals: `chapters/PART/N_M_name.ipynb`."""
    named = re.findall(r"\b(?:pyft|tests|scripts|book|chapters)/[\w./-]*\w", (ROOT / page).read_text(encoding="utf8"))
    assert [name for name in named if not re.search("[A-Z]", name) and not (ROOT / name).exists()] == []


def test_the_readme_says_how_much_memory_a_kernel_takes() -> None:
    """Within a fifth of the most that a record of a chapter holds."""
    records = [
        json.loads(path.read_text(encoding="utf8")) for path in (ROOT / "book" / "results").glob("*/*/seed-*.json")
    ]
    most = max(record["provenance"]["peak_memory_mib"] for record in records) / 1024
    (told,) = re.findall(r"up to ([\d.]+) GiB of memory", README)
    assert float(told) == pytest.approx(most, rel=0.2)
