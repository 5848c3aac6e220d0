"""The chapters: notebooks with the outline's number first in their names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from pyft import paths
from pyft.errors import PyftError, unknown

CHAPTERS = paths.ROOT / "chapters"


@dataclass(frozen=True)
class Chapter:
    """One notebook: `number` is the outline's (`6.1`), from the file name (`6_1_sentiment.ipynb`)."""

    number: str
    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(paths.ROOT).as_posix()

    def read(self) -> Any:
        """The notebook, format 4. Raises `PyftError` if the file is not one."""
        try:
            return nbformat.read(self.path, as_version=4)
        except Exception as error:
            raise PyftError(
                f"{self.name} is not a notebook ({error}). Restore it: git checkout -- {self.name}"
            ) from error


def chapters() -> dict[str, Chapter]:
    """All chapters by number, in the outline's order."""
    found = {}
    for path in CHAPTERS.glob("*/*.ipynb"):
        number = re.match(r"\d+(_\d+)*(?=_)", path.name)
        if number is None:
            raise PyftError(
                f"chapters/{path.parent.name}/{path.name}: "
                "expected a name like 6_1_sentiment.ipynb, with its number first"
            )
        found[number[0].replace("_", ".")] = Chapter(number[0].replace("_", "."), path)
    return dict(sorted(found.items(), key=lambda item: [int(n) for n in item[0].split(".")]))


def select(numbers: Sequence[str]) -> list[Chapter]:
    """The chapters of these numbers, all for none. Raises `PyftError` for a number that has no notebook."""
    known = chapters()
    for number in numbers:
        if number not in known:
            raise unknown("chapter", number, list(known))
    return [known[number] for number in numbers or known]
