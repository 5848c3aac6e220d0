"""The kept runs of an experiment, as a page reads them: all of its plan, or none."""

from collections.abc import Callable, Sequence

from pyft.benchmarks.experiment import Arguments, Found, Run, bench
from pyft.errors import PyftError


def complete(
    name: str, plan: Callable[[Sequence[Run]], Sequence[Arguments]], arguments: Callable[[Run], Arguments]
) -> Found:
    """The kept runs of an experiment; `arguments` says of a run what its plan asked for.

    It compares no keys, so it needs neither data nor weights: `Experiment.load` sees whether these are still the same.

    Raises:
        PyftError: nothing is kept, or some of the plan is missing; says how much, and the command that makes it.
    """
    found: Found = bench(name)
    planned, made = plan(found["runs"]), {arguments(run) for run in found["runs"]}
    missing = [some for some in planned if some not in made]
    if missing:
        raise PyftError(
            f"{name}.json lacks {len(missing)} of the {len(planned)} runs that are planned as yet; the first is "
            f"({', '.join(map(str, missing[0]))}). To make them: pyft bench {name}"
        )
    return found
