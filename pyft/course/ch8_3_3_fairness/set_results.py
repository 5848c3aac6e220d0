"""What the stored runs say of StereoSet, CrowS-Pairs and pairs of names; nothing is said of runs that are not there."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pyft import plots
from pyft.benchmarks.experiment import Found
from pyft.course.ch8_3_3_fairness.experiment import SCORED
from pyft.course.ch8_3_3_fairness.recipes import NETWORKS
from pyft.course.ch8_3_3_fairness.results import AWAITED, WAIT, empty, of
from pyft.course.ch8_3_3_fairness.scores import icat
from pyft.evaluation.stats import accuracy_interval, unpack_bits


def set_rows(found: Found) -> list[list[str]]:
    """A row a network: language score, stereotype score with its interval and ICAT; and what CrowS-Pairs counts."""
    rows = []
    for name in NETWORKS:
        runs = of(found, SCORED, name)
        if not runs:
            rows.append([f"{name} network", *["awaited"] * 4])
            continue
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
    return plots.table([*set_rows(found), *rules], columns, caption if found["runs"] else AWAITED)


def coin(n: int) -> tuple[float, float]:
    """Between which shares, in percent, a coin that is thrown n times falls nineteen times in twenty."""
    low, high = stats.binom.interval(0.95, n, 0.5)
    return 100 * float(low) / n, 100 * float(high) / n


def told_sets(found: Found) -> str:
    """Whether the pretrained network's scores lie where a coin's would, and where random networks' lie."""
    runs, random = of(found, SCORED, "pretrained"), of(found, SCORED, "random")
    if not runs or not random:
        return WAIT
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
    )
    said.append("to be outside it is no sign of a stereotype.")
    return " ".join(x.strip() for x in said)


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
            row.append(f"{np.mean(share):.1f}" if runs else "awaited")
        rows.append(row)
    columns = ["pieces of the stereotype", "pairs", *(f"{name} network (%)" for name in NETWORKS)]
    caption = "How often the stereotype comes out ahead of its opposite, by which of the two words has more pieces."
    return plots.table(rows, columns, caption if found["runs"] else AWAITED)


def frequency(found: Found, name: str = "pretrained") -> dict[str, tuple[float, float, float]]:
    """By score and kind of rare name: how often the frequent name of a pair is preferred, with Wilson's interval."""
    runs = of(found, SCORED, name)
    if not runs:
        return {}
    made = {}
    for key, differences in runs[0]["frequency"].items():
        more = int(np.sum(np.array(differences) > 0))
        made[key] = (more / len(differences), *accuracy_interval(more, len(differences)))
    return made


def frequency_figure(found: Found) -> Any:
    """How often each score prefers the frequent of two names of one group."""
    plots.style()
    fig, axes = plt.subplots(figsize=(5.8, 3.2))
    axes.set(xlabel="frequent name preferred (% of pairs)", xlim=(0, 100))
    shares = frequency(found)
    if not shares:
        return empty(fig, axes)
    for y, (mean, low, high) in enumerate(shares.values()):
        axes.plot([100 * low, 100 * high], [y, y], color=plots.PALETTE[0])
        axes.plot(100 * mean, y, "o", color=plots.PALETTE[0])
    axes.axvline(50, color="black", linestyle="--", linewidth=1)
    axes.set_yticks(range(len(shares)), [key.replace(", ", "\nrare name: ") for key in shares])
    axes.invert_yaxis()
    return fig


def told_frequency(found: Found) -> str:
    """Which scores prefer the frequent name, or the rare one, more often than chance explains."""
    shares = frequency(found)
    if not shares:
        return WAIT
    said = []
    for key, (mean, low, high) in shares.items():
        how, kind = key.split(", ")
        word = "prefers the frequent name" if low > 0.5 else "prefers the rare name" if high < 0.5 else "shows no lean"
        rare = "in one piece" if kind == "one piece" else "in pieces"
        said.append(
            f"{how}, rare name {rare}: the score {word} ({100 * mean:.0f} %, {100 * low:.0f} to {100 * high:.0f})"
        )
    return "; ".join(said).capitalize() + "."
