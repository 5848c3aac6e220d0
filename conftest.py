"""Tests, and the kernels that nbval starts for the notebooks, run under the environment that `pyft run` uses."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # as QUIET has it; torch reads it when imported

import forked_kernels

from pyft.book.runner import QUIET

os.environ.update(QUIET)
if forked_kernels.safe():
    forked_kernels.install()

# Files that take minutes and stand late in the order: begun first, so that no worker waits at the end for the other's.
FIRST = {"test_colab_environment.py", "test_selftest.py", "test_site.py", "test_template.py"}


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name not in FIRST)
