"""Files of labelled texts: CSV and TSV, JSON lines, columns as of CoNLL, Parquet; each as rows that say where they are.

A reader yields pairs: where a row stands ("line 3"), and the row, or what is wrong with it in words.
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pyft.data.tag_schemes import is_tag
from pyft.errors import PyftError

Row = dict[str, Any]
Found = tuple[str, Row | str]

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
DOCUMENT = "-DOCSTART-"  # a line of CoNLL files that begins a document, and no sentence

csv.field_size_limit(2**31 - 1)  # characters; without it a field of more than 131,072 is refused


def read_file(path: Path, wanted: Sequence[str], words: bool) -> Iterator[Found]:
    """The rows of a file, each under the two `wanted` names of columns; `words`: a row is a list of words and of tags.

    Raises:
        PyftError: no such file, one that cannot be opened or decoded, or a kind of file that is not read.
    """
    readers: dict[str, Any] = {".csv": _table, ".tsv": _table, ".json": _json, ".jsonl": _json, ".ndjson": _json}
    if words:
        readers = {".json": _json, ".jsonl": _json, ".ndjson": _json}
        readers |= dict.fromkeys((".conll", ".iob", ".iob2", ".bio", ".txt", ".tsv"), _word_lines)
    kind = path.suffix.lower()
    if not path.is_file():
        raise PyftError(f"{path}: there is no such file. Expected a file of labelled texts: {_listed(readers)}.")
    if kind == ".parquet":
        return _parquet(path, wanted)
    if kind not in readers:
        task = "sentences whose words have tags" if words else "texts with labels"
        raise PyftError(f"{path}: expected a {_listed(readers)} file of {task}, found {kind or 'no suffix'}.")
    return readers[kind](decode(path), wanted)


def _listed(readers: dict[str, Any]) -> str:
    return ", ".join([*readers, ".parquet"])


def decode(path: Path) -> str:
    """The text of a file in UTF-8, or in UTF-16 if it begins with that mark. Raises `PyftError` with the line."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise PyftError(f"{path} cannot be read: {error.strerror or error}.") from error
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise PyftError(f"{path}, line {line}: not UTF-8. Save the file as UTF-8.") from error


def pick(names: Sequence[str], wanted: Sequence[str]) -> list[int] | str:
    """Where the wanted columns stand among the names, whatever their case and spaces around; or what is wrong."""
    folded, places = [name.strip().casefold() for name in names], []
    for name in wanted:
        exact = [i for i, known in enumerate(names) if known == name]
        same = exact or [i for i, known in enumerate(folded) if known == name.strip().casefold()]
        if len(same) > 1:
            return f"the column {name} stands {len(same)} times, expected once"
        if not same:
            return f"no column {name}"
        places += same
    return places


# --- separated columns ------------------------------------------------------------------------------------------------


def _table(content: str, wanted: Sequence[str]) -> Iterator[Found]:
    """The rows under a line of column names; the separator is that which sets the wanted names apart."""
    told = re.match(r'\s*"?sep=([,;|\t])"?[ \t]*\r?\n', content)  # Excel writes so which it is
    separator = told[1] if told else _separator(content, wanted)
    found = _rows(content, separator, wanted, bool(told))
    if separator == "\t" and any(isinstance(row, str) for _, row in found):  # in TSV a quote is often only a quote
        found = _rows(content, separator, wanted, bool(told), csv.QUOTE_NONE)
    yield from found


def _separator(content: str, wanted: Sequence[str]) -> str:
    headers = {separator: _header(content, separator) for separator in SEPARATORS}
    fit = [separator for separator, names in headers.items() if not isinstance(pick(names, wanted), str)]
    return fit[0] if fit else max(headers, key=lambda separator: len(headers[separator]))


def _header(content: str, separator: str) -> list[str]:
    try:
        return next(filter(any, csv.reader(io.StringIO(content, newline=""), delimiter=separator)), [])
    except csv.Error:
        return []


def _rows(
    content: str, separator: str, wanted: Sequence[str], told: bool, quoting: Any = csv.QUOTE_MINIMAL
) -> list[Found]:
    lines = csv.reader(io.StringIO(content, newline=""), delimiter=separator, strict=True, quoting=quoting)
    names: list[str] = []
    places: list[int] | str = []
    found: list[Found] = []
    begins = 1
    while True:
        try:
            fields = next(lines)
        except StopIteration:
            break
        except csv.Error as error:
            problem = f"{error}. A field with a quote in it stands in quotes, and the quote is doubled."
            return [*_unswallowed(found, separator, len(names), wanted), (f"line {begins}", problem)]
        where, begins = f"line {begins}", lines.line_num + 1
        if told:
            told = False
        elif not names and any(fields):
            names = [name.strip() for name in fields]
            places = pick(names, wanted)
            if isinstance(places, str):
                found = [(where, _no_header(places, names, wanted))]
                break
        elif any(field.strip() for field in fields) or len(fields) not in (0, len(names)):
            found.append((where, _row(fields, names, places, wanted, separator)))
    return _unswallowed(found, separator, len(names), wanted)


def _row(fields: list[str], names: list[str], places: Any, wanted: Sequence[str], separator: str) -> Row | str:
    if len(fields) == len(names):
        return {name: fields[i] for name, i in zip(wanted, places, strict=True)}
    return (
        f"{len(fields)} fields, expected {len(names)}. "
        f"Put a field with a {SEPARATORS.get(separator, separator)} in it in quotes."
    )


def _no_header(problem: str, names: list[str], wanted: Sequence[str]) -> str:
    shown = ", ".join(names)
    shown = shown if len(shown) <= 200 else shown[:200] + " …"
    found = f"expected column names with {' and '.join(wanted)}, found {shown}"
    if problem.startswith("the column"):
        return f"{problem}: {shown}"
    options = " and ".join(["--text-column", "--label-column"][: len(wanted)])
    return f"{found}. Columns of other names: {options}."


def _unswallowed(found: list[Found], separator: str, n: int, wanted: Sequence[str]) -> list[Found]:
    """The same, but a field that holds lines like rows of the table is named: its quote was not closed."""
    if len(wanted) < 2:
        return found
    label = wanted[1]
    labels = {row[label].strip() for _, row in found if isinstance(row, dict) and "\n" not in "".join(row.values())}
    return [(where, _swallows(row, separator, n, labels) or row) for where, row in found]


def _swallows(row: Row | str, separator: str, n: int, labels: set[str]) -> str | None:
    if isinstance(row, str):
        return None
    lines: list[str] = next((value.splitlines() for value in row.values() if "\n" in value), [])
    like = [line for line in lines if line.count(separator) >= n - 1 and line.split(separator)[-1].strip() in labels]
    if len(like) < 2:
        return None
    return (
        f"a field runs over {len(lines)} lines, {len(like)} of them like rows: is a quote not closed, or not doubled?"
    )


# --- JSON -------------------------------------------------------------------------------------------------------------


def _json(content: str, wanted: Sequence[str]) -> Iterator[Found]:
    """The objects of JSON lines, or of one list."""
    if content.lstrip().startswith("["):
        whole = _parsed(content)
        if isinstance(whole, list):
            yield from ((f"row {i}", _picked(row, wanted)) for i, row in enumerate(whole, start=1))
            return
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            yield f"line {number}", _picked(_parsed(line), wanted)


def _parsed(text: str) -> Any:
    """What a text of JSON says; a `_Wrong` with the reason if it is none."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        return _Wrong(f"not JSON: {error.msg} at column {error.colno}")
    except RecursionError:
        return _Wrong("lists or objects are nested too deeply")
    except ValueError as error:
        return _Wrong(str(error) if "twice" in str(error) else "a number with too many digits")


class _Wrong(str):
    """What is wrong with a text of JSON; a text of JSON may say a string itself."""


def _once(pairs: list[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return row


def _picked(row: Any, wanted: Sequence[str]) -> Row | str:
    if isinstance(row, _Wrong):
        return str(row)
    if not isinstance(row, dict):
        return f"expected an object in braces, found {type(row).__name__}"
    names = list(row)
    lacking = [name for name in wanted if pick(names, [name]) == f"no column {name}"]
    if lacking:
        return f"no {' and no '.join(lacking)}; found {', '.join(map(ascii_only, names)) or 'nothing'}"
    places = pick(names, wanted)
    return places if isinstance(places, str) else {w: row[names[i]] for w, i in zip(wanted, places, strict=True)}


def ascii_only(text: str) -> str:
    """A text that can be printed: half an emoji, which no encoding has, is escaped."""
    return text.encode("utf8", "backslashreplace").decode()


# --- columns of words -------------------------------------------------------------------------------------------------


def _word_lines(content: str, wanted: Sequence[str]) -> Iterator[Found]:
    """Sentences of CoNLL files: a word a line, its tag in the last column, a blank line between two sentences.

    Columns are set apart by tabs if the line has any, else by spaces. Comments, which begin with `#`, are left out.
    """
    words: list[str] = []
    tags: list[str] = []
    begins = 0
    for number, line in enumerate([*content.replace("\r\n", "\n").split("\n"), ""], start=1):
        fields = [field.strip(" ") for field in line.rstrip(" \t").split("\t" if "\t" in line.strip() else " ")]
        fields = [fields[0], *filter(None, fields[1:])]
        if not any(fields) or fields[0] == DOCUMENT:
            if words:
                yield f"line {begins}", dict(zip(wanted, (words, tags), strict=False))  # texts alone have no tags
            words, tags = [], []
        elif len(fields) >= len(wanted) and not (len(wanted) > 1 and line.startswith("#") and not is_tag(fields[-1])):
            begins = begins if words else number
            words.append(fields[0])
            tags.append(fields[-1])
        elif not line.startswith("#"):
            yield f"line {number}", f"one column, {fields[0][:60]!r}, expected a word and, in the last column, its tag"


# --- Parquet ----------------------------------------------------------------------------------------------------------


def _parquet(path: Path, wanted: Sequence[str]) -> Iterator[Found]:
    """The rows of a Parquet file; numbers of classes by their names, if `datasets` has written the file."""
    from datasets import ClassLabel, Dataset
    from pyarrow.parquet import ParquetFile

    try:
        table = ParquetFile(path).read()
        places = pick(table.column_names, wanted)
        if isinstance(places, str):
            names = ", ".join(table.column_names)
            options = " and ".join(["--text-column", "--label-column"][: len(wanted)])
            raise PyftError(f"{path}: {places}; found {names}. Columns of other names: {options}.")
        feature = Dataset(table).features[table.column_names[places[-1]]]
        of = getattr(feature, "feature", feature)
        columns = [table.column(i).to_pylist() for i in places]
    except PyftError:
        raise
    except Exception as error:  # what a damaged file raises is not one type of error
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise PyftError(f"{path} cannot be read as Parquet: {reason}") from error
    named = of.int2str if isinstance(of, ClassLabel) else lambda y: y
    for i, (read, label) in enumerate(zip(columns[0], columns[-1], strict=True), start=1):
        try:
            y = [named(k) for k in label] if isinstance(label, list) else label if label is None else named(label)
        except (ValueError, TypeError, OverflowError) as error:
            yield f"row {i}", f"label {label!r}: {error}"
            continue
        yield f"row {i}", dict(zip(wanted, (read, y), strict=False))  # texts alone have no labels
