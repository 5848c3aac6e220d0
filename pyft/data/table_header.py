"""The line of a table that names its columns, and the sign that sets them apart."""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from pyft.data.file_formats import SEPARATORS, decode, pick
from pyft.errors import PyftError


def table_header(path: Path, wanted: Sequence[str]) -> tuple[list[str], str]:
    """All columns of a table that has the wanted ones, and its separator.

    Raises:
        PyftError: the file cannot be decoded, or no separator sets the wanted columns apart.
    """
    content = decode(path)
    for first in range(2):  # a line before the header may say which separator it is, for Excel
        for separator in SEPARATORS:
            names = next(islice(_lines(content, separator), first, None), [])
            if not isinstance(pick(names, wanted), str):
                return [name.strip() for name in names], separator
    raise PyftError(f"{path}: expected a line of column names with {' and '.join(wanted)}.")


def _lines(content: str, separator: str) -> Iterator[list[str]]:
    try:
        yield from filter(any, csv.reader(io.StringIO(content, newline=""), delimiter=separator))
    except csv.Error:  # the header stands before it
        return
