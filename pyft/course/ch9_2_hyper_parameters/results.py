"""The stored runs of `pyft bench hyperparameters`, as the page shows them."""

import warnings
from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.distributions import CategoricalDistribution
from optuna.importance import FanovaImportanceEvaluator, get_param_importances

from pyft import plots
from pyft.benchmarks.experiment import Found, Run
from pyft.benchmarks.kept import complete
from pyft.course.ch9_2_hyper_parameters.experiment import ALL, LEFT_ALONE, STEPS, hits, plan
from pyft.course.ch9_2_hyper_parameters.importance import Axes, best_of, shares
from pyft.course.ch9_2_hyper_parameters.recipes import GRID, NAMES, SEEDS, Setting, settings
from pyft.evaluation.power import undecided
from pyft.evaluation.stats import UNDECIDED, mean_interval
from pyft.evaluation.verdicts import Verdict, compare_runs

SEED_AXIS = len(GRID)
_RATE, _BATCH = list(GRID).index("lr"), list(GRID).index("batch_size")
TRIES = (1, 2, 4, 8, 16, 32, len(settings()))


def stored() -> Found:
    """All runs of the plan.

    Raises:
        PyftError: one is missing.
    """
    return complete("hyperparameters", plan, lambda r: (*r["setting"], r["seed"]))


def by_setting(found: Found) -> dict[tuple[int, Setting], Run]:
    """The run of each seed and setting, in the grid's order."""
    runs = {(r["seed"], tuple(r["setting"])): r for r in found["runs"]}
    return {(seed, s): runs[seed, s] for seed in range(SEEDS) for s in settings()}


def table_of(found: Found, score: str = "accuracy") -> NDArray[np.float64]:
    """A score of every run, an axis for each hyper-parameter and a last one for seeds."""
    runs = by_setting(found)
    flat = [[runs[seed, s][score] for seed in range(SEEDS)] for s in settings()]
    return np.array(flat).reshape(*map(len, GRID.values()), SEEDS)


# --- how the spread is shared -----------------------------------------------------------------------------------------


def importances(found: Found) -> dict[str, float]:
    """The share of the spread of test accuracy that is each hyper-parameter's, what they make together, and seeds'."""
    parts = shares(table_of(found))
    alone = {NAMES[name]: parts[i,] for i, name in enumerate(GRID)}
    return alone | {
        "two or more together": _sum(parts, lambda S: SEED_AXIS not in S and len(S) > 1),
        "seed": parts[SEED_AXIS,],
        "seed and setting together": _sum(parts, lambda S: SEED_AXIS in S and len(S) > 1),
    }


def _sum(parts: Mapping[Axes, float], chosen: Any) -> float:
    return sum(share for S, share in parts.items() if chosen(S))


def of_optuna(found: Found) -> dict[str, float]:
    """What Optuna's fANOVA, by a forest, makes of the settings' means over seeds: a share for each hyper-parameter."""
    means = table_of(found).mean(-1).ravel()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize")
    kinds = {name: CategoricalDistribution(values) for name, values in GRID.items()}
    for s, mean in zip(settings(), means, strict=True):
        values = dict(zip(GRID, s, strict=True))
        study.add_trial(optuna.trial.create_trial(params=values, distributions=kinds, value=float(mean)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # of `normalize`
        shared = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0), normalize=False)
    return {NAMES[name]: float(shared[name]) for name in GRID}


def importance_table(found: Found) -> Any:
    """A row a hyper-parameter, by its share: ours of all runs, ours and Optuna's of the settings' means."""
    ours = importances(found)
    of_means = shares(table_of(found).mean(-1))
    means, theirs = {NAMES[name]: of_means[i,] for i, name in enumerate(GRID)}, of_optuna(found)
    rows = [
        [name, *(f"{100 * x:.1f}" if x is not None else "" for x in (share, means.get(name), theirs.get(name)))]
        for name, share in sorted(ours.items(), key=lambda item: (item[0] not in means, -item[1]))
    ]
    return plots.table(rows, _COLUMNS, "Shares of the spread of test accuracy, in percent.")


_COLUMNS = ["what", "of all runs", "of means over seeds", "the same by Optuna's forest"]


# --- the rate and the batch size together -----------------------------------------------------------------------------


def hits_with(found: Found, lr: float, batch_size: float) -> NDArray[np.float64]:
    """How often each test text is classified rightly with this rate and batch size, over all else: (S, N)."""
    runs = by_setting(found)
    held = [s for s in settings() if (s[_RATE], s[_BATCH]) == (lr, batch_size)]
    return np.array([np.mean([hits(runs[seed, s]) for s in held], axis=0) for seed in range(SEEDS)])


def steps(found: Found) -> dict[tuple[float, float], Verdict]:
    """By how much more each step of the rate changes accuracy with the largest batches than with the smallest."""
    small, large = min(GRID["batch_size"]), max(GRID["batch_size"])

    def change(step: tuple[float, float], batch_size: float) -> NDArray[np.float64]:
        low, high = step
        return hits_with(found, high, batch_size) - hits_with(found, low, batch_size)

    return STEPS.correct({step: compare_runs(change(step, large), change(step, small)) for step in STEPS.members})


def rates_table(found: Found) -> Any:
    """A row a rate: mean test accuracy with each batch size, over all else."""
    columns = ["learning rate", *(f"batches of {B:g}" for B in GRID["batch_size"])]
    rows = [
        [f"{lr:g}", *(f"{100 * hits_with(found, lr, B).mean():.1f}" for B in GRID["batch_size"])] for lr in GRID["lr"]
    ]
    return plots.table(rows, columns, "Test accuracy in percent, means over the other settings and the seeds.")


# --- what one loses by leaving it alone -------------------------------------------------------------------------------


def chosen(found: Found, fixed: str = "") -> list[Run]:
    """Of each seed the run whose setting is best on its validation texts; of equally good ones the first of the grid.

    Only settings count in which `fixed`, a hyper-parameter or all of them, is at the library's default.
    """
    runs = by_setting(found)
    names = list(GRID) if fixed == ALL else [fixed] if fixed else []
    held = {list(GRID).index(name): GRID[name][0] for name in names}
    allowed = [s for s in settings() if all(s[i] == value for i, value in held.items())]
    return [max((runs[seed, s] for s in allowed), key=lambda r: r["validation"]) for seed in range(SEEDS)]


def verdicts(found: Found) -> dict[str, Verdict]:
    """One hyper-parameter, or all, left at the default, against all chosen: in shares, paired by seed and text.

    Corrected for the whole family; a member for which the same runs are chosen is left out, as nothing is compared.
    """
    best = np.stack([hits(r) for r in chosen(found)])  # (S, N)
    judged = LEFT_ALONE.correct(
        {name: compare_runs(np.stack([hits(r) for r in chosen(found, name)]), best) for name in LEFT_ALONE.members}
    )
    return {name: v for name, v in judged.items() if chosen(found, name) != chosen(found)}


def left_alone_table(found: Found) -> Any:
    """A row a hyper-parameter: test accuracy if it alone stays at the default, and what that costs."""
    judged = verdicts(found)
    columns = ["left at the default", "its value", "accuracy", "against all chosen", "95 % interval", "verdict"]
    rows: list[list[Any]] = []
    best = f"{100 * np.mean([r['accuracy'] for r in chosen(found)]):.1f}"
    for name, v in sorted(judged.items(), key=lambda item: item[1].difference):
        accuracy = 100 * np.mean([r["accuracy"] for r in chosen(found, name)])
        interval = f"{100 * v.low:+.1f} to {100 * v.high:+.1f}"
        difference = f"{100 * v.difference:+.1f}"
        rows.append([NAMES.get(name, name), _default(name), f"{accuracy:.1f}", difference, interval, v.word])
    rows += [[NAMES.get(name, name), _default(name), best, "", "", "the same runs"] for name in _unmoved(judged)]
    rows.append(["none", "", best, "", "", ""])
    return plots.table(rows, columns, f"Test accuracy in percent, means of {SEEDS} seeds; verdicts corrected together.")


def _default(name: str) -> str:
    return f"{GRID[name][0]:g}" if name in GRID else ""


def _unmoved(judged: Mapping[str, Verdict]) -> list[str]:
    """Those that validation texts put at the default anyway, so that there is nothing to compare."""
    return [name for name in LEFT_ALONE.members if name not in judged]


# --- how many tries ---------------------------------------------------------------------------------------------------


def expected(found: Found) -> dict[int, list[float]]:
    """For so many tries the test accuracy to expect of the best on validation, a value for each seed."""
    runs = by_setting(found)
    of_seeds = [[runs[seed, s] for s in settings()] for seed in range(SEEDS)]
    return {
        n: [best_of([r["validation"] for r in some], [r["accuracy"] for r in some], n) for some in of_seeds]
        for n in TRIES
    }


def tries_figure(found: Found) -> Any:
    """The test accuracy to expect over the number of settings that are tried, a line a seed and their mean."""
    plots.style()
    fig, axes = plt.subplots(figsize=(5.8, 3.4))
    axes.set(xscale="log", xlabel="settings tried", ylabel="test accuracy to expect (%)")
    axes.set_xticks(TRIES, [str(n) for n in TRIES])
    axes.minorticks_off()
    means = expected(found)
    for seed in range(SEEDS):
        axes.plot(
            TRIES, [100 * means[n][seed] for n in TRIES], color=plots.PALETTE[5], linewidth=1,
            label="one seed" if not seed else None,
        )  # fmt: skip
    axes.plot(TRIES, [100 * np.mean(means[n]) for n in TRIES], marker="o", label="mean")
    axes.legend(fontsize="small")
    return fig


def importance_figure(found: Found) -> Any:
    """The shares as bars, hyper-parameters first, by their share."""
    plots.style()
    fig, axes = plt.subplots(figsize=(5.8, 3.4))
    ours = importances(found)
    axes.set(xlabel="share of the spread of test accuracy (%)")
    names = sorted(ours, key=lambda name: (name in NAMES.values(), ours[name]))
    colours = [plots.PALETTE[0] if name in NAMES.values() else plots.PALETTE[4] for name in names]
    axes.barh(names, [100 * ours[name] for name in names], color=colours)
    return fig


# --- in words ---------------------------------------------------------------------------------------------------------


def told(found: Found) -> dict[str, str]:
    """What the runs say, in sentences: `three`, `pair`, `left`, `tries`, `flattered`."""
    judged, ours = verdicts(found), importances(found)
    ranked = sorted(NAMES.values(), key=lambda name: -ours[name])
    first = ", ".join(f"{name} ({100 * ours[name]:.0f} %)" for name in ranked[:3])
    rest = " and ".join(ranked[3:])
    of = {word: [key for key in judged if judged[key].word == word] for word in ("better", "worse")}
    means = {n: 100 * float(np.mean(some)) for n, some in expected(found).items()}
    best = chosen(found)
    gap = mean_interval([100 * (r["validation"] - r["accuracy"]) for r in best])
    return {
        "three": f"Taken by themselves, these three have the largest shares of the spread: {first}, together "
        f"{100 * sum(ours[name] for name in ranked[:3]):.0f} %. {rest.capitalize()} have "
        f"{100 * sum(ours[name] for name in ranked[3:]):.0f} % between them. What two or more do together makes "
        f"{100 * ours['two or more together']:.0f} %, the seed by itself {100 * ours['seed']:.0f} %, and the seed "
        f"together with the setting {100 * ours['seed and setting together']:.0f} %.",
        "pair": _pair(found),
        "left": f"Of {len(judged)} comparisons, corrected together, {len(of['worse']) or 'none'} found that leaving it "
        f"at the default is worse{_named(of['worse'])}, and {len(of['better']) or 'none'} that it is better"
        f"{_named(of['better'])}{'; in the others no difference is shown' if undecided(judged.values()) else ''}."
        + undecided(judged.values())
        + _same_runs(_unmoved(judged)),
        "tries": f"One setting drawn blindly gives {means[1]:.1f} % on test texts, the best of {TRIES[3]} on "
        f"validation texts {means[TRIES[3]]:.1f} %, and the best of all {TRIES[-1]} {means[TRIES[-1]]:.1f} %: means "
        "over seeds, without a test.",
        "flattered": f"On its validation texts the chosen setting scores {gap[0]:+.1f} points against test texts "
        f"({gap[1]:+.1f} to {gap[2]:+.1f}, over seeds).",
    }


def _named(some: list[str]) -> str:
    return f" ({'; '.join(NAMES.get(name, name) for name in some)})" if some else ""


def _same_runs(some: list[str]) -> str:
    names = " or ".join(NAMES.get(name, name) for name in some)
    return f" With {names} at the default the same runs are chosen, so there is nothing to compare." if some else ""


def _pair(found: Found) -> str:
    """Where the best rate lies with each batch size, and what the test says of the step that differs most."""
    tops = {B: max(GRID["lr"], key=lambda lr: hits_with(found, lr, B).mean()) for B in GRID["batch_size"]}
    small, large = min(tops), max(tops)
    part = shares(table_of(found))[_RATE, _BATCH]
    (low, high), v = max(steps(found).items(), key=lambda item: abs(item[1].difference))
    return (
        f"The rate and the batch size together have another {100 * part:.0f} %. With batches of {small:g} the highest "
        f"mean is at the rate {_plain(tops[small])}, with batches of {large:g} at {_plain(tops[large])}. The test asks "
        "of each step from one rate to the next whether it does the same for accuracy with either batch size. The "
        f"answers differ most from {_plain(low)} to {_plain(high)}: there the larger batches gain "
        f"{100 * v.difference:+.1f} points against the smaller ({100 * v.low:+.1f} to {100 * v.high:+.1f}; {v.word}). "
    ) + (
        "So these runs do not show that what a rate is worth depends on the batch size."
        if v.word == UNDECIDED
        else "So what a rate is worth depends on the batch size: who changes one of the two has to try the other again."
    )


def _plain(lr: float) -> str:
    return np.format_float_positional(lr, trim="-")
