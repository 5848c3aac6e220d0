"""The stored runs of `pyft bench privacy` on secrets, members and private heads, as the page shows them."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from pyft import plots
from pyft.benchmarks.experiment import Found, Run
from pyft.benchmarks.kept import complete
from pyft.course.ch8_3_4_privacy_and_security import leaks
from pyft.course.ch8_3_4_privacy_and_security.experiment import (
    COST,
    EXPOSED,
    FOUND,
    MEMBERS,
    PRIVATE,
    SECRETS,
    answers,
    membership,
    plan,
)
from pyft.course.ch8_3_4_privacy_and_security.recipes import (
    COPIES,
    DELTA,
    DIGITS,
    EPOCHS,
    EPSILONS,
    POOL,
    RATES,
    TARGET,
)
from pyft.evaluation.stats import mean_interval
from pyft.evaluation.verdicts import Verdict, compare_influences, compare_runs

Floats = NDArray[np.float64]
BY_CHANCE = float(1 / np.log(2))  # bits: the mean exposure of a secret whose rank is as likely one as another


def stored() -> Found:
    """The kept runs.

    Raises:
        PyftError: one of the plan is missing.
    """
    return complete("privacy", plan, itemgetter("what", "arm", "seed"))


def of(found: Found, what: str, arm: Any) -> list[Run]:
    """The runs of one kind and arm, by seed."""
    return sorted((r for r in found["runs"] if (r["what"], r["arm"]) == (what, arm)), key=lambda r: r["seed"])


def over_seeds(differences: Sequence[float]) -> Verdict:
    """Test a difference that each seed gives once: Student's paired test."""
    return compare_influences(np.array(differences), np.zeros((len(differences), 2)))


def bounds(verdict: Verdict) -> str:
    """A difference in points, with its interval."""
    difference, low, high = (100 * x for x in (verdict.difference, verdict.low, verdict.high))
    return f"{difference:+.1f}, {low:+.1f} to {high:+.1f}"


# --- secrets ----------------------------------------------------------------------------------------------------------


def exposed(found: Found, when: str = "after") -> dict[int, list[float]]:
    """By number of copies the mean exposure of each seed's secrets, in bits."""
    made: dict[int, list[float]] = {n: [] for n in COPIES}
    for run in of(found, SECRETS, ""):
        copies, bits = np.array(run["copies"]), np.array(run[when])
        for n in COPIES:
            made[n].append(float(bits[copies == n].mean()))
    return made


def told_secrets(found: Found) -> str:
    """From how many copies on a secret is shown to be exposed more than one that is in no text."""
    made = exposed(found)
    judged = EXPOSED.correct(
        {n: over_seeds([a - b for a, b in zip(made[n], made[0], strict=True)]) for n in EXPOSED.members}
    )
    clear = [n for n, verdict in judged.items() if verdict.word == "better"]
    most = max(COPIES)
    mean, low, high = mean_interval(made[most])
    none = float(np.mean(made[0]))
    first = (
        f"A secret with {' or '.join(map(str, clear))} copies is shown to be exposed more than one that is in no text."
        if clear
        else "No number of copies is shown to expose a secret more than one that is in no text."
    )
    return (
        f"{first} With {most} copies the exposure is {mean:.1f} bits ({low:.1f} to {high:.1f}), with none {none:.1f}; "
        f"guessing alone gives {BY_CHANCE:.1f} on average, and {DIGITS * np.log2(10):.1f} is the most there is."
    )


def secrets_figure(found: Found) -> Any:
    """Exposure over the number of copies: a point a seed, and the mean over seeds with its interval."""
    plots.style()
    fig, axes = plt.subplots(figsize=(5.8, 3.4))
    axes.set(xlabel="copies of the secret in the texts", ylabel="exposure (bits)")
    made = exposed(found)
    for x, n in enumerate(COPIES):
        mean, low, high = mean_interval(made[n])
        axes.plot([x + 0.12] * len(made[n]), made[n], "o", color=plots.PALETTE[5], markersize=4)
        axes.errorbar(x, mean, [[mean - low], [high - mean]], fmt="o", color=plots.PALETTE[0], capsize=3)
    axes.axhline(BY_CHANCE, color="black", linestyle="--", linewidth=1, label="by chance")
    axes.axhline(DIGITS * np.log2(10), color="black", linestyle=":", linewidth=1, label="known exactly")
    axes.set_xticks(range(len(COPIES)), [str(n) for n in COPIES])
    axes.legend()
    return fig


# --- members ----------------------------------------------------------------------------------------------------------


def attacks(found: Found, epochs: int) -> dict[str, list[tuple[Floats, Floats]]]:
    """By attack and run the scores of texts that were learnt from, and of those that were not; higher accuses."""
    runs = of(found, MEMBERS, epochs)
    losses, member = np.array([r["loss"] for r in runs]), np.stack([membership(r["seed"]) for r in runs])  # (S, N)
    scores = {"loss": -losses, "calibrated": leaks.calibrated(losses, member)}
    return {
        name: [(row[inside], row[~inside]) for row, inside in zip(some, member, strict=True)]
        for name, some in scores.items()
    }


def members_table(found: Found) -> Any:
    """A row for each number of epochs and attack: area under the curve, and members found at few false positives."""
    rows: list[list[str]] = []
    for epochs in EPOCHS:
        for name, pairs in attacks(found, epochs).items():
            area = mean_interval([leaks.area(*pair) for pair in pairs])
            caught = mean_interval([100 * leaks.true_positives(*pair, TARGET) for pair in pairs])
            rows.append(
                [
                    str(epochs),
                    name,
                    "{:.2f} ({:.2f} to {:.2f})".format(*area),
                    "{:.1f} ({:.1f} to {:.1f})".format(*np.maximum(caught, 0)),
                ]
            )
    rows.append(["–", "a coin", "0.50", f"{100 * leaks.found_by_chance(POOL // 2, TARGET):.1f}"])
    columns = ["epochs", "attack", "area under the curve", f"found at {100 * TARGET:.0f} % false (%)"]
    return plots.table(rows, columns, "Means over runs, with 95 % intervals.")


def members_figure(found: Found) -> Any:
    """The mean curve of each attack, on logarithmic axes; a panel for each number of epochs."""
    plots.style()
    fig, panels = plt.subplots(1, len(EPOCHS), figsize=(5.8, 3.5))
    at = np.geomspace(0.002, 1, 60)
    for axes, epochs in zip(panels, EPOCHS, strict=True):
        axes.set(title=f"{epochs} epochs", xlabel="false positive rate", ylabel="true positive rate")
        axes.set(xscale="log", yscale="log")
        for i, (name, pairs) in enumerate(attacks(found, epochs).items()):
            mean = np.mean([leaks.true_positives(*pair, at) for pair in pairs], 0)
            axes.plot(at, np.maximum(mean, 1e-3), color=plots.PALETTE[i], linestyle="-:"[i], label=name)
        axes.plot(at, at, color="black", linestyle="--", linewidth=1, label="a coin")
        axes.legend()
    return fig


def told_members(found: Found) -> str:
    """Whether members are found more often than a coin finds them, and whether other runs help."""
    judged: dict[tuple[int, str], Verdict] = {}
    for epochs in EPOCHS:
        curves = attacks(found, epochs)
        caught = {name: [leaks.true_positives(*pair, TARGET) for pair in pairs] for name, pairs in curves.items()}
        judged[epochs, "loss"] = over_seeds([x - leaks.found_by_chance(POOL // 2, TARGET) for x in caught["loss"]])
        judged[epochs, "calibrated"] = over_seeds(np.subtract(caught["calibrated"], caught["loss"]).tolist())
    judged = FOUND.correct(judged)
    said = []
    for epochs in EPOCHS:
        alone, helped = judged[epochs, "loss"], judged[epochs, "calibrated"]
        word = {"better": "finds more", "worse": "finds fewer", "no difference shown": "is not shown to find more"}
        said.append(
            f"After {epochs} epochs the loss {word[alone.word]} members than a coin ({bounds(alone)} points); "
            f"calibrated by other runs it {word[helped.word]} than alone ({bounds(helped)} points)."
        )
    return " ".join(said)


# --- private heads ----------------------------------------------------------------------------------------------------


def chosen(runs: Sequence[Run]) -> str:
    """The learning rate that is best on validation texts, over all seeds; on a tie the smaller."""
    return max(map(str, RATES), key=lambda rate: (np.mean([r["validation"][rate] for r in runs]), -float(rate)))


def private_answers(found: Found) -> dict[str, NDArray[np.bool_]]:
    """By epsilon which test reviews are classified rightly, with the chosen rate: (S, N)."""
    runs = {name: of(found, PRIVATE, name) for name in EPSILONS}
    return {name: np.stack([answers(r, chosen(some)) for r in some]) for name, some in runs.items()}


def private_verdicts(found: Found) -> dict[str, Verdict]:
    """Each epsilon against the head without noise; corrected together."""
    hit = private_answers(found)
    return COST.correct({name: compare_runs(hit[name], hit["none"]) for name in COST.members})


def private_table(found: Found) -> Any:
    """A row an epsilon: noise, the rate that was chosen, accuracy and its verdict; the commonest class below."""
    hit, judged, rows = private_answers(found), private_verdicts(found), []
    for name in EPSILONS:
        runs = of(found, PRIVATE, name)
        mean, low, high = mean_interval((100 * hit[name].mean(1)).tolist())
        word = judged[name].word if name in judged else "–"
        rows.append([name, f"{runs[0]['noise']:.2f}", chosen(runs), f"{mean:.1f} ({low:.1f}–{high:.1f})", word])
    majority = of(found, PRIVATE, "none")[0]["majority"]
    rows.append(["always the commonest class", "–", "–", f"{100 * majority:.1f}", "–"])
    columns = ["epsilon", "noise", "learning rate", "accuracy (%)", "against no noise"]
    return plots.table(rows, columns, "Means over seeds, with 95 % intervals.")


def private_figure(found: Found) -> Any:
    """Accuracy over epsilon with intervals over seeds, between no noise above and the commonest class below."""
    plots.style()
    fig, axes = plt.subplots(figsize=(5.8, 3.2))
    axes.set(xlabel="epsilon", ylabel="accuracy (%)", xscale="log")
    hit = private_answers(found)
    for name in COST.members:
        mean, low, high = mean_interval((100 * hit[name].mean(1)).tolist())
        axes.errorbar(float(name), mean, [[mean - low], [high - mean]], fmt="o", color=plots.PALETTE[0], capsize=3)
    axes.axhline(100 * hit["none"].mean(), color=plots.PALETTE[2], label="no noise")
    majority = of(found, PRIVATE, "none")[0]["majority"]
    axes.axhline(100 * majority, color="black", linestyle="--", linewidth=1, label="commonest class")
    axes.set_xticks([float(name) for name in COST.members], list(COST.members))
    axes.minorticks_off()
    axes.legend()
    return fig


def told_private(found: Found) -> str:
    """At which epsilons accuracy is lower than without noise."""
    judged = private_verdicts(found)
    named = {word: [name for name, v in judged.items() if v.word == word] for word in ("worse", "better")}
    shown = [f"{word} at epsilon {', '.join(names)}" for word, names in named.items() if names]
    said = f"accuracy is {' and '.join(shown)}" if shown else "no difference in accuracy is shown at any epsilon"
    each = "; ".join(f"{name}: {bounds(verdict)}" for name, verdict in judged.items())
    return (
        f"Against training without noise, {said}. "
        f"The differences in points, by epsilon, are {each}. Delta is {DELTA:.5f}, and the unit is one text."
    )
