"""Plausible mistakes in the hand-written mathematics, one line each, and the hunt for them with the page's proofs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pyft.evidence import Case, ProofError, bench, same
from pyft.maths import Maths, mutated
from pyft.stats import verdict

Family = Callable[[Maths], Iterator[Case]]  # a family of proofs: cases of ours against the library's


class SurvivedError(AssertionError):
    """No proof noticed a mutant: a proof is missing."""


@dataclass(frozen=True)
class Mutant:
    """A mistake: `old` becomes `new` in `pyft/{module}.py`. `note` says what it is, or who published it."""

    name: str
    module: str
    old: str
    new: str
    note: str
    run: str = "BERT"  # the short training that shows its cost, see `costs.RUNS`

    def lines(self) -> tuple[str, str]:
        """The lines that differ, as they were and as they are."""
        old, new = ([line.strip() for line in text.splitlines()] for text in (self.old, self.new))
        was, now = [line for line in old if line not in new], [line for line in new if line not in old]
        return "; ".join(was), "; ".join(now)


def hunt(mutant: Mutant, families: dict[str, Family]) -> str:
    """Which proof catches the mutant, and how: the first that fails. An exception catches it as well.

    Raises:
        SurvivedError: all proofs pass.
        PyftError: the mutant does not fit the source.
    """
    broken = mutated(mutant.module, mutant.old, mutant.new)
    for name, family in families.items():
        try:
            for what, ours, reference, tol in family(broken):
                same(f"{name}, {what}", ours, reference, tol)
        except ProofError as error:
            return str(error)
        except Exception as error:
            return f"{name}: {type(error).__name__}"
    raise SurvivedError(f"mutant {mutant.name!r} survives: {', '.join(families)} all pass on it")


COLUMNS = ("mistake", "what it is", "the change", "caught by")


def table(mutants: list[Mutant], families: dict[str, Family]) -> list[list[str]]:
    """One row a mutant for `plots.table` with `COLUMNS`, each hunted now; how far it was off is left out.

    Raises: as `hunt` does.
    """
    caught = {m: hunt(m, families).split(": largest difference")[0] for m in mutants}
    return [[m.name, m.note, "- {}\n+ {}".format(*m.lines()), caught[m]] for m in mutants]


COST_COLUMNS = (
    "mistake",
    "training",
    "right code",
    "as it reports",
    "interval of the difference",
    "verdict",
    "in truth",
)


def costs(page: str) -> list[list[str]]:
    """One row a mutant of the page for `plots.table` with `COST_COLUMNS`, from what `pyft bench mutants` measured."""
    return [_cost(m["mutant"], m) for m in bench("mutants")["runs"] if m["page"] == page]


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
