"""Tests, and the kernels that nbval starts for the notebooks, run under the environment that `pyft run` uses."""

import os

from pyft.notebooks import QUIET

os.environ.update(QUIET)
