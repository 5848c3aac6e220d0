"""The stored runs of `pyft bench chinese-labels`, as page 6.1.3 shows them."""

from operator import itemgetter
from typing import Any

import numpy as np

from pyft import plots
from pyft.benchmarks.experiment import Found
from pyft.benchmarks.kept import complete
from pyft.course.ch6_1_3_customer_feedback.chinese_experiment import CHINESE, SIZES, Hits, plan
from pyft.evaluation.power import undecided
from pyft.evaluation.stats import mean_interval, unpack_bits
from pyft.evaluation.verdicts import Verdict, compare_runs


def stored() -> Found:
    """The runs of the plan. Raises `PyftError` if one is missing."""
    return complete("chinese-labels", plan, itemgetter("kind", "size", "lr", "seed"))


def answers(found: Found) -> dict[tuple[str, str], Hits]:
    """Which test reviews were right, by kind and number of labels: (seeds, N)."""
    rows: dict[tuple[str, str], dict[int, Hits]] = {}
    for r in found["runs"]:
        if r["kind"] != "trial":
            rows.setdefault((r["kind"], r["size"]), {})[r["seed"]] = unpack_bits(r["right"], r["texts"])
    return {key: np.stack([some[seed] for seed in sorted(some)]) for key, some in rows.items()}


def verdicts(found: Found) -> dict[str, Verdict]:
    """The encoder against characters with each number of labels, paired by seed and review; corrected together."""
    right = answers(found)
    return CHINESE.correct({size: compare_runs(right["encoder", size], right["characters", size]) for size in SIZES})


def table(found: Found) -> Any:
    """A row a number of labels: mean accuracies with their intervals, the difference with its own, and the verdict."""
    right, judged = answers(found), verdicts(found)
    rows = [
        [size, *(_cell(right[kind, size]) for kind in ("characters", "encoder")), *_told(judged[size])]
        for size in SIZES
    ]
    columns = ["labels", "characters", "encoder", "difference", "the encoder is"]
    caption = (
        "Accuracy in percent, mean over seeds and its 95 % interval, which for characters and all labels has no width: "
        "that model draws nothing. Differences in points; verdicts after Holm's correction."
    )
    return plots.table(rows, columns, caption)


def _cell(right: Hits) -> str:
    mean, low, high = (100 * x for x in mean_interval(right.mean(1)))
    return f"{mean:.1f} ({low:.1f} to {high:.1f})"


def _told(v: Verdict) -> list[str]:
    return [f"{100 * v.difference:+.1f} ({100 * v.low:+.1f} to {100 * v.high:+.1f})", v.word]


def told(found: Found) -> str:
    """What the runs say, in a sentence or two."""
    judged = verdicts(found)
    by: dict[str, list[str]] = {}
    for size, v in judged.items():
        by.setdefault(v.word, []).append("all labels" if size == "all" else f"{size} labels")
    said = "; ".join(f"{word} with {' and '.join(sizes)}" for word, sizes in by.items())
    return f"The encoder against characters: {said}.{undecided(judged.values())}"
