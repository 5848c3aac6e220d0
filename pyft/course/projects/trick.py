"""The project of part 3: whether one change of the recipe helps on a reader's own data, over seeds and test rows."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pyft.course.projects import Finding
from pyft.errors import PyftError
from pyft.evaluation.verdicts import Verdict, compare_f1, compare_runs
from pyft.finetune.own_runs import OwnRun, read_run, right_answers, scores

SEEDS = 3  # at least
UNITS = {"sequence-classification": "points of accuracy", "token-classification": "points of F1"}


def check(folders: Sequence[Path], test: Path) -> Iterator[Finding]:
    """Whether the runs are two recipes that differ in one thing, each over the same seeds; then the verdict on them.

    The recipe of the first folder is the baseline.

    Raises:
        PyftError: the folders do not hold two recipes, or one of them no finished run on `test`.
    """
    runs = list(map(read_run, folders))
    recipes: list[dict[str, Any]] = []
    for run in runs:
        if _recipe(run) not in recipes:
            recipes.append(_recipe(run))
    if len(recipes) != 2:
        said = "; ".join(map(_said, recipes)) or "none"
        raise PyftError(f"expected runs of two recipes, found {len(recipes)}: {said}.")
    groups = [{run.inputs["seed"]: run for run in runs if _recipe(run) == recipe} for recipe in recipes]
    right = right_answers(runs[0], test)
    other = sorted(
        {n for run in runs for n in ("task", "data", "validation", "test") if _of(run, n) != _of(runs[0], n)}
    )
    yield Finding(
        not other, f"all runs learnt from and were tested on the same files{': not ' * bool(other)}{', '.join(other)}"
    )
    names = [name for name in recipes[0] if recipes[0][name] != recipes[1][name]]
    changes = ", ".join(f"{name} {recipes[1][name]} in place of {recipes[0][name]}" for name in names)
    yield Finding(len(names) == 1, f"one thing is changed: {changes}")
    seeds = [sorted(group) for group in groups]
    yield Finding(seeds[0] == seeds[1], f"the same seeds for both: {seeds[0]} and {seeds[1]}")
    yield Finding(min(map(len, seeds)) >= SEEDS, f"at least {SEEDS} seeds each")
    if other or seeds[0] != seeds[1] or len(seeds[0]) < 2:
        return
    before, after = (scores([group[seed] for seed in seeds[0]], right) for group in groups)
    compare = compare_f1 if runs[0].task == "token-classification" else compare_runs
    yield Finding(None, _words(compare(after, before), runs[0].task))


def _of(run: OwnRun, name: str) -> Any:
    return run.inputs[name]


def _recipe(run: OwnRun) -> dict[str, Any]:
    """What a run was trained with. Patience follows from the number of epochs where nobody asked for it."""
    found = {"model": run.inputs["model"], "profile": run.inputs["profile"]} | run.card["recipe"]
    return found if run.inputs.get("patience") else found | {"patience": "usual"}


def _said(recipe: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in recipe.items())


def _words(found: Verdict, task: str) -> str:
    """A verdict in a line, for shares in points."""
    unit, times = UNITS.get(task, "in squared error"), 100 if task in UNITS else 1
    by, low, high, visible = (times * x for x in (found.difference, found.low, found.high, found.visible))
    return (
        f"the change is: {found.word}; {by:+.3g} {unit} ({low:.3g} to {high:.3g}), p = {found.p:.2g}; a true "
        f"difference of {visible:.2g} would have been found four times in five"
    )
