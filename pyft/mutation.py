"""The hand-written mathematics as one object, and the same with one line broken: what proofs and mutants are run on."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from pyft.errors import PyftError, unknown
from pyft.evidence.proofs import Case, ProofError, check_equal
from pyft.maths import attention, encoder, losses, optim, schedules

NAMES = ("attention", "encoder", "losses", "optim", "schedules")  # in an order in which each imports only earlier ones


class Maths(NamedTuple):
    """The modules that Part 4 writes by hand."""

    attention: ModuleType
    encoder: ModuleType
    losses: ModuleType
    optim: ModuleType
    schedules: ModuleType


def maths() -> Maths:
    """The modules as they are."""
    return Maths(attention, encoder, losses, optim, schedules)


def precision(dtype: object) -> str:
    """The name of a torch type in the name of a case: `float64`."""
    return str(dtype).removeprefix("torch.")


def broken_copy(real: ModuleType, old: str, new: str) -> ModuleType:
    """A fresh copy of a module, `old` replaced by `new` in its source, nothing for an empty `old`.

    Raises:
        PyftError: `old` does not stand in the source exactly once: the mutant no longer fits it.
    """
    source, place = Path(str(real.__file__)).read_text(encoding="utf8"), real.__name__.replace(".", "/") + ".py"
    if old and source.count(old) != 1:
        raise PyftError(f"{place} holds {old!r} {source.count(old)} times, expected once")
    spec = importlib.util.spec_from_loader(real.__name__, loader=None)
    copy = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    exec(compile(source.replace(old, new) if old else source, f"<{place}, mutated>", "exec"), copy.__dict__)  # noqa: S102 - our own source
    return copy


def mutate(module: str, old: str, new: str) -> Maths:
    """Fresh copies of the modules, `old` replaced by `new` in the source of one of them; the real ones are not touched.

    A module that imports the broken one gets the broken one.

    Raises:
        PyftError: no such module, or `old` does not stand in its source exactly once: the mutant no longer fits it.
    """
    if module not in NAMES:
        raise unknown("module", module, NAMES)  # else nothing would be broken, and every proof would pass
    real = {f"pyft.maths.{name}": getattr(maths(), name) for name in NAMES}
    fresh = {}
    try:
        for name in NAMES:
            replaced = (old, new) if name == module else ("", "")
            copy = broken_copy(real[f"pyft.maths.{name}"], *replaced)
            fresh[name] = sys.modules[f"pyft.maths.{name}"] = copy
    finally:
        sys.modules.update(real)
    return Maths(*(fresh[name] for name in NAMES))


Family = Callable[[Any], Iterator[Case]]  # a family of proofs: cases of ours, `Maths` or a module, and the library's
Mutate = Callable[[str, str, str], Any]  # the code with a line of a module broken


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


def hunt(mutant: Mutant, families: dict[str, Family], mutate: Mutate = mutate) -> str:
    """Which proof catches the mutant, and how: the first that fails. An exception catches it as well.

    Raises:
        SurvivedError: all proofs pass.
        PyftError: the mutant does not fit the source.
    """
    broken = mutate(mutant.module, mutant.old, mutant.new)
    for name, family in families.items():
        try:
            for what, ours, reference, tol in family(broken):
                check_equal(f"{name}, {what}", ours, reference, tol)
        except ProofError as error:
            return str(error)
        except Exception as error:
            return f"{name}: {type(error).__name__}"
    raise SurvivedError(f"mutant {mutant.name!r} survives: {', '.join(families)} all pass on it")


COLUMNS = ("mistake", "what it is", "the change", "caught by")


def table(mutants: list[Mutant], families: dict[str, Family], mutate: Mutate = mutate) -> list[list[str]]:
    """One row a mutant for `plots.table` with `COLUMNS`, each hunted now; how far it was off is left out.

    Raises: as `hunt` does.
    """
    caught = {m: hunt(m, families, mutate).split(": largest difference")[0] for m in mutants}
    return [[m.name, m.note, "- {}\n+ {}".format(*m.lines()), caught[m]] for m in mutants]
