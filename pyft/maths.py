"""The hand-written mathematics as one object, and the same with one line broken: what proofs and mutants are run on."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from pyft import attention, encoder, losses, optim, schedules
from pyft.errors import PyftError, unknown

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


def mutated(module: str, old: str, new: str) -> Maths:
    """Fresh copies of the modules, `old` replaced by `new` in the source of one of them; the real ones are not touched.

    A module that imports the broken one gets the broken one.

    Raises:
        PyftError: no such module, or `old` does not stand in its source exactly once: the mutant no longer fits it.
    """
    if module not in NAMES:
        raise unknown("module", module, NAMES)  # else nothing would be broken, and every proof would pass
    real = {f"pyft.{name}": getattr(maths(), name) for name in NAMES}
    fresh = {}
    try:
        for name in NAMES:
            source = Path(str(real[f"pyft.{name}"].__file__)).read_text(encoding="utf8")
            if name == module:
                if source.count(old) != 1:
                    raise PyftError(f"pyft/{name}.py holds {old!r} {source.count(old)} times, expected once")
                source = source.replace(old, new)
            spec = importlib.util.spec_from_loader(f"pyft.{name}", loader=None)
            copy = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
            exec(compile(source, f"<pyft/{name}.py, mutated>", "exec"), copy.__dict__)  # noqa: S102 - our own source
            fresh[name] = sys.modules[f"pyft.{name}"] = copy
    finally:
        sys.modules.update(real)
    return Maths(*(fresh[name] for name in NAMES))
