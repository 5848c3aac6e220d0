"""The regression has teeth: a fault planted in a copy of the checkout turns the run red; without one it is green.

The notebook of the copy trains no network and ends before the fine-tuning, with the figures of its baselines held
against their record, so that each run takes seconds and not minutes.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from pyft import paths

pytestmark = [pytest.mark.slow, pytest.mark.fetched]

CHAPTER = "chapters/6_applications/6_1_sentiment.ipynb"
NOTEBOOKS = ["--nbval", "--nbval-current-env", "--nbval-sanitize-with", "nbval.cfg", CHAPTER]  # only it has the fault
HELD = [
    f'expect("6.1/{name}.accuracy", accuracy["{model}"], SEED, PROFILE, "share")'
    for name, model in {"vader": "VADER", "tfidf": "linear model"}.items()
]
SOURCES = ["tests/book/test_build.py", "-m", "not slow"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=paths.ROOT, check=True, capture_output=True
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (paths.ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(paths.ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def short(copy: Path) -> Path:
    """The copy with its chapter cut before the fine-tuning, and without the cells that train a network or ask it."""
    notebook = nbformat.read(copy / CHAPTER, as_version=4)
    end = next(i for i, cell in enumerate(notebook.cells) if cell.source.startswith("## Fine-tuning"))
    notebook.cells = [cell for cell in notebook.cells[:end] if "finetune." not in cell.source]
    for i, source in enumerate(HELD):
        ignored = {"tags": ["nbval-ignore-output"]}
        notebook.cells.append(nbformat.v4.new_code_cell(source, id=f"held-{i}", metadata=ignored))
    nbformat.write(notebook, copy / CHAPTER)
    return copy


def run(copy: Path, arguments: list[str]) -> tuple[int, str]:
    """The test command of the Makefile, on a part of the copy, with the copy's own package."""
    environment = os.environ | {"PYTHONPATH": str(copy)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    return done.returncode, re.sub(r"\x1b\[[\d;]*m", "", done.stdout + done.stderr)  # without its colours


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf8")
    assert text.count(old) >= 1, f"the fault has nothing to be planted in: {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf8")


def cell(notebook, text: str):
    return next(c for c in notebook.cells if text in c.source)


def test_without_a_fault_the_notebook_is_green(short):
    code, output = run(short, NOTEBOOKS)
    assert code == 0, output


def test_without_a_fault_the_sources_are_green(copy):
    code, output = run(copy, SOURCES)
    assert code == 0, output


def test_an_exception_and_shifted_and_better_metrics_and_a_changed_output_are_red(short):
    """Each in a cell of its own, which fails for it alone."""
    edit(short / CHAPTER, "fingerprint ", "fingerprint 0")
    notebook = nbformat.read(short / CHAPTER, as_version=4)
    cell(notebook, "softmax by hand").source += '\nraise ValueError("planted")'
    nbformat.write(notebook, short / CHAPTER)
    edit(short / "pyft" / "evaluation" / "baselines.py", "np.argmax(scores)", "np.argmin(scores)")
    path = short / "book" / "results" / "6.1" / "laptop" / "seed-0.json"
    record = json.loads(path.read_text(encoding="utf8"))
    record["metrics"]["6.1/vader.accuracy"] -= 0.05  # the page finds a better one
    path.write_text(json.dumps(record), encoding="utf8")
    code, output = run(short, NOTEBOOKS)
    assert code == 1 and "ValueError: planted" in output, output
    for name in ("vader", "tfidf"):
        assert re.search(rf"6\.1/{name}\.accuracy = [\d.]+ %, stored for seed 0", output), output
    assert "mismatch" in output and "4 failed" in output, output


def test_stale_keys_a_chapter_missing_from_the_contents_and_typed_digits_are_red(copy):
    """Each is seen by a check of its own."""
    added = {
        "pyft/evaluation/stats.py": "ADDED = 1\n",
        "requirements.lock": "\n",
        "book/results/1.1/laptop/seed-1.json": "\n",  # pytest prints the first line whole: that of 1.1
    }
    for file, more in added.items():
        path = copy / file
        path.write_text(path.read_text(encoding="utf8") + more, encoding="utf8")
    edit(copy / "_toc.yml", "          - file: chapters/6_applications/6_2_2_spam\n", "")
    typed = ["It reaches 87.4 % on average.", "That is 8 points more.", "Accuracy rose to .874 here."]
    notebook = nbformat.read(copy / CHAPTER, as_version=4)
    cell(notebook, "The classes are about equally common").source += "\n".join(["", *typed])
    nbformat.write(notebook, copy / CHAPTER)
    code, output = run(copy, [*SOURCES, "-k", "stale or contents or digits"])
    assert code == 1 and "3 failed" in output, output
    assert re.search(r"1_1_\w+\.ipynb is stale \(changed: pyft, lock, evidence\)", output), output
    assert "6_2_2_spam.ipynb: not in _toc.yml" in output, output
    assert "typed by hand" in output and f"{len(typed)} more items" in output, output
