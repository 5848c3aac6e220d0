"""The stored runs of `pyft bench efficient`, as the page shows them."""

from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from pyft import data, plots
from pyft.benchmarks.experiment import Found, Run
from pyft.benchmarks.kept import complete
from pyft.course.ch6_1_2_social_media.experiment import documents as documents_of
from pyft.course.ch8_2_3_adaptive_and_efficient_fine_tuning.experiment import (
    AGAINST_FULL,
    chosen_rates,
    plan,
    unpacked,
)
from pyft.course.ch8_2_3_adaptive_and_efficient_fine_tuning.recipes import METHODS, SEEDS, TASKS
from pyft.data.splits import subset
from pyft.evaluation.power import tally
from pyft.evaluation.stats import mean_interval
from pyft.evaluation.verdicts import Verdict, compare_f1, compare_runs
from pyft.maths.sizes import own_parameters

FAILED = 0.1  # below the median of its method's seeds, a run counts as one that failed
MARKS = {"better": " ▲", "worse": " ▼", "no difference shown": ""}
SHORT = {"LoRA, all matrices": "LoRA, all", "Houlsby adapters": "Houlsby", "Pfeiffer adapters": "Pfeiffer"}


def stored() -> Found:
    """The runs of the plan. Raises `PyftError` if one is missing."""
    return complete("efficient", plan, itemgetter("task", "method", "lr", "seed"))


def by_method(found: Found) -> dict[tuple[str, str], list[Run]]:
    """The runs of each task and method at the rate that was chosen, by seed."""
    best = chosen_rates(found["runs"])
    return {
        (task, name): sorted(
            (r for r in found["runs"] if (r["task"], r["method"], r["lr"]) == (task, name, lr)), key=lambda r: r["seed"]
        )
        for (task, name), lr in best.items()
    }


def verdicts(found: Found) -> dict[tuple[str, str], Verdict]:
    """Each method against full fine-tuning, in shares, paired by seed and text or document; corrected together."""
    runs = by_method(found)
    made, of = {}, {task: documents(task) for task in TASKS}
    for task, name in AGAINST_FULL.members:
        a, b = (np.stack([unpacked(r) for r in runs[task, way]]) for way in (name, "full"))  # (S, N, 1 or 3)
        if a.shape[-1] == 1:
            made[task, name] = compare_runs(a[..., 0], b[..., 0], of[task])
        else:
            made[task, name] = compare_f1(a, b, of[task])
    return AGAINST_FULL.correct(made)


def documents(task: str) -> list[str]:
    """The document of each test row: sentences of one are not independent. A text that came alone is its own."""
    test = data.load(TASKS[task].corpus)["test"]
    rows = subset(test, min(TASKS[task].test, len(test)), 0)
    return [str(d) for d in rows["document"]] if "document" in rows.column_names else documents_of(rows)


# --- the table --------------------------------------------------------------------------------------------------------


def table(found: Found, judged: Mapping[tuple[str, str], Verdict]) -> Any:
    """A row a method, by what it learns: scores with a mark where the test finds a difference, what it forgets."""
    runs, rows = by_method(found), []
    for name in sorted(METHODS, key=own_parameters):
        row: list[Any] = [SHORT.get(name, name), own_parameters(name)]
        for task in TASKS:
            mark = MARKS[judged[task, name].word] if name != "full" else ""
            row.append(f"{100 * np.mean([r['score'] for r in runs[task, name]]):.1f}{mark}")
        forgot = np.mean([r["masked words"] - before(runs, task) for task in TASKS for r in runs[task, name]])
        # Some tries of the first seed ran on another machine.
        seconds = np.mean([r["seconds"] for task in TASKS for r in runs[task, name] if r["seed"]])
        rows.append([*row, f"{forgot:+.2f}", f"{seconds:.0f}"])
    caption = (
        f"Accuracy, and F1 of names, in percent: means of {SEEDS} seeds. ▲ better, ▼ worse than full fine-tuning, no "
        "mark: no difference shown. Forgotten: rise of the loss on hidden words of other texts, in nats a word. "
        "Seconds: the processor's, of one training, from the second seed on."
    )
    return plots.table(rows, ["method", "parameters", *TASKS, "forgotten", "seconds"], caption)


def before(runs: Mapping[tuple[str, str], list[Run]], task: str) -> float:
    """The loss on hidden words before fine-tuning: whoever trains the head alone leaves the body as it was."""
    return float(runs[task, "head alone"][0]["masked words"])


# --- in words ---------------------------------------------------------------------------------------------------------


def told(found: Found, judged: Mapping[tuple[str, str], Verdict]) -> dict[str, str]:
    """What the runs say, in sentences: `verdict`, `rates`, `failed`, `forgotten`."""
    runs = by_method(found)
    spread = {key: _range(r["validation"] for r in found["runs"] if _tried(r, key)) for key in runs}
    widest = max(spread, key=spread.__getitem__)
    between = _range(np.mean([r["score"] for r in runs[widest[0], name]]) for name in METHODS)
    wider = sum(spread[key] > _range(r["score"] for r in runs[key]) for key in spread)
    chosen = {key: sorted(METHODS[key[1]].rates).index(some[0]["lr"]) for key, some in runs.items()}
    highest = {task: sum(chosen[task, name] == 2 for name in METHODS) for task in TASKS}
    forgot = {
        name: float(np.mean([r["masked words"] - before(runs, task) for task in TASKS for r in runs[task, name]]))
        for name in METHODS
    }
    most, least = (
        max(forgot, key=forgot.__getitem__),
        min((name for name in METHODS if name != "head alone"), key=forgot.__getitem__),
    )
    return {
        "verdict": tally(judged, lambda key: f"{key[1]}, {key[0]}", "comparisons with full fine-tuning"),
        "rates": f"Between its three rates a method's validation score lay up to {100 * spread[widest]:.1f} points "
        f"apart ({widest[1]}, {widest[0]}); the means of all methods on that task lie within {100 * between:.1f} "
        f"points. For {wider} of {len(spread)} methods and tasks the rate moved more than the seed did. "
        f"In {sum(i != 1 for i in chosen.values())} of {len(chosen)} cases the best of the three was the lowest or the "
        f"highest (the highest: {', '.join(f'{n} on {task}' for task, n in highest.items())}): a wider search might "
        "find more there.",
        "failed": " ".join(_failed(runs)),
        "forgotten": f"Before fine-tuning the loss on hidden words is {before(runs, next(iter(TASKS))):.2f} nats. It "
        f"rises most after {most}, by {forgot[most]:.2f}, and least after {least}, by {forgot[least]:.2f}; where the "
        "head alone learns it cannot rise at all. These are means over seeds and tasks, without a test.",
    }


def _failed(runs: Mapping[tuple[str, str], list[Run]]) -> Iterator[str]:
    """A sentence for each method and task of which a run lies more than ten points below the median of its seeds."""
    for (task, name), some in runs.items():
        scores = np.sort([r["score"] for r in some])
        if np.median(scores) - scores[0] > FAILED:
            yield (
                f"A rate that one seed chose need not be safe for the next: on {task} {name} has a run of "
                f"{100 * scores[0]:.1f} % beside others up to {100 * scores[-1]:.1f} %, so its mean says little."
            )


def _tried(run: Run, key: tuple[str, str]) -> bool:
    return (run["task"], run["method"], run["seed"]) == (*key, 0)


def _range(values: Iterable[Any]) -> float:
    some = [float(x) for x in values]
    return max(some) - min(some)


# --- the figure -------------------------------------------------------------------------------------------------------


def frontier(points: Mapping[str, tuple[float, float]]) -> list[str]:
    """The methods that none beats in score with as few parameters, by parameters: names of (parameters, score)."""
    best, kept = -np.inf, []
    for name in sorted(points, key=lambda name: (points[name][0], -points[name][1])):
        if points[name][1] > best:
            best = points[name][1]
            kept.append(name)
    return kept


def pareto(found: Found) -> Any:
    """Scores of the methods, by how many numbers they learn, a panel a task: intervals over seeds, and the frontier."""
    plots.style()
    runs, names = by_method(found), sorted(METHODS, key=own_parameters)
    fig, panels = plt.subplots(len(TASKS), 1, figsize=(5.8, 6.2), sharex=True)
    for axes, task in zip(panels, TASKS, strict=True):
        axes.set(title=task, ylabel=_unit(task))
        _points(axes, {name: [100 * r["score"] for r in runs[task, name]] for name in names})
    labels = [f"{SHORT.get(name, name)}  {_rounded(own_parameters(name))}" for name in names]
    panels[-1].set_xticks(range(len(names)), labels, rotation=45, ha="right", rotation_mode="anchor", fontsize="small")
    panels[-1].set(xlabel="method, and how many numbers it learns below the head")
    fig.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize="small")
    return fig


def _points(axes: Any, scores: Mapping[str, list[float]]) -> None:
    """The methods of one task, in the order that is given, each with its interval, and the frontier."""
    points = {name: (own_parameters(name), float(np.mean(values))) for name, values in scores.items()}
    kinds = list(dict.fromkeys(method.where for method in METHODS.values()))
    labelled: set[str] = set()
    for x, name in enumerate(scores):
        where = METHODS[name].where
        mean, low, high = mean_interval(scores[name])
        colour, marker = plots.PALETTE[kinds.index(where)], "osD^"[kinds.index(where)]
        label = None if where in labelled else where
        axes.errorbar(x, mean, [[mean - low], [high - mean]], fmt=marker, color=colour, capsize=3, label=label)
        labelled.add(where)
    best = frontier(points)
    edge = [*map(list(scores).index, best), len(scores) - 1], [points[name][1] for name in [*best, best[-1]]]
    axes.step(*edge, where="post", color="black", linewidth=1, linestyle="--", zorder=0)


def _rounded(n: int) -> str:
    """A count with its unit: 330 k, 23 M."""
    return str(n) if n < 1e3 else f"{n / 1e3:.0f} k" if n < 1e6 else f"{n / 1e6:.0f} M"


def _unit(task: str) -> str:
    return "F1 (%)" if TASKS[task].kind == "token-classification" else "accuracy (%)"
