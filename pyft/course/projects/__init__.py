"""The projects at the ends of the parts: what a reader makes with own data, and a check of it.

`pyft check-project PART FOLDER` calls the module that `MODULES` names; the project of part 4 is checked from Python,
since what is checked is a function (`pyft.course.projects.by_hand`).
"""

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from pyft.errors import PyftError, unknown

MODULES = {"2": "curve", "3": "trick", "5": "program", "6": "errors_read"}


class Finding(NamedTuple):
    """Something that a project must have, and whether this one has it; None for what is only told."""

    holds: bool | None
    line: str

    def __str__(self) -> str:
        return {True: "  holds    ", False: "  MISSING  ", None: "           "}[self.holds] + self.line


def findings(part: str, folders: Sequence[Path], test: Path, notes: Path | None = None) -> Iterator[Finding]:
    """What the check of a part's project finds, one after the other.

    Raises:
        PyftError: a part without such a project, or a folder or file that cannot be read.
    """
    if part == "4":
        raise PyftError("the project of part 4 is a function, and is checked from Python: its page says how.")
    if part not in MODULES:
        raise unknown("part", part, list(MODULES))
    if (notes is None) == (part == "6"):
        raise PyftError(f"the project of part {part} is checked {'with' if notes is None else 'without'} --notes FILE.")
    more = {} if notes is None else {"notes": notes}
    yield from import_module(f"pyft.course.projects.{MODULES[part]}").check(folders, test, **more)


def report(part: str, folders: Sequence[Path], test: Path, notes: Path | None = None) -> None:
    """Print what the check finds.

    Raises:
        PyftError: something is missing, or cannot be read.
    """
    missing = 0
    for finding in findings(part, folders, test, notes):
        print(finding)
        missing += finding.holds is False
    if missing:
        raise PyftError(f"project of part {part}: {missing} thing{'s' * (missing > 1)} missing, see above.")
    print(f"project of part {part}: done")
