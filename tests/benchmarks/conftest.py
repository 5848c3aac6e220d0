"""Where a small experiment's runs go, and which code they are of."""

import pytest

from pyft.benchmarks import experiment
from pyft.evidence import provenance


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "LOCKS", tmp_path / "locks")
    return tmp_path / "bench" / "models.json"


@pytest.fixture
def tree(monkeypatch):
    """A function that says which commit the code is of."""
    return lambda commit: monkeypatch.setattr(provenance, "_commit", lambda: commit)
