"""The chapters: notebooks with the outline's number first in their names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import yaml

from pyft import paths
from pyft.errors import PyftError, unknown

CHAPTERS = paths.ROOT / "chapters"
COPY = re.compile(r"-Copy\d*$")  # Jupyter's "Make a copy": a reader's own, and no chapter


@dataclass(frozen=True)
class Chapter:
    """One notebook: `number` is the outline's (`6.1`), from the file name (`6_1_sentiment.ipynb`)."""

    number: str
    path: Path

    @property
    def name(self) -> str:
        here = self.path.is_relative_to(paths.ROOT)
        return (self.path.relative_to(paths.ROOT) if here else self.path).as_posix()

    def read(self) -> Any:
        """The notebook, format 4. Raises `PyftError` if the file is not one."""
        try:
            notebook = nbformat.read(self.path, as_version=4)
            nbformat.validate(notebook)
        except Exception as error:
            raise PyftError(
                f"{self.name} is not a notebook ({_first_line(error)}). Restore it: git checkout -- {self.name}"
            ) from error
        return notebook


def read_yaml(name: str) -> Any:
    """What a file of YAML in the checkout says. Raises `PyftError` if it is damaged."""
    try:
        return yaml.safe_load((paths.ROOT / name).read_text(encoding="utf8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise PyftError(f"{name} cannot be read ({_first_line(error)}). Restore it: git checkout -- {name}") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def chapters() -> dict[str, Chapter]:
    """All chapters by number, in the outline's order."""
    found: dict[str, Chapter] = {}
    for path in sorted(CHAPTERS.glob("*/*.ipynb")):
        if COPY.search(path.stem):
            continue
        number = re.match(r"\d+(_\d+)*(?=_)", path.name)
        if number is None:
            raise PyftError(
                f"chapters/{path.parent.name}/{path.name}: "
                "expected a name like 6_1_sentiment.ipynb, with its number first"
            )
        chapter = Chapter(number[0].replace("_", "."), path)
        if other := found.get(chapter.number):
            raise PyftError(
                f"{other.name} and {chapter.name} have the same number: which is chapter {chapter.number}? Give one of "
                "them another, or move it out of chapters/."
            )
        found[chapter.number] = chapter
    return dict(sorted(found.items(), key=lambda item: [int(n) for n in item[0].split(".")]))


def select(numbers: Sequence[str]) -> list[Chapter]:
    """The chapters of these numbers, all for none. Raises `PyftError` for a number that has no notebook."""
    known = chapters()
    for number in numbers:
        if number not in known:
            raise unknown("chapter", number, list(known))
    return [known[number] for number in numbers or known]
