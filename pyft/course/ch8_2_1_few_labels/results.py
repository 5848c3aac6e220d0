"""The stored runs of `pyft bench few-labels`, as the page shows them."""

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from pyft import plots
from pyft.benchmarks.experiment import Found
from pyft.benchmarks.kept import complete
from pyft.course.ch6_1_2_social_media.experiment import documents
from pyft.course.ch8_2_1_few_labels.experiment import AGAINST_HEAD, asked_texts, chosen_rates, plan
from pyft.course.ch8_2_1_few_labels.recipes import DRAWS, METHODS, NO_LABELS, RATES, RIVALS, SIZES, TASKS, TRIAL_DRAWS
from pyft.evaluation.power import undecided
from pyft.evaluation.stats import mean_interval, unpack_bits
from pyft.evaluation.verdicts import Verdict, compare_runs

MARKS = {"better": " ▲", "worse": " ▼", "no difference shown": ""}
MARKERS = "osD^vP*X"
Key = tuple[str, str, int]  # task, method, labels a class


def stored() -> Found:
    """The kept runs.

    Raises:
        PyftError: one of the plan is missing.
    """
    return complete("few-labels", plan, itemgetter("task", "kind", "lr", "n", "draw"))


def answers(found: Found) -> dict[Key, NDArray[np.bool_]]:
    """Which test texts each method had right: (draws, N), in the order of the draws."""
    rates = chosen_rates(found["runs"])
    rows: dict[Key, dict[int, NDArray[np.bool_]]] = {}
    for r in found["runs"]:
        if r["draw"] in TRIAL_DRAWS or (r["kind"] in RATES and r["lr"] != rates.get((r["task"], r["kind"]))):
            continue
        for name, right in r["right"].items():
            rows.setdefault((r["task"], name, r["n"]), {})[r["draw"]] = unpack_bits(right, r["texts"])
    return {key: np.stack([some[draw] for draw in sorted(some)]) for key, some in rows.items()}


def verdicts(found: Found) -> dict[Key, Verdict]:
    """Each method against the head alone on its encoder, paired by draw and text, texts of one review together;
    corrected together.

    What needs no labels has no draws, and is held against the smallest size.
    """
    right, made = answers(found), {}
    clusters = {task: documents_of(task) for task in TASKS}
    for task, name, n in AGAINST_HEAD.members:
        a, b = right[task, name, n], right[task, RIVALS[name], n or SIZES[0]]
        made[task, name, n] = compare_runs(a if n else a[0], b, clusters[task])
    return AGAINST_HEAD.correct(made)


def documents_of(task: str) -> list[str]:
    """The document of each text that all are asked about: sentences of one review are not independent."""
    return documents(asked_texts(task, trial=False))


def scores(right: Mapping[Key, NDArray[np.bool_]]) -> dict[Key, NDArray[np.float64]]:
    """Accuracies in percent, one a draw."""
    return {key: 100 * hits.mean(1) for key, hits in right.items()}


# --- the table --------------------------------------------------------------------------------------------------------


def table(found: Found, task: str) -> Any:
    """A row a method, a column a size: mean accuracy, spread over draws, and a mark where a difference is shown."""
    percent, judged = scores(answers(found)), verdicts(found)
    rows = []
    for name in METHODS:
        cells = [_cell(percent[task, name, n], judged.get((task, name, n))) for n in SIZES]
        rows.append([name, *cells])
    rows.sort(key=lambda row: -percent[task, row[0], SIZES[0]].mean())
    for name in NO_LABELS:
        rows.append([name, _cell(percent[task, name, 0], judged[task, name, 0]), *[""] * (len(SIZES) - 1)])
    caption = (
        f"{task.capitalize()}: accuracy in percent, mean and in brackets standard deviation of {DRAWS} draws. ▲ better,"
        " ▼ worse than the head alone on the same encoder; no mark: no difference shown. The last two rows need no "
        "labels, and are held against the head alone with the fewest."
    )
    return plots.table(rows, ["labels a class", *map(str, SIZES)], caption)


def _cell(percent: NDArray[np.float64], judged: Verdict | None) -> str:
    spread = f" ({percent.std(ddof=1):.1f})" if len(percent) > 1 else ""
    return f"{percent.mean():.1f}{spread}{MARKS[judged.word] if judged else ''}"


# --- in words ---------------------------------------------------------------------------------------------------------


def told(found: Found) -> dict[str, str]:
    """What the runs say, in sentences: `verdict`, `unlabelled`, `spread`, `more`, `ours`."""
    judged, percent = verdicts(found), scores(answers(found))
    least, most = SIZES[0], SIZES[-1]
    trained = {key: v for key, v in judged.items() if key[2]}
    sd = {key: float(x.std(ddof=1)) for key, x in percent.items() if key[2]}
    few = {key: value for key, value in sd.items() if key[2] == least}
    widest = max(few, key=few.__getitem__)
    between = _range(percent[widest[0], name, least].mean() for name in METHODS)
    gains = [(percent[task, "head alone", most] - percent[task, "head alone", least]) for task in TASKS]
    ours = percent["product reviews", "head alone", least]
    return {
        "verdict": f"Each method with labels is compared {len(TASKS) * len(SIZES)} times with the head alone on the "
        f"same encoder, on {len(TASKS)} tasks at {len(SIZES)} sizes. Better than it: {_told(trained, 'better')}. "
        f"Worse: {_told(trained, 'worse')}. All {len(judged)} comparisons, with those without labels, are corrected "
        "together." + undecided(trained.values()),
        "unlabelled": " ".join(
            f"{name.capitalize()} on {task}: {percent[task, name, 0].mean():.1f} %, where guessing has "
            f"{100 / len(TASKS[task].words):.0f}; against the head alone with {least} labels a class: "
            f"{judged[task, name, 0].word}."
            for task in TASKS
            for name in NO_LABELS
        ),
        "spread": f"With {least} labels a class the scores of a method have a standard deviation over draws of up to "
        f"{few[widest]:.1f} points ({widest[1]}, {widest[0]}): its best and its worst draw lie "
        f"{_range(percent[widest]):.1f} points apart. The means of all methods on the task lie within {between:.1f}. "
        f"With {most} labels the largest standard deviation is "
        f"{max(x for key, x in sd.items() if key[2] == most):.1f}.",
        "more": f"From {least} to {most} labels a class the head alone gains "
        + " and ".join(f"{_interval(gain)} points on {task}" for task, gain in zip(TASKS, gains, strict=True))
        + " (means over draws, in brackets 95 % intervals).",
        "ours": f"{ours.mean():.1f} % ({ours.std(ddof=1):.1f})",
    }


def _told(judged: Mapping[Key, Verdict], word: str) -> str:
    """Which methods a word was said of, and how often."""
    times = {name: sum(v.word == word for key, v in judged.items() if key[1] == name) for name in METHODS}
    return ", ".join(f"{name} in {n}" for name, n in times.items() if n) or "none"


def _range(values: Iterable[Any]) -> float:
    some = [float(x) for x in values]
    return max(some) - min(some)


def _interval(values: NDArray[np.float64]) -> str:
    mean, low, high = mean_interval(values.tolist())
    return f"{mean:.1f} ({low:.1f} to {high:.1f})"


# --- the figures ------------------------------------------------------------------------------------------------------


def curves(found: Found) -> Any:
    """Accuracy over labels a class, a panel a task: means with their spread over draws, and what needs no labels."""
    plots.style()
    percent = scores(answers(found))
    fig, panels = plt.subplots(len(TASKS), 1, figsize=(5.8, 8.4), sharex=True)
    for axes, task in zip(panels, TASKS, strict=True):
        axes.set(xscale="log", title=task, ylabel="accuracy (%)")
        axes.axhline(100 / len(TASKS[task].words), color="black", linewidth=1, linestyle=":", label="guessing")
        for i, name in enumerate(METHODS):
            some = [percent[task, name, n] for n in SIZES]
            at = [n * 1.02 ** (i - len(METHODS) / 2) for n in SIZES]  # beside each other
            colour = "dimgrey" if name == "TF-IDF" else plots.PALETTE[(i - 1) % len(plots.PALETTE)]
            line = "--" if name.startswith(("TF", "head")) else "-"
            spread = [x.std(ddof=1) for x in some]
            axes.errorbar(
                at, [x.mean() for x in some], spread, marker=MARKERS[i], color=colour, linestyle=line, label=name
            )
        for name, dash in zip(NO_LABELS, ("-.", (0, (1, 3))), strict=True):
            axes.axhline(percent[task, name, 0].mean(), color="grey", linestyle=dash, label=name)
    panels[-1].set(xlabel="labels a class")
    panels[-1].set_xticks(SIZES, labels=[str(n) for n in SIZES])
    panels[-1].minorticks_off()
    fig.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize="small")
    return fig


def dots(draws: Mapping[str, Iterable[float]], guessing: float) -> Any:
    """Accuracies in percent of each method, one dot a draw, with the mean as a bar across."""
    plots.style()
    fig, axes = plt.subplots(figsize=(5.8, 3.0))
    for y, values in enumerate(draws.values()):
        some = list(values)
        axes.plot(some, [y] * len(some), "o", color=plots.PALETTE[y], alpha=0.6)
        axes.plot([np.mean(some)] * 2, [y - 0.3, y + 0.3], color=plots.PALETTE[y], linewidth=3)
    axes.axvline(guessing, color="black", linewidth=1, linestyle=":")
    axes.text(guessing, -0.72, " guessing", fontsize="small", va="center")
    axes.set(yticks=range(len(draws)), ylim=(-1, len(draws) - 0.4), xlabel="accuracy (%)")
    axes.set_yticklabels(list(draws))
    return fig
