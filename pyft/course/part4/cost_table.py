"""The table of what each mistake costs, from the stored runs."""

from collections.abc import Collection
from typing import Any

from pyft.benchmarks.experiment import bench
from pyft.evaluation.stats import verdict
from pyft.mutation import Mutant

COST_COLUMNS = (
    "mistake",
    "training",
    "right code",
    "as it reports",
    "interval of the difference",
    "verdict",
    "in truth",
)


def cost_rows(mutants: Collection[Mutant]) -> list[list[str]]:
    """One row a mutant for `plots.table` with `COST_COLUMNS`, from what `pyft bench mutants` measured."""
    names = {mutant.name for mutant in mutants}
    return [_cost(m["mutant"], m) for m in bench("mutants")["runs"] if m["mutant"] in names]


def _cost(name: str, m: dict[str, Any]) -> list[str]:
    def score(values: list[float]) -> str:
        mean = sum(values) / len(values)
        return f"{100 * mean:.1f} %" if m["accuracy"] else f"{mean:.2f}"

    right = score(m["right"])
    if "error" in m:
        return [name, m["run"], right, m["error"], "", "fails", ""]
    low, high = m["own"]["interval"]
    word = verdict(low, not low <= 0 <= high)
    unit = 100 if m["accuracy"] else 1
    interval = "exactly the same" if m["own"]["same"] else f"{unit * low:+.2f} to {unit * high:+.2f}"
    return [name, m["run"], right, score(m["own"]["scores"]), interval, word, score(m["true"]["scores"])]
