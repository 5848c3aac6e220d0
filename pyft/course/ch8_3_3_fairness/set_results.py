"""What the stored runs say of StereoSet, CrowS-Pairs and pairs of names."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pyft import plots
from pyft.benchmarks.experiment import Found
from pyft.course.ch8_3_3_fairness.experiment import LENGTHS, SCORED
from pyft.course.ch8_3_3_fairness.recipes import NETWORKS
from pyft.course.ch8_3_3_fairness.results import of
from pyft.course.ch8_3_3_fairness.scores import icat
from pyft.evaluation.stats import accuracy_interval, unpack_bits
from pyft.evaluation.verdicts import Verdict, compare_influences

Interval = tuple[float, float, float]  # share, low, high
NO_LEAN = "no lean shown"


def set_rows(found: Found) -> list[list[str]]:
    """A row a network: language score, stereotype score with its interval and ICAT; and what CrowS-Pairs counts."""
    rows = []
    for name in NETWORKS:
        runs = of(found, SCORED, name)
        language = 100 * float(np.mean([r["language"] for r in runs]))
        stereotype = 100 * float(np.mean([unpack_bits(r["stereotype"], r["sentences"]).mean() for r in runs]))
        first = 100 * float(np.mean([unpack_bits(r["first"], r["pairs"]).mean() for r in runs]))
        numbers = (language, stereotype, icat(language, stereotype), first)
        rows.append([f"{name} network", *(f"{x:.1f}" for x in numbers)])
    return rows


def sets_table(found: Found, by_rule: Mapping[str, Mapping[str, float]]) -> Any:
    """What both sets say of networks, and of rules that know no model (shares by rule and set)."""
    rules = [
        [rule, "–", f"{100 * of_sets['StereoSet']:.1f}", "–", f"{100 * of_sets['CrowS-Pairs']:.1f}"]
        for rule, of_sets in by_rule.items()
    ]
    columns = ["what is scored", "StereoSet: language", "StereoSet: stereotype", "ICAT", "CrowS-Pairs: first"]
    caption = "In percent. ICAT is StereoSet's summary: the language score times how near the other is to a half."
    return plots.table([*set_rows(found), *rules], columns, caption)


def coin(n: int) -> tuple[float, float]:
    """Between which shares, in percent, a coin that is thrown n times falls nineteen times in twenty."""
    low, high = stats.binom.interval(0.95, n, 0.5)
    return 100 * float(low) / n, 100 * float(high) / n


def told_sets(found: Found) -> str:
    """Whether the pretrained network's scores lie where a coin's would, and where random networks' lie."""
    runs, random = of(found, SCORED, "pretrained"), of(found, SCORED, "random")
    said = []
    for name, key, size in (("StereoSet", "stereotype", "sentences"), ("CrowS-Pairs", "first", "pairs")):
        n = runs[0][size]
        low, high = coin(n)
        share = 100 * float(unpack_bits(runs[0][key], n).mean())
        others = [100 * float(unpack_bits(r[key], n).mean()) for r in random]
        where = "within" if low <= share <= high else "outside"
        said.append(
            f"On {name} the pretrained network scores {share:.1f} %, {where} the range of a coin thrown as often "
            f"({low:.1f} to {high:.1f} %); networks of random weights score {min(others):.1f} to {max(others):.1f} %."
        )
    said.append(
        "Pairs that resemble each other are not throws of one coin, so where random networks leave its range too, "
        "to be outside it is no sign of a stereotype."
    )
    return " ".join(said)


def length_table(found: Found, more: NDArray[np.int64]) -> Any:
    """How often StereoSet finds the stereotype preferred where it has fewer pieces, as many, and more.

    `more` (N,): how many pieces the stereotype has more than its opposite.
    """
    rows = []
    for name, here in (("fewer", more < 0), ("as many", more == 0), ("more", more > 0)):
        row = [name, f"{here.sum():,}"]
        for network in NETWORKS:
            runs = of(found, SCORED, network)
            share = [100 * unpack_bits(r["stereotype"], r["sentences"])[here].mean() for r in runs]
            row.append(f"{np.mean(share):.1f}")
        rows.append(row)
    columns = ["pieces of the stereotype", "pairs", *(f"{name} network (%)" for name in NETWORKS)]
    caption = "How often the stereotype comes out ahead of its opposite, by which of the two words has more pieces."
    return plots.table(rows, columns, caption)


def lengths(found: Found, more: NDArray[np.int64]) -> dict[str, Verdict]:
    """Of each network, how often it prefers stereotypes of fewer pieces, less how often those of more; corrected.

    `more` (N,) as in `length_table`. The variance is that of a difference of means over pairs, and over seeds where
    there are several.
    """
    made = {}
    for network in LENGTHS.members:
        runs = of(found, SCORED, network)
        x = np.array([unpack_bits(r["stereotype"], r["sentences"]) for r in runs], dtype=float)  # (S, N)
        weight, mean = np.zeros(len(more)), np.zeros_like(x)
        for sign, here in ((1, more < 0), (-1, more > 0)):
            weight[here] = sign / here.sum()
            mean[:, here] = x[:, here].mean(1, keepdims=True)
        differences, u = x @ weight, (x - mean) * weight
        made[network] = compare_influences(*((differences, u) if len(runs) > 1 else (differences[0], u[0])))
    return LENGTHS.correct(made)


def told_lengths(found: Found, more: NDArray[np.int64]) -> str:
    """Whether the number of pieces decides which words come out ahead, in both networks."""
    judged = lengths(found, more)
    words = {
        "better": "more often",
        "worse": "less often",
        "no difference shown": "neither more nor less often, as far as is shown",
    }
    said = (
        f"the {network} network prefers them {words[v.word]} ({100 * v.difference:+.1f} points, "
        f"{100 * v.low:+.1f} to {100 * v.high:+.1f})"
        for network, v in judged.items()
    )
    return f"Stereotypes of fewer pieces than their opposite, against those of more: {'; '.join(said)}."


def frequency(found: Found, network: str = "pretrained") -> dict[str, list[Interval]]:
    """By score and kind of rare name how often each run prefers the frequent name of a pair, with Wilson's interval."""
    made: dict[str, list[Interval]] = {}
    for run in of(found, SCORED, network):
        for key, differences in run["frequency"].items():
            more, n = int(np.sum(np.array(differences) > 0)), len(differences)
            made.setdefault(key, []).append((more / n, *accuracy_interval(more, n)))
    return made


def frequency_figure(found: Found) -> Any:
    """How often each score prefers the frequent of two names of one group, beside networks of random weights."""
    plots.style()
    fig, axes = plt.subplots(figsize=(5.8, 3.6))
    axes.set(xlabel="frequent name preferred (% of pairs)", xlim=(-2, 102))
    shares, random = frequency(found), frequency(found, "random")
    for y, (key, [(mean, low, high)]) in enumerate(shares.items()):
        others = [100 * share for share, *_ in random[key]]
        axes.plot(others, [y + 0.2] * len(others), "x", color=plots.PALETTE[1], label="random weights")
        axes.plot([100 * low, 100 * high], [y, y], color=plots.PALETTE[0])
        axes.plot(100 * mean, y, "o", color=plots.PALETTE[0], label="pretrained")
    axes.axvline(50, color="black", linestyle="--", linewidth=1)
    axes.set_yticks(range(len(shares)), [key.replace(", ", "\nrare name: ") for key in shares])
    axes.invert_yaxis()
    names = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    fig.legend(names.values(), names.keys(), loc="outside lower center", ncols=2)
    return fig


def frequency_table(found: Found) -> Any:
    """A row a score and a kind of rare name: how often the frequent name is preferred, and to which the score leans."""
    shares, random = frequency(found), frequency(found, "random")
    rows = []
    for key, [(mean, low, high)] in shares.items():
        others = [100 * share for share, *_ in random[key]]
        span = " to ".join(dict.fromkeys(f"{share:.0f}" for share in (min(others), max(others))))
        rows.append([*key.split(", "), f"{100 * mean:.0f}", span, _lean(low, high)])
    columns = ["score", "rare name", "pretrained", "random weights", "pretrained leans to"]
    caption = (
        "How often the frequent name is preferred, in percent of pairs. A score leans where the 95 % interval of the "
        "pretrained network leaves out one half."
    )
    return plots.table(rows, columns, caption)


def told_frequency(found: Found) -> str:
    """Which leans networks of random weights have too, so that they were not learnt."""
    shares, random = frequency(found), frequency(found, "random")
    unlearnt = [
        key
        for key, [(_, *bounds)] in shares.items()
        if (lean := _lean(*bounds)) != NO_LEAN and all(_lean(*other) == lean for _, *other in random[key])
    ]
    if not unlearnt:
        return "No lean of the pretrained network is one that all networks of random weights have too."
    names = " and ".join(f"“{key}”" for key in unlearnt)
    return (
        f"All networks of random weights lean as the pretrained one does for {names}: "
        "that lean comes from how the score adds up, and was not learnt."
    )


def _lean(low: float, high: float) -> str:
    return "frequent" if low > 0.5 else "rare" if high < 0.5 else NO_LEAN
