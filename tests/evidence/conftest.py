"""An empty ledger, and a checkout with a folder of evidence."""

import json

import pytest
from IPython.core.interactiveshell import InteractiveShell
from small_evidence import band

from pyft import paths
from pyft.evidence import proofs


@pytest.fixture(autouse=True)
def empty_ledger(monkeypatch):
    monkeypatch.setattr(proofs, "_LEDGER", [])


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with a folder of evidence; its path."""
    folder = tmp_path / "book" / "results"
    folder.mkdir(parents=True)
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    for name in ("PYFT_RECORD_TO", "PYFT_CALIBRATING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYFT_HOME", str(tmp_path / "home"))
    return folder


@pytest.fixture
def bands(checkout):
    (checkout / "bands.json").write_text(json.dumps({"laptop": {"6.1/accuracy": band(0.8, 0.9)}}))


@pytest.fixture
def shell():
    """IPython's display machinery, as in a kernel."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()
