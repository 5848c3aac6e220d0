"""How long calls take: the median, and the time that one call in twenty is slower than."""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np


class Latency(NamedTuple):
    """Of repeated calls, in milliseconds."""

    p50: float
    p95: float


def latencies(calls: Mapping[str, Callable[[], Any]], repeats: int = 20) -> dict[str, Latency]:
    """Time some calls by turns, so that whatever else the machine does falls on all of them alike.

    Each is called once before, to have its memory ready.
    """
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for round_ in range(repeats + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if round_:
                taken[name].append(1000 * (time.perf_counter() - start))
    return {name: Latency(*np.quantile(times, [0.5, 0.95]).tolist()) for name, times in taken.items()}
