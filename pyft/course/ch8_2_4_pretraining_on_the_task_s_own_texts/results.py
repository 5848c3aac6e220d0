"""The stored runs of `pyft bench adaptation`, as the page shows them."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from pyft import plots
from pyft.benchmarks.experiment import Found, Run
from pyft.benchmarks.kept import complete
from pyft.course.ch8_2_4_pretraining_on_the_task_s_own_texts.experiment import OWN_TEXTS, hits, plan
from pyft.course.ch8_2_4_pretraining_on_the_task_s_own_texts.recipes import AMOUNTS, ARMS, NONE, TASKS, other
from pyft.evaluation.power import undecided
from pyft.evaluation.stats import mean_interval
from pyft.evaluation.verdicts import Verdict, compare_runs

Key = tuple[str, str, str]  # task, amount of labels, what its own texts are compared with


def stored() -> Found:
    """The kept runs.

    Raises:
        PyftError: one of the plan is missing.
    """
    return complete("adaptation", plan, itemgetter("arm", "seed"))


def by_arm(found: Found) -> dict[str, list[Run]]:
    """The runs of each arm, by seed."""
    runs = sorted(found["runs"], key=lambda r: r["seed"])
    return {arm: [r for r in runs if r["arm"] == arm] for arm in ARMS}


def arm_of(task: str, reading: str) -> str:
    """What was read: nothing, the task's own texts, or the other task's."""
    return {NONE: NONE, "own texts": task, "other texts": other(task)}[reading]


def verdicts(found: Found) -> dict[Key, Verdict]:
    """A task's own texts against nothing and against other texts, in shares, paired by seed and text; corrected."""
    runs = by_arm(found)

    def answers(task: str, amount: str, reading: str) -> Any:
        return np.stack([hits(r, task, amount) for r in runs[arm_of(task, reading)]])  # (S, N)

    return OWN_TEXTS.correct(
        {
            (task, amount, against): compare_runs(answers(task, amount, "own texts"), answers(task, amount, against))
            for task, amount, against in OWN_TEXTS.members
        }
    )


# --- in words ---------------------------------------------------------------------------------------------------------


def told(found: Found) -> dict[str, str]:
    """What the runs say, in sentences: `losses`, `verdict`, `reason`."""
    runs, judged = by_arm(found), verdicts(found)
    of = {word: [key for key in judged if judged[key].word == word] for word in ("better", "worse")}
    return {
        "losses": " ".join(_losses(runs, task) for task in TASKS),
        "verdict": _verdict(judged, of["better"], of["worse"]) + undecided(judged.values()),
        "reason": " ".join(_reason(judged, task, amount) for task in TASKS for amount in AMOUNTS),
    }


def _losses(runs: Mapping[str, Sequence[Run]], task: str) -> str:
    """One sentence: the loss on a task's hidden words before, after its own texts and after the other's."""
    before = runs[NONE][0]["loss"][task]
    after = {
        reading: mean_interval([r["loss"][task] for r in runs[arm_of(task, reading)]])
        for reading in ("own texts", "other texts")
    }
    own, others = ("{:.2f} ({:.2f} to {:.2f})".format(*after[reading]) for reading in ("own texts", "other texts"))
    return (
        f"On {task} it is {before:.2f} nats as the model came, {own} after texts of the same kind, and {others} after "
        "those of the other task; in brackets 95 % intervals over seeds."
    )


def _reason(judged: Mapping[Key, Verdict], task: str, amount: str) -> str:
    """One sentence: what the comparisons with nothing and with other texts say together."""
    words = [judged[task, amount, against].word for against in (NONE, "other texts")]
    differences = [100 * judged[task, amount, against].difference for against in (NONE, "other texts")]
    what = {
        ("better", "better"): "its own texts helped, and more than as many steps on others did",
        ("better", "no difference shown"): "it helped to train on, and that it was its own texts is not shown",
        ("better", "worse"): "it helped to train on, and other texts helped more",
        ("no difference shown", "better"): "its own texts did more than others, yet no gain over reading nothing is "
        "shown",
        ("no difference shown", "no difference shown"): "no difference is shown",
        ("no difference shown", "worse"): "its own texts did less than others, and no gain over reading nothing is "
        "shown",
    }.get((words[0], words[1]), "it was worse than to read nothing")
    return (
        f"{task.capitalize()}, {amount} labels: {what} (against nothing {differences[0]:+.1f} points, against other "
        f"texts {differences[1]:+.1f})."
    )


def _verdict(judged: Mapping[Key, Verdict], better: Sequence[Key], worse: Sequence[Key]) -> str:
    start = f"Of {len(judged)} comparisons, corrected together, "
    if not better and not worse:
        return start + "none shows a difference: neither against nothing nor against other texts."
    return (
        f"{start}{len(better)} found that a task's own texts are better{_named(better)}, and {len(worse)} that they "
        f"are worse{_named(worse)}; in the others no difference is shown."
    )


def _named(some: Sequence[Key]) -> str:
    """The comparisons by name in brackets, if there are any."""
    names = "; ".join(
        f"{task}, {amount} labels, than {'nothing' if against == NONE else against}" for task, amount, against in some
    )
    return f" ({names})" if some else ""


# --- figures and table ------------------------------------------------------------------------------------------------

READINGS = (NONE, "own texts", "other texts")


def loss_figure(found: Found) -> Any:
    """The loss on hidden words of each task's test texts, by what was read."""
    return _panels(found, "loss on hidden words (nats)", lambda r, task: r["loss"][task], ("",))


def accuracy_figure(found: Found) -> Any:
    """Accuracy of each task with few labels and with many, by what was read."""
    return _panels(found, "accuracy (%)", lambda r, task, amount: 100 * r["accuracy"][f"{task}, {amount}"], AMOUNTS)


def _panels(found: Found, unit: str, value: Any, groups: Sequence[str]) -> Any:
    """A panel a task; in each group a point a reading, with its interval over seeds."""
    plots.style()
    runs = by_arm(found)
    fig, panels = plt.subplots(1, len(TASKS), figsize=(5.8, 3.4))
    for axes, task in zip(panels, TASKS, strict=True):
        axes.set(title=task, ylabel=unit)
        for i, reading in enumerate(READINGS):
            for j, group in enumerate(groups):
                some = [value(r, task, *([group] if group else [])) for r in runs[arm_of(task, reading)]]
                mean, low, high = mean_interval(some)
                x = j + 0.22 * (i - 1) if len(groups) > 1 else i
                axes.errorbar(
                    x, mean, [[mean - low], [high - mean]], fmt="osD"[i], color=plots.PALETTE[i], capsize=3,
                    label=reading if j == 0 else None,
                )  # fmt: skip
        names = [f"{group} labels" for group in groups] if len(groups) > 1 else list(READINGS)
        axes.set_xticks(range(len(names)), [name.replace(" ", "\n") for name in names])
        axes.margins(x=0.25)
    if len(groups) > 1:
        fig.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return fig


def table(found: Found) -> Any:
    """A row a task and amount of labels: accuracy by what was read, and both verdicts."""
    runs, judged = by_arm(found), verdicts(found)
    rows = []
    for task in TASKS:
        for amount in AMOUNTS:
            row: list[Any] = [task, TASKS[task].labels(amount).rows]
            for reading in READINGS:
                row.append(
                    f"{100 * np.mean([r['accuracy'][f'{task}, {amount}'] for r in runs[arm_of(task, reading)]]):.1f}"
                )
            rows.append([*row, *(judged[task, amount, against].word for against in (NONE, "other texts"))])
    caption = "Accuracy in percent by what was read before, means over seeds. The last two columns: how a task's own "
    caption += "texts did against nothing and against other texts."
    return plots.table(rows, ["task", "labels", *READINGS, "against nothing", "against other texts"], caption)
