"""The stored runs of `pyft bench explanations`, as the page shows them."""

from collections.abc import Mapping
from itertools import combinations
from operator import itemgetter
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from numpy.typing import NDArray

from pyft import plots
from pyft.benchmarks.experiment import Found
from pyft.benchmarks.kept import complete
from pyft.course.ch8_3_2_which_words_decided.experiment import CURVES, FILLED, FILLS, MASK, RIVALS, SANITY, plan
from pyft.course.ch8_3_2_which_words_decided.faithful import LEVELS, SHARES, agreement, bootstrap
from pyft.course.ch8_3_2_which_words_decided.recipes import METHODS, RANDOM, SEEDS
from pyft.evaluation.power import tally
from pyft.evaluation.verdicts import Verdict, compare_runs

MARKS = {"better": " ▲", "worse": " ▼", "no difference shown": ""}
Interval = tuple[float, float, float]  # mean, low, high


def stored() -> Found:
    """The kept runs, by seed.

    Raises:
        PyftError: one of the plan is missing.
    """
    found = complete("explanations", plan, lambda r: (r["seed"],))
    return {"runs": sorted(found["runs"], key=itemgetter("seed"))}


def gaps(found: Found, name: str, fill: str) -> NDArray[np.float64]:
    """Area of insertion less that of deletion, of each run and text: (S, N)."""
    return np.array([r["gaps"][fill][name] for r in found["runs"]])


def kept(found: Found, name: str, level: str) -> NDArray[np.float64]:
    """Agreement of a method's scores on partly random weights with those of the model: (S, N)."""
    return np.array([r["sanity"][level][name] for r in found["runs"]])


def verdicts(found: Found) -> dict[Any, Verdict]:
    """Each method against random scores, by the area between its curves, with both fills; corrected together."""
    return CURVES.correct(
        {
            (name, fill): compare_runs(gaps(found, name, fill), gaps(found, RANDOM, fill))
            for name, fill in CURVES.members
        }
    )


def unlearnt(found: Found) -> dict[str, Verdict]:
    """What each method keeps on weights that are all random, against two draws of random scores; corrected together.

    "better" means that more is kept than by chance: that the scores do not come from what was learnt alone.
    """
    return SANITY.correct(
        {name: compare_runs(kept(found, name, "all"), kept(found, RANDOM, "all")) for name in SANITY.members}
    )


def agreements(found: Found) -> dict[tuple[str, str], Interval]:
    """Rank correlations of the sizes of two methods' scores, means over texts with bootstrapped intervals."""
    return {
        (a, b): bootstrap(
            [[agreement(x, y) for x, y in zip(r["scores"][a], r["scores"][b], strict=True)] for r in found["runs"]]
        )
        for a, b in combinations(METHODS, 2)
    }


# --- in words ---------------------------------------------------------------------------------------------------------


def told(found: Found) -> dict[str, str]:
    """What the runs say, in sentences: `accuracy`, `verdict`, `fills`, `agree`, `sanity`."""
    return {
        "accuracy": f"{100 * np.mean([r['accuracy'] for r in found['runs']]):.1f}",
        "verdict": _verdict(verdicts(found)),
        "fills": _fills(found),
        "agree": _agree(agreements(found)),
        "sanity": _sanity(found),
    }


def _verdict(judged: Mapping[Any, Verdict]) -> str:
    return tally(judged, lambda key: f"{key[0]}, {key[1]}", "comparisons with random scores", "in area", 1.0)


def _fills(found: Found) -> str:
    """What is left of the decision without any word, and whether the fill changes a verdict."""
    judged = verdicts(found)
    ends = {
        fill: float(np.mean([r["curves"][f"{fill}, deletion, {name}"][-1] for r in found["runs"] for name in METHODS]))
        for fill in FILLS
    }
    other = [name for name in RIVALS if judged[name, MASK].word != judged[name, FILLED].word]
    changed = (
        f"The verdict is another one with the other fill for {', '.join(other)}."
        if other
        else ("No verdict is another one with the other fill.")
    )
    return (
        f"With {MASK} in the place of every word the label has a probability of {ends[MASK]:z.2f}, and with every word "
        f"{FILLED} {ends[FILLED]:z.2f}; a coin would give it a half. "
        f"{changed}"
    )


def _agree(found: Mapping[tuple[str, str], Interval]) -> str:
    pairs = {pair: x for pair, x in found.items() if RANDOM not in pair}
    most, least = max(pairs, key=lambda p: pairs[p][0]), min(pairs, key=lambda p: pairs[p][0])
    chance = [x for pair, x in found.items() if RANDOM in pair]
    zero = sum(x[1] <= 0 <= x[2] for x in pairs.values())
    return (
        f"The two that agree most are {_pair(most, pairs)}, and the least {_pair(least, pairs)}. Of {len(pairs)} pairs "
        f"{zero or 'none'} {'has' if zero < 2 else 'have'} an interval that holds zero. With random scores the mean "
        f"agreement lies between {min(x[0] for x in chance):z.2f} and {max(x[0] for x in chance):z.2f}."
    )


def _pair(pair: tuple[str, str], found: Mapping[tuple[str, str], Interval]) -> str:
    mean, low, high = found[pair]
    return f"{pair[0]} and {pair[1]}: {mean:z.2f} ({low:z.2f} to {high:z.2f})"


def _sanity(found: Found) -> str:
    judged = unlearnt(found)
    fail = [name for name in RIVALS if judged[name].word == "better"]
    what = (
        f"more than by chance is kept by {', '.join(fail)}: part of these scores does not come from what was learnt"
        if fail
        else "no method is shown to keep more than random scores do"
    )
    visible = float(np.median([v.visible for v in judged.values()]))
    most = max(judged, key=lambda name: judged[name].difference)
    one = judged[most]
    return (
        f"Of {len(judged)} methods on weights that are all random, corrected together, {what}. The most is kept by "
        f"{most}, {one.difference:+z.2f} more than by random scores ({one.low:+z.2f} to {one.high:+z.2f}, the interval "
        f"of this difference alone). A test by itself finds a rank correlation of {visible:z.2f} above chance four "
        "times in five, the median of the methods, and the correction asks for more. So the test sees a method that "
        "keeps much, and may miss one that keeps as little as that: where nothing is shown, nothing is ruled out."
    )


# --- table and figures ------------------------------------------------------------------------------------------------


def table(found: Found) -> Any:
    """A row a method: area between its curves with both fills, and what it keeps on random weights."""
    judged, of_chance = verdicts(found), unlearnt(found)
    columns = ["method", *(f"area, {fill}" for fill in FILLS), "kept on random weights"]
    rows = []
    for name in sorted(METHODS, key=lambda name: -gaps(found, name, FILLED).mean()):
        areas = [
            f"{gaps(found, name, fill).mean():z.2f}{MARKS[judged[name, fill].word] if name != RANDOM else ''}"
            for fill in FILLS
        ]
        mark = MARKS[of_chance[name].word] if name != RANDOM else ""
        rows.append([name, *areas, f"{kept(found, name, 'all').mean():z.2f}{mark}"])
    caption = (
        f"Means over {SEEDS} seeds and all texts. Area: insertion less deletion, the larger the better; ▲ better, "
        "▼ worse than random scores. Kept: rank correlation, the nearer to zero the better; ▲ more than by chance."
    )
    return plots.table(rows, columns, caption)


def curves_figure(found: Found) -> Any:
    """The label's probability over the share of words taken away or put in, with both fills."""
    plots.style()
    fig, panels = plt.subplots(2, 2, figsize=(5.8, 6.0), sharex=True, sharey=True)
    for i, fill in enumerate(FILLS):
        for j, way in enumerate(("deletion", "insertion")):
            axes = panels[i, j]
            axes.set(title=f"{way}, {fill}", ylim=(0, 1))
            for k, name in enumerate(METHODS):
                mean = np.mean([r["curves"][f"{fill}, {way}, {name}"] for r in found["runs"]], axis=0)
                axes.plot(
                    SHARES, mean, color=plots.PALETTE[k - 1], marker="osD^vP*"[k], markersize=4, label=name,
                    linestyle="--" if name == RANDOM else "-",
                )  # fmt: skip
    for axes in panels[1]:
        axes.set_xlabel("share of words")
    for axes in panels[:, 0]:
        axes.set_ylabel("probability of the label")
    fig.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize="small")
    return fig


def agreement_figure(found: Found) -> Any:
    """The rank correlation of each pair of methods, with its interval."""
    plots.style()
    fig, axes = plt.subplots(figsize=(5.8, 5.2))
    names = list(METHODS)
    mean, text = np.full((len(names) - 1,) * 2, np.nan), np.full((len(names) - 1,) * 2, "", dtype=object)
    for (a, b), (middle, low, high) in agreements(found).items():
        at = names.index(b) - 1, names.index(a)
        mean[at], text[at] = middle, f"{middle:z.2f}\n{low:z.2f}\nto {high:z.2f}"
    sns.heatmap(
        mean, annot=text, fmt="", cmap="cividis", vmin=-0.2, vmax=1, ax=axes, mask=np.isnan(mean),
        annot_kws={"fontsize": 6.5}, xticklabels=names[:-1], yticklabels=names[1:],
        cbar_kws={"label": "rank correlation of sizes"},
    )  # fmt: skip
    axes.tick_params(axis="x", rotation=40)
    plt.setp(axes.get_xticklabels(), ha="right", rotation_mode="anchor")
    return fig


def sanity_figure(found: Found) -> Any:
    """What is left of each method's scores as weights are drawn anew from the top down, with intervals over texts."""
    plots.style()
    fig, axes = plt.subplots(figsize=(5.8, 3.8))
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set(ylabel="rank correlation with the model's")
    for k, name in enumerate(METHODS):
        middle, low, high = np.array([bootstrap(kept(found, name, level)) for level in LEVELS]).T
        x = np.arange(len(LEVELS)) + 0.08 * (k - 3)
        axes.errorbar(
            x,
            middle,
            [middle - low, high - middle],
            fmt="osD^vP*"[k],
            color=plots.PALETTE[k - 1],
            capsize=2,
            label=name,
        )
    axes.set_xticks(range(len(LEVELS)), [f"random: {level}" for level in LEVELS])
    fig.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize="small")
    return fig


def example_figure(found: Found, texts: list[str], i: int = 0) -> Any:
    """The scores that each method gives the words of one text, over its largest; one classifier."""
    plots.style()
    fig, axes = plt.subplots(figsize=(5.8, 3.6))
    scores = {name: np.array(some[i]) for name, some in found["runs"][0]["scores"].items()}
    share = np.array([scores[name] / max(np.abs(scores[name]).max(), 1e-12) for name in METHODS])
    sns.heatmap(
        share, cmap="PuOr", vmin=-1, vmax=1, ax=axes, xticklabels=texts[i].split(), yticklabels=list(METHODS),
        cbar_kws={"label": "against → for the label"},
    )  # fmt: skip
    axes.tick_params(axis="x", rotation=50)
    plt.setp(axes.get_xticklabels(), ha="right", rotation_mode="anchor")
    return fig
