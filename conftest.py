"""Tests, and the kernels that nbval starts for the notebooks, run under the environment that `pyft run` uses."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # as QUIET has it; torch reads it when imported

from pyft.book.runner import QUIET

os.environ.update(QUIET)
