"""`pyft finetune` beside the usual ways, as page 6.1.3 shows what `pyft bench own-data` found."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pyft.course.ch6_1_3_customer_feedback.experiment import (
    AS_LONG,
    LINEAR,
    OURS,
    PAGES,
    RANDOM,
    SEEDS,
    SETS,
    STOPPED,
    TRAINER,
    verdicts,
)

WAYS = (OURS, STOPPED, PAGES, TRAINER, AS_LONG, LINEAR)


def mean(found: Mapping[str, Any], name: str, way: str, of: str) -> float:
    """A figure of the runs of one way on one set, over seeds."""
    values = [run[of] for run in found["runs"] if (run["set"], run["way"]) == (name, way)]
    if len(values) != SEEDS:
        raise ValueError(f"{name}, {way}: expected {SEEDS} runs, found {len(values)}")
    return float(np.mean(values))


def scores(found: Mapping[str, Any]) -> list[list[str]]:
    """A row for each way: its name, and for each set the score in per cent and the epochs that it took."""
    return [[way, *(_score(found, name, way) for name in SETS)] for way in WAYS]


def _score(found: Mapping[str, Any], name: str, way: str) -> str:
    score = f"{100 * mean(found, name, way, 'score'):.1f}"
    return score if way == LINEAR else f"{score} in {mean(found, name, way, 'epochs'):.3g}"


def differences(found: Mapping[str, Any]) -> list[list[str]]:
    """A row for each other way: by how many points `pyft finetune` is above it on each set, and the verdict.

    The last row is random batches against batches by length, with three epochs for both.
    """
    told = {
        (name, a, b): f"{100 * v.difference:+.1f} ({100 * v.low:+.1f} to {100 * v.high:+.1f}): {v.word}"
        for (name, a, b), v in verdicts(found).items()
    }
    rows = [[f"{OURS} against {way}", *(told[name, OURS, way] for name in SETS)] for way in WAYS[1:]]
    return [*rows, ["random batches against batches by length", *(told[name, RANDOM, PAGES] for name in SETS)]]


def less_time(found: Mapping[str, Any], names: Sequence[str] = tuple(SETS)) -> tuple[float, float]:
    """The lowest and highest share of the time of `Trainer` that as many epochs take here, over sets, in per cent."""
    shares = [100 * mean(found, name, OURS, "seconds") / mean(found, name, AS_LONG, "seconds") for name in names]
    return min(shares), max(shares)
