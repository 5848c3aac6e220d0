"""What `make lint` and pre-commit run passes: style, types, spelling, workflows, layers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pyft import paths


@pytest.mark.slow
def test_lint_passes():
    if not (paths.ROOT / ".git").exists():
        pytest.skip("pre-commit lists files by git, and this is no checkout")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # its hooks call `python`
    command = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
    done = subprocess.run(command, cwd=paths.ROOT, env=os.environ | {"PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
