"""Stored measurements are made again: two of them, others every day. PYFT_DAY=2026-01-31 chooses those of that day."""

import os
import platform
import random
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pytest

from pyft.benchmarks.registry import experiment
from pyft.course.ch3_4_what_moves import experiment as moves
from pyft.evaluation.stats import unpack_bits

pytestmark = [pytest.mark.slow, pytest.mark.fetched]
LONGEST = 150  # seconds that a run took when it was stored
DAY = os.environ.get("PYFT_DAY") or date.today().isoformat()


class Cell(NamedTuple):
    """A stored run that is cheap enough to be made again."""

    name: str
    arguments: Sequence[Any]
    kept: dict[str, Any]


def cells() -> list[Cell]:
    """Every run of a training that a page shows, that a CPU made in a short time."""
    found = []
    for name in ("moves", "tricks"):
        plan = experiment(name).plan([])
        for arguments, kept in zip(plan, experiment(name).load()["runs"], strict=True):
            if kept["provenance"].get("seconds", LONGEST + 1) <= LONGEST:
                found.append(Cell(name, arguments, kept))
    return found


def answers(run: dict[str, Any]) -> Any:
    return (
        np.array(unpack_bits(run["right"], 4 * len(run["right"])))
        if "right" in run
        else moves.unpacked_answers(run["answers"])
    )


def test_there_is_a_choice():
    assert len(cells()) >= 50


@pytest.mark.parametrize("which", [0, 1])
def test_a_stored_run_comes_out_again(which, monkeypatch):
    cell = random.Random(DAY).sample(cells(), 2)[which]
    if cell.kept["provenance"]["hardware"]["machine"] != platform.machine():
        pytest.skip(f"{cell.name} was measured on another kind of machine")
    again = experiment(cell.name).run(*cell.arguments)
    off, agree = moves.limits(moves.EXPERIMENT.load(), cell.kept.get("task", "classification"))
    score = "accuracy" if "accuracy" in again else "score"
    told = f"PYFT_DAY={DAY}, pyft bench {cell.name}, {cell.arguments}"
    assert again[score] == pytest.approx(cell.kept[score], abs=off), told
    assert (answers(again) == answers(cell.kept)).mean() >= agree, told
