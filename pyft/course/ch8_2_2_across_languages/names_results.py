"""The stored runs of `pyft bench names-across`, as the page shows them."""

from operator import itemgetter
from typing import Any

import numpy as np

from pyft import plots
from pyft.benchmarks.experiment import Found
from pyft.benchmarks.kept import complete
from pyft.course.ch8_2_2_across_languages.names_experiment import (
    BY_KIND,
    KINDS,
    NAMES_ACROSS,
    WAYS,
    Counts,
    chosen_depth,
    lines,
    plan,
    unpacked,
)
from pyft.course.ch8_2_2_across_languages.recipes import NAMES_ASKED, NAMES_SIZES
from pyft.course.ch8_2_2_across_languages.results import in_points, over_sizes
from pyft.evaluation.ner import f1
from pyft.evaluation.power import undecided
from pyft.evaluation.stats import mean_interval
from pyft.evaluation.verdicts import Verdict, compare_f1

MARKS = {"better": " ▲", "worse": " ▼", "no difference shown": ""}


def stored() -> Found:
    """The runs of the plan. Raises `PyftError` if one is missing."""
    return complete("names-across", plan, itemgetter("kind", "depth", "seed"))


def by_way(found: Found) -> dict[str, Counts]:
    """Names right, found and true of each test line, by way and lines such as "both, 100": (seeds, N, 4, 3)."""
    rows: dict[str, dict[int, Counts]] = {}
    for r in found["runs"]:
        for name, text in r.get("counts", {}).items():
            rows.setdefault(name, {})[r["seed"]] = unpacked(text)
    return {name: np.stack([some[seed] for seed in sorted(some)]) for name, some in rows.items()}


def verdicts(found: Found) -> dict[tuple[str, str, int], Verdict]:
    """What is compared over the numbers of Chinese lines, paired by seed and block of lines; corrected together."""
    runs = by_way(found)
    blocks = _blocks()

    def of(way: str, n: int) -> Counts:
        return runs[way if way == "English alone" else f"{way}, {n}"][..., 0, :]

    made = {(way, rival, n): compare_f1(of(way, n), of(rival, n), blocks) for way, rival, n in NAMES_ACROSS.members}
    return NAMES_ACROSS.correct(made)


def verdicts_by_kind(found: Found) -> dict[tuple[str, str], Verdict]:
    """The encoder against the linear tagger by kind of name, at the largest number of lines; corrected together."""
    runs, most = by_way(found), max(NAMES_SIZES)
    blocks = _blocks()

    def of(way: str, kind: str) -> Counts:
        return runs[f"{way}, {most}"][..., KINDS.index(kind), :]

    made = {(way, kind): compare_f1(of(way, kind), of("linear", kind), blocks) for way, kind in BY_KIND.members}
    return BY_KIND.correct(made)


def _blocks() -> list[int]:
    return list(lines("test", NAMES_ASKED, 0)["block"])


# --- tables -----------------------------------------------------------------------------------------------------------


def table(found: Found) -> Any:
    """A row a number of Chinese lines, a column a way: mean F1 of all kinds, and its interval."""
    runs = by_way(found)
    first = ["0", _cell(runs["English alone"]), "", ""]
    rows = [first, *([f"{n:,}", *(_cell(runs[f"{way}, {n}"]) for way in WAYS)] for n in NAMES_SIZES)]
    columns = ["Chinese lines", "English and Chinese", "Chinese alone", "linear, Chinese alone"]
    caption = f"F1 of names in percent on {NAMES_ASKED} Chinese lines, mean over seeds and its 95 % interval."
    return plots.table(rows, columns, caption)


def table_by_kind(found: Found) -> Any:
    """A row a kind of name, a column a way: mean F1 at the largest number of lines, with the mark of its test."""
    runs, judged, most = by_way(found), verdicts_by_kind(found), max(NAMES_SIZES)
    rows = [
        [
            kind,
            *(
                _cell(runs[f"{way}, {most}"], i) + (MARKS[judged[way, kind].word] if way != "linear" else "")
                for way in WAYS
            ),
        ]
        for i, kind in enumerate(KINDS)
        if kind != "all"
    ]
    caption = f"The same by kind, with {most:,} Chinese lines. ▲ better, ▼ worse than the linear tagger, no mark: no "
    caption += "difference shown."
    return plots.table(rows, ["kind", "English and Chinese", "Chinese alone", "linear"], caption)


def _cell(runs: Counts, kind: int = 0) -> str:
    mean, low, high = (100 * x for x in mean_interval(f1(runs[:, :, kind].sum(1)).tolist()))
    return f"{mean:.1f} ({low:.1f} to {high:.1f})"


# --- in words ---------------------------------------------------------------------------------------------------------


def told(found: Found) -> dict[str, str]:
    """What the runs say, in sentences: `names_zero`, `names_beside`, `names_worth`, `names_linear`; `names_depth`."""
    runs, judged = by_way(found), verdicts(found)

    def over(way: str, rival: str) -> str:
        return over_sizes({n: judged[way, rival, n] for n in NAMES_SIZES}, "lines")

    watched = np.mean([r["watched"] for r in found["runs"] if r["kind"] == "frozen"])
    most = max(NAMES_SIZES)
    gain = judged["both", "Chinese alone", most]
    return {
        "names_depth": str(chosen_depth(found["runs"])),
        "names_zero": f"From English labels alone the head has {_cell(runs['English alone'])} % F1 in Chinese; on "
        f"English validation sentences it has {100 * watched:.1f} %.",
        "names_beside": f"English and Chinese labels against Chinese ones alone: {over('both', 'Chinese alone')}. With "
        f"{most:,} lines the difference is {in_points(gain)}.",
        "names_worth": f"English labels alone against Chinese ones alone: {over('English alone', 'Chinese alone')}.",
        "names_linear": f"Against the linear tagger, with English labels: {over('both', 'linear')}; without: "
        f"{over('Chinese alone', 'linear')}." + undecided(judged.values()),
    }
