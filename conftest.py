"""Tests, and the kernels that nbval starts for the notebooks, run under the environment that `pyft run` uses."""

import os

if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):  # they share the cores; torch reads this when imported
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // int(workers))))

from pyft.book.runner import QUIET

os.environ.update(QUIET)
