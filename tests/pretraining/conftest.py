"""A laptop with a tiny model."""

from dataclasses import replace

import pytest

from pyft import pretraining, profiles


@pytest.fixture
def laptop(tiny_minilm, monkeypatch):
    """A tiny model in place of MiniLM, and an empty folder for what is kept."""
    checkpoints = {
        name: profiles.Checkpoint(artefact="minilm", architecture=name.partition("-")[0], prepared=True)
        for name in pretraining.PLANS
    }
    monkeypatch.setitem(profiles.PROFILES, "laptop", replace(profiles.PROFILES["laptop"], checkpoints=checkpoints))
    return tiny_minilm
