"""The stored runs of `pyft bench across-languages` and `pyft bench new-words`, as the page shows them."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from pyft import plots
from pyft.benchmarks.experiment import Found
from pyft.benchmarks.kept import complete
from pyft.course.ch8_2_2_across_languages.experiment import ACROSS, WAYS, chosen_rate, plan
from pyft.course.ch8_2_2_across_languages.recipes import ASKED, SIZES, STARTS, STEPS, WORDS_SEEDS, WORDS_SIZES
from pyft.course.ch8_2_2_across_languages.words_experiment import NEW_WORDS
from pyft.course.ch8_2_2_across_languages.words_experiment import plan as words_plan
from pyft.evaluation.power import undecided
from pyft.evaluation.stats import VERDICTS, mean_interval, unpack_bits
from pyft.evaluation.verdicts import Verdict, compare_runs

Hits = NDArray[np.bool_]


def stored() -> tuple[Found, Found]:
    """All runs of both plans, across languages and new words.

    Raises:
        PyftError: one is missing.
    """
    return (
        complete("across-languages", plan, itemgetter("kind", "lr", "seed")),
        complete("new-words", words_plan, itemgetter("start", "steps", "seed")),
    )


def answers(found: Found) -> dict[tuple[str, str], Hits]:
    """Which Chinese test texts were right, by way and labels such as "both, 100": (seeds, N)."""
    rate = chosen_rate(found["runs"])
    rows: dict[tuple[str, str], dict[int, Hits]] = {}
    for r in found["runs"]:
        if r["kind"] == "trial" or r["lr"] not in (0.0, rate):
            continue
        way = "frozen" if r["kind"] == "frozen" else "fine-tuned"
        for name, right in r["right"].items():
            rows.setdefault((way, name), {})[r["seed"]] = unpack_bits(right, r["texts"])
    return {key: np.stack([some[seed] for seed in sorted(some)]) for key, some in rows.items()}


def verdicts(found: Found) -> dict[tuple[str, int], Verdict]:
    """What is compared of both ways, paired by seed and text; corrected together."""
    right = answers(found)
    made = {
        ACROSS.members[0]: compare_runs(right["frozen", "English alone, centred"], right["frozen", "English alone"]),
        ACROSS.members[1]: compare_runs(
            right["fine-tuned", "English alone"], right["frozen", "English alone, centred"]
        ),
    }
    for way in WAYS:
        for n in SIZES:
            alone = right[way, f"Chinese alone, {n}"]
            made[f"{way}: both with Chinese alone", n] = compare_runs(right[way, f"both, {n}"], alone)
            made[f"{way}: English alone with Chinese alone", n] = compare_runs(right[way, zero_shot(way)], alone)
    return ACROSS.correct(made)


def zero_shot(way: str) -> str:
    """The name under which a way's answers stand that saw no Chinese label."""
    return "English alone, centred" if way == "frozen" else "English alone"


def words_answers(words: Found) -> dict[tuple[str, int, str], Hits]:
    """Which Chinese test texts were right, by start, steps and labels: (seeds, N)."""
    rows: dict[tuple[str, int, str], dict[int, Hits]] = {}
    for r in words["runs"]:
        for name, right in r["right"].items():
            rows.setdefault((r["start"], r["steps"], name), {})[r["seed"]] = unpack_bits(right, r["texts"])
    return {key: np.stack([some[seed] for seed in sorted(some)]) for key, some in rows.items()}


def words_verdicts(found: Found, words: Found) -> dict[tuple[str, int, str], Verdict]:
    """Each start against guessing, the other start and the multilingual model, none with a Chinese label."""
    right, whole = words_answers(words), answers(found)
    guessing = np.full(2 * ASKED, 0.5)  # right on half of the texts, whichever these are
    made = {}
    for start, steps, rival in NEW_WORDS.members:
        ours = right[start, steps, "English alone"]
        theirs = {
            "guessing": guessing,
            "multilingual": whole["fine-tuned", "English alone"][:WORDS_SEEDS],
        }.get(rival)
        made[start, steps, rival] = compare_runs(
            ours, right[rival, steps, "English alone"] if theirs is None else theirs
        )
    return NEW_WORDS.correct(made)


# --- tables -----------------------------------------------------------------------------------------------------------


def table(found: Found) -> Any:
    """A row a number of Chinese labels, a column a way and its labels: mean accuracy on Chinese."""
    right = answers(found)
    pairs = [(way, labels) for way in WAYS for labels in ("both", "Chinese alone")]
    first = [_mean(right[way, zero_shot(way)]) if labels == "both" else "" for way, labels in pairs]
    rows = [["0", *first]]
    rows += [[f"{n:,}", *(_mean(right[way, f"{labels}, {n}"]) for way, labels in pairs)] for n in SIZES]
    columns = ["Chinese labels", *(f"{way}, {labels}" for way, labels in pairs)]
    caption = "Accuracy on Chinese reviews in percent, means over seeds; the intervals stand in the figure."
    return plots.table(rows, columns, caption)


def words_table(words: Found) -> Any:
    """A row a start and its steps: English, and Chinese without and with Chinese labels."""
    right = words_answers(words)
    rows = []
    for start in STARTS:
        for steps in STEPS:
            of = [r for r in words["runs"] if (r["start"], r["steps"]) == (start, steps)]
            english = f"{100 * np.mean([r['English'] for r in of]):.1f}"
            names = ("English alone", *(f"both, {n}" for n in WORDS_SIZES))
            rows.append([start, steps, english, *(_cell(right[start, steps, name]) for name in names)])
    columns = ["characters", "steps", "English", "Chinese", *(f"with {n:,} labels" for n in WORDS_SIZES)]
    caption = "MiniLM with Chinese characters: accuracy in percent, means over seeds and in brackets their intervals."
    return plots.table(rows, columns, caption)


def _mean(right: Hits) -> str:
    return f"{100 * right.mean():.1f}"


def _cell(right: Hits) -> str:
    mean, low, high = mean_interval((100 * right.mean(1)).tolist())
    return f"{mean:.1f} ({low:.0f} to {high:.0f})"


# --- in words ---------------------------------------------------------------------------------------------------------


def told(found: Found) -> dict[str, str]:
    """What the runs across languages say, in sentences: `zero`, `centring`, `beside`, `worth`, `rate`."""
    right, judged = answers(found), verdicts(found)
    trials = {r["lr"]: r for r in found["runs"] if r["kind"] == "trial"}
    rate = chosen_rate(found["runs"])
    of_chinese = {lr: 100 * unpack_bits(r["right"]["English alone"], r["texts"]).mean() for lr, r in trials.items()}
    oracle = max(of_chinese, key=lambda lr: (of_chinese[lr], -lr))
    english = {way: [100 * r["English"] for r in found["runs"] if r["kind"] == kind] for way, kind in _TRAINED.items()}
    centring, tuned = (judged[member] for member in ACROSS.members[:2])
    chosen = "the same" if oracle == rate else f"{oracle:g}"

    def at(way: str, what: str) -> dict[int, Verdict]:
        return {n: judged[f"{way}: {what} with Chinese alone", n] for n in SIZES}

    return {
        "zero": " ".join(
            f"{way.capitalize()}{', each language centred' if way == 'frozen' else ''}: "
            f"{np.mean(english[way]):.1f} % on English, "
            f"{100 * right[way, zero_shot(way)].mean():.1f} % on Chinese."
            for way in WAYS
        )
        + f" On Chinese, fine-tuning against the frozen encoder: {tuned.word} ({in_points(tuned)}).",
        "centring": "Frozen, on Chinese, each language centred against as it comes: "
        f"{centring.word} ({in_points(centring)}).",
        "beside": " ".join(
            f"{way.capitalize()}, English and Chinese labels against Chinese ones alone: "
            f"{over_sizes(at(way, 'both'), 'labels')}."
            for way in WAYS
        ),
        "worth": " ".join(
            f"{way.capitalize()}, English labels alone against Chinese ones alone: "
            f"{over_sizes(at(way, 'English alone'), 'labels')}."
            for way in WAYS
        )
        + undecided(judged.values()),
        "rate": f"The rate that is best on English validation texts is {rate:g}; on Chinese test texts of that seed "
        f"it would have been {chosen}. On those Chinese texts the rates give from {min(of_chinese.values()):.1f} to "
        f"{max(of_chinese.values()):.1f} %.",
    }


_TRAINED = {"fine-tuned": "English first", "frozen": "frozen"}  # by way, the kind of run whose English score counts


def over_sizes(judged: Mapping[int, Verdict], what: str) -> str:
    """Which verdict there is with which numbers of Chinese labels or lines."""
    by: dict[str, list[str]] = {}
    for n, v in judged.items():
        by.setdefault(v.word, []).append(f"{n:,}")
    if len(by) == 1:
        return f"{next(iter(by))} at any of these numbers of Chinese {what}"
    return "; ".join(f"{word} with {_listed(by[word])} Chinese {what}" for word in VERDICTS if word in by)


def _listed(some: list[str]) -> str:
    return some[0] if len(some) == 1 else f"{', '.join(some[:-1])} and {some[-1]}"


def in_points(v: Verdict) -> str:
    return f"{100 * v.difference:+.1f} points, {100 * v.low:+.1f} to {100 * v.high:+.1f}"


def words_told(found: Found, words: Found) -> dict[str, str]:
    """What the runs with new words say, in sentences: `guessing`, `starts`, `real`, `losses`."""
    judged = words_verdicts(found, words)

    def said(start: str, steps: int, rival: str) -> str:
        v = judged[start, steps, rival]
        return f"{v.word} ({in_points(v)})"

    return {
        "guessing": "; ".join(
            f"{start}, {_steps(steps)}: {said(start, steps, 'guessing')}" for start in STARTS for steps in STEPS
        )
        + ".",
        "starts": "; ".join(f"{_steps(steps)}: {said(STARTS[1], steps, STARTS[0])}" for steps in STEPS) + ".",
        "real": "; ".join(f"{start}: {said(start, STEPS[-1], 'multilingual')}" for start in STARTS) + ".",
        "losses": "; ".join(
            f"{start} from {first:.2f} to {last:.2f}"
            for start in STARTS
            for first, last in [np.mean([r["losses"] for r in words["runs"] if r["start"] == start and r["steps"]], 0)]
        )
        + " nats a hidden character.",
    }


def _steps(steps: int) -> str:
    return f"after {steps} steps" if steps else "before any step"


# --- figures ----------------------------------------------------------------------------------------------------------


def curves(found: Found) -> Any:
    """Accuracy on Chinese over the number of Chinese labels, with intervals over seeds."""
    plots.style()
    right = answers(found)
    fig, axes = plt.subplots(figsize=(5.8, 4.4))
    axes.axhline(50, color="black", linewidth=1, linestyle=":", label="guessing")
    axes.set(xscale="log", xlabel="Chinese labels", ylabel="accuracy on Chinese reviews (%)")
    for way, marker, colour in zip(WAYS, "os", plots.PALETTE, strict=False):
        zero = 100 * right[way, zero_shot(way)].mean()
        axes.axhline(zero, color=colour, linestyle="-.", linewidth=1.2, label=f"{way}, English alone")
        for labels, line, shift in (("both", "-", 0.97), ("Chinese alone", "--", 1.03)):
            some = [mean_interval((100 * right[way, f"{labels}, {n}"].mean(1)).tolist()) for n in SIZES]
            mean, low, high = map(np.array, zip(*some, strict=True))
            name = f"{way}, {'English and Chinese' if labels == 'both' else labels}"
            at = [n * shift for n in SIZES]
            axes.errorbar(at, mean, [mean - low, high - mean], marker=marker, color=colour, linestyle=line, label=name)
    axes.set_xticks(SIZES, labels=[f"{n:,}" for n in SIZES])
    axes.minorticks_off()
    fig.legend(loc="outside lower center", ncols=2, fontsize="small")
    return fig


def maps(panels: Mapping[str, NDArray[Any]], language: NDArray[Any], label: NDArray[Any]) -> Any:
    """A picture of vectors in two dimensions (PCA), a panel each: languages by shape, labels by colour."""
    plots.style()
    fig, axes = plt.subplots(len(panels), 1, figsize=(5.6, 3.1 * len(panels)))
    for one, (name, X) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        flat = PCA(2, svd_solver="full").fit_transform(X)  # (N, 2)
        for tongue, marker in (("English", "o"), ("Chinese", "^")):
            for value, colour in ((0, plots.PALETTE[1]), (1, plots.PALETTE[0])):
                at = flat[(language == tongue) & (label == value)]
                what = f"{tongue}, {('negative', 'positive')[value]}"
                one.plot(*at.T, marker, color=colour, alpha=0.6, markersize=4, label=what)
        one.set(title=name, xlabel="first component", ylabel="second component")
    fig.legend(*np.atleast_1d(axes)[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return fig
