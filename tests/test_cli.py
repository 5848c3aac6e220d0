"""The command line: one line for what a reader can mend, and an exit code that tells."""

import subprocess
import sys

import pytest

from pyft.evidence import ROOT


def pyft(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "pyft.cli", *arguments], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "9.9"], "error: unknown chapter '9.9'. Known: 6.1"),
        (["fetch", "minilmm"], "error: unknown artefact 'minilmm'. Did you mean 'minilm'?"),
        (["calibrate", "6.1", "--reason", " "], "error: a band is moved with a reason only"),
    ],
)
def test_what_can_be_mended_is_said_in_a_line(arguments, told):
    done = pyft(*arguments)
    assert done.returncode == 1
    assert told in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["run", "--nope"], ["nope"], ["calibrate", "6.1"]])
def test_a_wrong_call_is_a_usage_error(arguments):
    done = pyft(*arguments)
    assert done.returncode == 2 and "Usage" in done.stderr and "Traceback" not in done.stderr


def test_status_tells_of_data_chapters_and_book():
    done = pyft("status")
    assert done.returncode == 0, done.stderr
    assert "minilm" in done.stdout and "6.1" in done.stdout and "book" in done.stdout
