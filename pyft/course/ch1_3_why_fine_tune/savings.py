"""What pretraining saves: labels, read off a curve from the side; energy, where the machine has a meter."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from pyft.course.ch2_2_transfer_learning.exercises import labels_needed

Point = tuple[float, float, float]  # mean accuracy, low, high
Curve = Mapping[int, Point]  # by number of labels


def labels_for(curve: Curve, goal: float) -> tuple[float, float, float]:
    """How many labels reach an accuracy: by the mean, at least, at most; infinity where no measured point does.

    The least is read from the upper ends of the intervals, the most from the lower ends, each on straight lines over
    the logarithm of the number. Where the smallest number reaches the goal it is that number: what fewer do was not
    measured.
    """
    sizes = sorted(curve)
    mean, low, high = zip(*(curve[n] for n in sizes), strict=True)
    n = torch.tensor(sizes, dtype=torch.float64)
    by_mean, least, most = (labels_needed(n, torch.tensor(x, dtype=torch.float64), goal) for x in (mean, high, low))
    return by_mean, least, most


# --- energy -----------------------------------------------------------------------------------------------------------

COUNTERS = Path("/sys/class/powercap")  # Linux: joules that the processor's own meter has counted, in millionths


def counter(root: Path = COUNTERS) -> Path | None:
    """The folder of the first energy counter of a whole processor that may be read; None if there is none."""
    for folder in sorted(root.glob("intel-rapl:?")):
        try:
            int((folder / "energy_uj").read_text())
        except (OSError, ValueError):  # since 2020 the file is often for the administrator alone
            continue
        return folder
    return None


def joules(work: Callable[[], Any], root: Path = COUNTERS) -> float | None:
    """The energy that the processor took while `work` ran, by its own meter; None, and nothing runs, without one.

    The meter counts all that runs on the machine, and begins anew at `max_energy_range_uj`.
    """
    folder = counter(root)
    if folder is None:
        return None
    before = int((folder / "energy_uj").read_text())
    work()
    passed = int((folder / "energy_uj").read_text()) - before
    if passed < 0:
        passed += int((folder / "max_energy_range_uj").read_text())
    return passed / 1e6
