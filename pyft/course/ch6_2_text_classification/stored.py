"""The stored runs of section 6.2 as its pages read them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyft.benchmarks.experiment import Run
from pyft.evaluation import stats

CALLED = {"bert": "BERT", "roberta": "RoBERTa", "xlnet": "XLNet"}


def stored(found: Mapping[str, Any], task: str, name: str, view: str = "") -> list[Run]:
    """The runs of a model on a task, by seed."""
    runs = [r for r in found["runs"] if (r["task"], r["model"], r["view"]) == (task, name, view)]
    return sorted(runs, key=lambda r: r["seed"])


def digits(text: str) -> NDArray[np.int64]:
    """The classes that a run keeps as digits, one an example: (N,)."""
    return np.array(list(text), dtype=int)


def percent(x: float) -> str:
    """A share in per cent."""
    return f"{100 * x:.1f}"


def over_seeds(values: Sequence[float]) -> str:
    """The mean of some shares and its interval over seeds, in per cent; of a single one, itself."""
    if len(values) == 1:
        return percent(values[0])
    mean, low, high = (percent(min(max(x, 0.0), 1.0)) for x in stats.mean_interval(values))
    return f"{mean} ({low} to {high})"
