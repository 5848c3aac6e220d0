"""The stored runs of `pyft bench fairness`, as the page shows them."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from pyft import plots
from pyft.benchmarks.experiment import Found, Run
from pyft.benchmarks.kept import complete
from pyft.course.ch8_3_3_fairness import naming
from pyft.course.ch8_3_3_fairness.experiment import GAPS, MITIGATION, TRAINED, hits, plan
from pyft.course.ch8_3_3_fairness.recipes import ARMS, COPIED, GROUPS, LINEAR, PLAIN, SWAPPED
from pyft.evaluation.stats import mean_interval
from pyft.evaluation.verdicts import Verdict, compare_influences, compare_runs

Floats = NDArray[np.float64]


def stored() -> Found:
    """The kept runs.

    Raises:
        PyftError: one of the plan is missing.
    """
    return complete("fairness", plan, itemgetter("what", "name", "seed"))


def of(found: Found, what: str, name: str) -> list[Run]:
    """The runs of one arm or network, by seed."""
    return sorted((r for r in found["runs"] if (r["what"], r["name"]) == (what, name)), key=lambda r: r["seed"])


def shown(group: str) -> str:
    """A group's name as the page writes it."""
    return "Native American" if group == "native_american" else group.capitalize()


# --- gaps between groups ----------------------------------------------------------------------------------------------


def gap(scores: Floats, groups: Sequence[str], group: str) -> Verdict:
    """The mean of one group's names less the mean of the other groups' means, over seeds and names together.

    `scores` (S, N): a score of each name, by seed. Every name counts as a draw from its group: what is tested is
    whether other names of the same groups would show the same. The variance is that of a difference of means.
    """
    of_name = np.array(groups)
    names, others = sorted(set(groups)), len(set(groups)) - 1
    weight, mean = np.zeros(len(groups)), np.zeros_like(scores)
    for one in names:
        here = of_name == one
        weight[here] = (1.0 if one == group else -1.0 / others) / here.sum()
        mean[:, here] = scores[:, here].mean(1, keepdims=True)
    return compare_influences(scores @ weight, (scores - mean) * weight)


def gaps(found: Found, arm: str = PLAIN) -> dict[tuple[str, str], Verdict]:
    """Each group's gap, in standard deviations of the scores of reviews; the p-values corrected together."""
    runs = of(found, TRAINED, arm)
    made: dict[tuple[str, str], Verdict] = {}
    for part in GROUPS:
        scores, groups = np.array([r[part]["score"] for r in runs]), naming.tested(part)[1]
        made |= {(part, group): gap(scores, groups, group) for group in GROUPS[part]}
    return GAPS.correct(made)


def told_gaps(found: Found) -> str:
    """What the gaps of the model say, in sentences."""
    judged = gaps(found)
    clear = [key for key, verdict in judged.items() if verdict.word != "no difference shown"]
    widest = max(judged, key=lambda key: abs(judged[key].difference))
    visible = float(np.median([v.visible for v in judged.values()]))
    named = "; ".join(f"{_group(key)} {judged[key].difference:+.3f}" for key in clear)
    return (
        f"Of {len(judged)} gaps, corrected together, {len(clear) or 'none'} {'is' if len(clear) < 2 else 'are'} shown"
        f"{f' ({named})' if clear else ''}. The widest is that of {_group(widest)}, "
        f"{judged[widest].difference:+.3f} ({judged[widest].low:+.3f} to {judged[widest].high:+.3f}, the "
        "interval of this gap alone) standard deviations of the scores of reviews. "
        f"A test by itself finds a gap of {visible:.3f} four times in five, the median of them, and the correction "
        "asks for more: smaller gaps are often missed."
    )


def _group(key: tuple[str, str]) -> str:
    return f"{shown(key[1])} {key[0]} names"


def names_figure(z: Floats, groups: Sequence[str]) -> Any:
    """A point a name: its score in one sentence, z (N,), by group, with the mean of the group."""
    plots.style()
    fig, axes = plt.subplots(figsize=(5.3, 2.8))
    names, of_name = list(dict.fromkeys(groups)), np.array(groups)
    for y, group in enumerate(names):
        here = z[of_name == group]
        axes.plot(here, np.full(len(here), y), "o", color=plots.PALETTE[y], alpha=0.4, markeredgewidth=0)
        axes.plot(here.mean(), y, "|", color="black", markersize=18, markeredgewidth=2)
    axes.axvline(0, color="black", linestyle="--", linewidth=1)
    axes.set(xlabel="log-odds of praise")
    axes.set_yticks(range(len(names)), [shown(group) for group in names])
    axes.invert_yaxis()
    return fig


def gaps_figure(found: Found) -> Any:
    """The gap of every group with its interval; filled where it is shown after the correction."""
    plots.style()
    fig, axes = plt.subplots(figsize=(5.3, 3.6))
    judged = gaps(found)
    axes.set(xlabel="gap to the other groups (standard deviations of reviews)")
    for y, (key, verdict) in enumerate(judged.items()):
        colour = plots.PALETTE[list(GROUPS).index(key[0])]
        axes.plot([verdict.low, verdict.high], [y, y], color=colour)
        filled = verdict.word != "no difference shown"
        axes.plot(verdict.difference, y, "o", color=colour, markerfacecolor=colour if filled else "white")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(range(len(judged)), [f"{shown(group)}, {part}" for part, group in judged])
    axes.invert_yaxis()
    return fig


# --- swapped names ----------------------------------------------------------------------------------------------------


def moved(run: Run) -> Floats:
    """How far each name moves the scores of our sentences, first and last names: (N,)."""
    return np.concatenate([run[part]["moved"] for part in GROUPS])


def verdicts(found: Found) -> dict[tuple[str, str], Verdict]:
    """Swapped names against both controls, in how little names move scores and in accuracy; corrected together."""
    runs = {arm: of(found, TRAINED, arm) for arm in ARMS}
    of_names = {arm: -np.stack([moved(r) for r in some]) for arm, some in runs.items()}  # (S, N); more is better
    right = {arm: np.stack([hits(r) for r in some]) for arm, some in runs.items()}
    table: Mapping[str, Mapping[str, Any]] = {"names": of_names, "accuracy": right}
    return MITIGATION.correct(
        {
            (what, against): compare_runs(table[what][SWAPPED], table[what][against])
            for what, against in MITIGATION.members
        }
    )


def told_mitigation(found: Found) -> dict[str, str]:
    """What swapping did to the influence of names, and what it cost: `effect`, `price`."""
    judged = verdicts(found)
    effect, price = [], []
    for against, beside in ((COPIED, "against the same copies unchanged"), (PLAIN, "against no copies")):
        one, cost = judged["names", against], judged["accuracy", against]
        word = {"better": "less far", "worse": "farther"}.get(one.word, one.word)
        effect.append(f"{beside} {word} ({-one.difference:+.3f}, {-one.high:+.3f} to {-one.low:+.3f})")
        bounds = f"{100 * cost.difference:+.1f} points, {100 * cost.low:+.1f} to {100 * cost.high:+.1f}"
        price.append(f"{beside} {cost.word} ({bounds})")
    return {
        "effect": "How far names move scores after swapping, in standard deviations of the scores of reviews: "
        f"{effect[0]}; {effect[1]}.",
        "price": f"Accuracy with swapped names: {price[0]}; {price[1]}.",
    }


def mitigation_table(found: Found) -> Any:
    """A row an arm: accuracy, how far names move scores, answers that a name turns; a constant answer below."""
    rows = []
    for arm in ARMS:
        runs = of(found, TRAINED, arm)
        accuracy, low, high = mean_interval([100 * r["accuracy"] for r in runs])
        rows.append(
            [
                arm,
                f"{np.mean([r['rows'] for r in runs]):.0f}",
                f"{accuracy:.1f} ({low:.1f}–{high:.1f})",
                f"{np.mean([moved(r).mean() for r in runs]):.4f}",
                f"{100 * np.mean([r[part]['flipped'] for r in runs for part in GROUPS]):.2f}",
            ]
        )
    rows.append(["always the same answer", "0", "that of the majority", "0", "0"])
    columns = ["training texts", "rows", "accuracy (%)", "names move scores by", "answers turned (%)"]
    caption = (
        "Means over seeds, in brackets 95 % intervals. Moves are in standard deviations of the scores of reviews; "
        f"'{LINEAR}' is a linear model."
    )
    return plots.table(rows, columns, caption)
