"""Which experiments there are, and where: read from the sources, so that a list of them imports none.

An experiment is entered by being there: a module with `EXPERIMENT = Experiment("NAME", ...)`.
"""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pyft
from pyft.errors import PyftError, unknown

if TYPE_CHECKING:
    from pyft.benchmarks.experiment import Experiment
PACKAGE = Path(pyft.__file__).parent


def experiments() -> dict[str, str]:
    """Where each experiment is, by name, as "pyft.course.ch3_3_tricks.experiment:EXPERIMENT".

    Raises `PyftError` for a name that two have.
    """
    found: dict[str, str] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join([PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts])
        for name, attribute in _declared(path.read_text(encoding="utf8")):
            where = f"{module}:{attribute}"
            if name in found:
                raise PyftError(f"two experiments are called {name!r}: {found[name]} and {where}. Rename one.")
            found[name] = where
    return dict(sorted(found.items()))


def experiment(name: str) -> "Experiment":
    """The experiment of that name. Raises `PyftError` for a name that none has."""
    known = experiments()
    if name not in known:
        raise unknown("experiment", name, list(known))
    module, attribute = known[name].split(":")
    found: Experiment = getattr(import_module(module), attribute)
    return found


def _declared(source: str) -> Iterator[tuple[str, str]]:
    """Name and attribute of each experiment that a module makes at its top."""
    if "Experiment(" not in source:
        return
    for node in ast.parse(source).body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=attribute)],
                value=ast.Call(func=ast.Name(id="Experiment"), args=[ast.Constant(value=str(name)), *_]),
            ):
                yield name, attribute
