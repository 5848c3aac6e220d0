"""Copies for Colab in an environment that has torch and numpy and not this package, installed from a local git remote.

Two copies stand for all; `PYFT_COPIES=all pytest tests/test_colab_environment.py` runs every one, some 20 minutes.
"""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import version

import nbformat
import pytest

from pyft import paths
from pyft.book import colab
from pyft.book.chapters import chapters
from pyft.paths import git

ADDRESS = "https://github.com/owner/name"
THERE = ("torch", "numpy")  # on Colab before a copy is opened
ASKED = os.environ.get("PYFT_COPIES", "4.2.1 6.1")
COPIES = list(chapters()) if ASKED == "all" else ASKED.split()
RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=900, kernel_name="python3").execute(cwd=sys.argv[2])
"""
pytestmark = [pytest.mark.slow, pytest.mark.fetched]


def run(*command, **environment):
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def versions(python):
    return run(python, "-c", f"from importlib.metadata import version; print([version(n) for n in {THERE}])")


@pytest.fixture(scope="session")
def machine(tmp_path_factory):
    """The Python of the environment, and git's settings by which our address is a clone on this machine."""
    if git("rev-parse", "HEAD") is None:
        pytest.skip("no git checkout to install from")
    folder = tmp_path_factory.mktemp("colab")
    run("git", "clone", "--quiet", "--bare", str(paths.ROOT), str(folder / "remote.git"))
    run(sys.executable, "-m", "venv", str(folder / "environment"))
    python = str(folder / "environment" / ("Scripts" if os.name == "nt" else "bin") / "python")
    pinned = [f"{name}=={version(name).split('+')[0]}" for name in THERE]
    run(python, "-m", "pip", "install", "--quiet", *pinned, "ipykernel", "nbclient", PIP_COMPILE="no")
    settings = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.file://{folder}/remote.git.insteadOf"}
    # What is imported is compiled then, and once: a tenth of what is installed.
    return python, settings | {"GIT_CONFIG_VALUE_0": ADDRESS, "PIP_COMPILE": "no", "PYTHONDONTWRITEBYTECODE": ""}


def beginning(notebook, sections=3):
    """The cells up to the end of the third section."""
    heads = [i for i, cell in enumerate(notebook.cells) if re.match(r"## ", cell.source)]
    return notebook.cells[: (heads + [len(notebook.cells)] * (sections + 1))[sections]]


@pytest.mark.parametrize("number", COPIES)
def test_a_copy_installs_the_package_alone_and_its_first_sections_run(number, machine, tmp_path):
    python, settings = machine
    copy = colab.edition(chapters()[number], ADDRESS, git("rev-parse", "HEAD"))
    copy.cells = beginning(copy)
    for cell in copy.cells:  # no GPU here, and no hub
        cell.source = cell.source.replace('PROFILE = "gpu"', 'PROFILE = "laptop"')
    (tmp_path / "copy.ipynb").write_text(json.dumps(copy), encoding="utf8")
    before = versions(python)
    run(python, "-c", RUN, str(tmp_path / "copy.ipynb"), str(tmp_path), PYTHONPATH="", **settings)
    assert versions(python) == before
    assert run(python, "-I", "-c", "import pyft; print(pyft.__file__)").startswith(python.split("environment")[0])


def test_the_beginning_of_a_copy_is_its_first_three_sections():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(s) for s in ("# a", "## 1", "## 2", "x")])
    assert len(beginning(notebook)) == 4
    assert len(beginning(notebook, sections=1)) == 2
