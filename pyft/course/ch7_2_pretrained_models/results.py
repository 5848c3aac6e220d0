"""The stored runs of `pyft bench small-models`, as the page shows them."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyft import data, plots
from pyft.benchmarks.experiment import Found
from pyft.benchmarks.kept import complete
from pyft.course.ch7_2_pretrained_models.experiment import (
    CORPUS,
    LINEAR,
    MODELS,
    RATES,
    SHARED,
    TESTS,
    WRITES,
    chosen,
    plan,
)
from pyft.evaluation.stats import UNDECIDED, mean_interval, unpack_bits
from pyft.evaluation.verdicts import Verdict, compare_runs

Answers = Mapping[str, NDArray[np.bool_]]  # of each model: (S, N), or (N) where nothing is drawn


def stored() -> Found:
    """All runs of the plan.

    Raises:
        PyftError: one is missing.
    """
    return complete("small-models", plan, itemgetter("model", "seed", "lr"))


def answers(found: Found) -> Answers:
    """Which test texts each model had right, in the order of its seeds."""
    n = len(data.load(CORPUS)["test"])
    kept = sorted((r for r in found["runs"] if not r["trial"]), key=lambda r: r["seed"])
    right = {
        name: np.array([unpack_bits(r["right"], n) for r in kept if r["model"] == name]) for name in (*MODELS, LINEAR)
    }
    return {name: hits[0] if name == LINEAR else hits for name, hits in right.items()}


def verdicts(found: Found) -> dict[tuple[str, str], Verdict]:
    """Each declared comparison, paired by seed and text, corrected together."""
    right = answers(found)
    return TESTS.correct({(a, b): compare_runs(right[a], right[b]) for a, b in TESTS.members})


def table(found: Found) -> Any:
    """A row a model: accuracy with its interval over seeds, the weights of its layers, and seconds of the processor."""
    right, rows = answers(found), []
    for name, hits in right.items():
        runs = [r for r in found["runs"] if r["model"] == name and not r["trial"]]
        accuracy = f"{100 * hits.mean():.1f}"
        if name == LINEAR:
            rows.append([name, accuracy, "", "", ""])
            continue
        _, low, high = mean_interval([100 * r["accuracy"] for r in runs])
        seconds = np.median([r["seconds"] for r in runs])
        rows.append([name, accuracy, f"{low:.1f} to {high:.1f}", f"{runs[0]['layers'] / 1e6:.2f}", f"{seconds:.0f}"])
    rows.sort(key=lambda row: -float(row[1]))
    columns = ["model", "accuracy (%)", "95 % interval over seeds", "weights without words (millions)", "time (s)"]
    caption = "Film reviews, learnt from nothing. The time is the processor's, for one training; medians."
    return plots.table(rows, columns, caption)


def told(found: Found) -> dict[str, str]:
    """What the runs say, in sentences: `sharing`, `writing`, `baseline`, `rates`."""
    judged = verdicts(found)
    names = {a: v for (a, b), v in judged.items() if b != LINEAR}
    neither = sum(r["neither"] for r in found["runs"] if r["model"] == WRITES and not r["trial"])
    asked = sum(hits.size for name, hits in answers(found).items() if name == WRITES)
    (against_linear,) = (v for (_, b), v in judged.items() if b == LINEAR)
    words = f"All of its {asked:,} answers were one of the two words."
    if neither:
        words = f"Of its {asked:,} answers {neither:,} were neither of the two words."
    return {
        "sharing": f"With shared weights the encoder is {_said(names[SHARED])}.",
        "writing": f"The model that writes its answer is {_said(names[WRITES])}. {words}",
        "baseline": "Against counting words and letters, the encoder with weights of its own is "
        f"{_said(against_linear)}.",
        "rates": _rates(found),
    }


def _rates(found: Found) -> str:
    """Of how many models the best rate stands at an edge of those that were tried; nothing if of none."""
    best = chosen(found["runs"])
    edge = sum(lr in (min(RATES), max(RATES)) for lr in best.values())
    if not edge:
        return ""
    return (
        f"For {edge} of {len(best)} models that is the lowest or the highest of {len(RATES)}: one beyond may do better."
    )


def _said(v: Verdict) -> str:
    word = "no better and no worse, as far as this test can show" if v.word == UNDECIDED else v.word
    return f"{word} ({_points(v)})"


def _points(v: Verdict) -> str:
    d, low, high, visible = (100 * x for x in (v.difference, v.low, v.high, v.visible))
    return f"{d:+.1f} points, {low:.1f} to {high:.1f}; a difference of {visible:.1f} would be found four times in five"
