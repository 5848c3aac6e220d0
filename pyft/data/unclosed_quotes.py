"""Rows of a table that hold lines which are rows themselves: a quote that nobody closed has swallowed them."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pyft.data.file_formats import decode, pick
from pyft.data.from_files import COLUMNS, Layout
from pyft.data.row_checks import NUMBER
from pyft.data.table_header import table_header
from pyft.errors import PyftError

BREAK = re.compile(r"\r\n|\r|\n")


def refuse_unclosed(path: Path, wanted: Sequence[str]) -> None:
    """Refuse a table of which rows would be lost; whatever else is wrong with a file its reader says.

    Raises:
        PyftError: a row of a CSV or TSV file seems to have swallowed others; names its line.
    """
    if path.suffix.lower() not in (".csv", ".tsv") or not path.is_file():
        return
    try:
        names, separator = table_header(path, wanted)
        rows = [(line, fields) for line, fields in _rows(decode(path), separator) if fields]
    except (PyftError, csv.Error):
        return
    whole = [(line, fields) for line, fields in rows if len(fields) == len(names)]
    if separator == "\t" and len(whole) < len(rows):
        return  # then a quote is read as a quote, and swallows nothing
    places = [place for place in pick(names, wanted) if isinstance(place, int)]
    problems = swallowed([fields for _, fields in whole], separator, places)
    for (line, _), problem in zip(whole, problems, strict=True):
        if problem:
            raise PyftError(f"{path}:\n  line {line}: {problem}")


def refuse_unclosed_tables(paths: Iterable[Path | None], task: str, layout: Layout) -> None:
    """`refuse_unclosed` for the files of a task whose texts have one label each; of words with tags there is no table.

    Raises:
        PyftError: as `refuse_unclosed`.
    """
    if task in COLUMNS and task != "token-classification":
        for path in filter(None, paths):
            refuse_unclosed(path, layout.columns(task))


def _rows(content: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    lines = csv.reader(io.StringIO(content, newline=""), delimiter=separator, strict=True)
    begins = 1
    for fields in lines:
        yield begins, fields
        begins = lines.line_num + 1


def swallowed(rows: Sequence[Sequence[str]], separator: str, places: Sequence[int]) -> Iterator[str | None]:
    """For each row of a table what is wrong with it, in words; None if nothing is.

    `places` are the columns of the text and of the label, or of the text alone: with labels, a line is like a row if
    one of them stands in its place; without, all lines must have the fields of a row, or verses with commas were rows.
    """
    at = None
    if len(places) > 1:  # the text may hold more separators, so the label's place is counted from the other end
        at = places[1] - len(rows[0]) if rows and places[0] < places[1] else places[1]
    labels = set() if at is None else {row[at].strip() for row in rows if not BREAK.search(row[at])}
    return (_problem(row, separator, at, labels) for row in rows)


def _problem(row: Sequence[str], separator: str, at: int | None, labels: set[str]) -> str | None:
    n = len(row)
    if n < 2 or not any(map(BREAK.search, row)):
        return None
    lines = [line.split(separator) for line in BREAK.split(separator.join(row)) if line.strip()]
    like = [line for line in lines if len(line) >= n and (at is None or line[at].strip() in labels)]
    whole = all(len(line) == n and (separator == "\t" or not _prose(line)) for line in lines)
    if whole and (separator == "\t" or (at is not None and _ratings(line[at] for line in lines))):
        like = lines  # a tab is hardly ever a text's, and a rating hardly ever that of another row
    inside = len(like) - 1  # one line is the row's own
    if (inside > 1 and at is not None) or (whole and 0 < inside == len(lines) - 1):
        return (
            f"a field runs over {len(lines)} lines, {inside} of them like rows: is a quote not closed, or not doubled? "
            "If it is a text with lines like these, save the file as .jsonl."
        )
    return None


def _ratings(labels: Iterable[str]) -> bool:
    """Whether more than two labels are numbers: two might be thousands within a text."""
    found = list(labels)
    return len(found) > 2 and all(map(NUMBER.fullmatch, found))


def _prose(line: Sequence[str]) -> bool:
    """Whether the separators seem to be signs of a text: white space comes after them, or the line's end."""
    return not all(field[:1].strip() for field in line)
