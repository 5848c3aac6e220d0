"""The stored runs of `pyft bench chinese-labels`, as page 6.1.3 shows them."""

from operator import itemgetter
from typing import Any

import numpy as np

from pyft import plots
from pyft.benchmarks.experiment import Found
from pyft.benchmarks.kept import complete
from pyft.course.ch6_1_3_customer_feedback.chinese_experiment import (
    CHINESE,
    RATES,
    SEEDS,
    SIZES,
    TRIED,
    WATCHED,
    Hits,
    chosen_rates,
    plan,
    trials,
)
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


def told(found: Found) -> dict[str, str]:
    """What stands in the page's text, all named `chinese_…`: sizes, what chose, verdicts, rates, times and spread."""
    judged = verdicts(found)
    by: dict[str, list[str]] = {}
    for size, v in judged.items():
        by.setdefault(v.word, []).append(_labels(size))
    said = "; ".join(f"{word} with {' and '.join(sizes)}" for word, sizes in by.items())
    draws = [f"{_labels(size)} ({SEEDS[size]} seeds)" for size in SIZES]
    return {
        "chinese_sizes": f"{', '.join(draws[:-1])} and {draws[-1]}",
        "chinese_watched": str(WATCHED),
        "chinese_verdicts": f"The encoder against characters: {said}." + undecided(judged.values()),
        "chinese_rates": _rates(found),
        "chinese_times": _times(found),
        "chinese_spread": _spread(found),
    }


def _labels(size: str) -> str:
    return "all labels" if size == "all" else f"{size} labels"


def _rates(found: Found) -> str:
    """The rate that was chosen with each number of labels, what each had reached, and whether it stands at an edge."""
    chosen, tried = chosen_rates(found["runs"]), trials(found["runs"])
    said, edges = [], {min(RATES): "lowest", max(RATES): "highest"}
    for size in tried:
        for_whom = " and ".join(_labels(other) for other in SIZES if TRIED[other] == size)
        reached = ", ".join(f"{100 * np.mean(tried[size][lr]):.1f}" for lr in RATES)
        edge = f", the {edges[chosen[size]]} that was tried" if chosen[size] in edges else ""
        said.append(f"for {for_whom} {chosen[size]:g}{edge} ({reached} %)")
    rates = ", ".join(f"{lr:g}" for lr in RATES)
    return f"Of the encoder's rates {rates} the reviews that chose took {' and '.join(said)}."


def _times(found: Found) -> str:
    """How long a run with all labels took either, by the clock: the shortest, since others had to share a core."""
    encoder, characters = (
        min(r["provenance"]["seconds"] for r in found["runs"] if (r["kind"], r["size"]) == (kind, "all"))
        for kind in ("encoder", "characters")
    )
    return (
        f"With all labels a run took the encoder {encoder / 60:.0f} minutes of a core, and characters "
        f"{characters:.0f} seconds."
    )


def _spread(found: Found) -> str:
    """Between which accuracies the runs of the encoder lie, with each number of labels."""
    right = answers(found)
    ends = {size: right["encoder", size].mean(1) for size in SIZES}
    told = [f"{100 * x.min():.1f} and {100 * x.max():.1f} % with {_labels(size)}" for size, x in ends.items()]
    return f"The runs of the encoder lie between {', '.join(told[:-1])} and {told[-1]}."
