"""What a conversion leaves out of a file that it can read, in words; each for one kind of files."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pyft.data.file_formats import DOCUMENT, decode, pick, read_file
from pyft.data.table_header import table_header
from pyft.data.tag_schemes import is_tag

TABLES, OBJECTS = (".csv", ".tsv"), (".json", ".jsonl", ".ndjson")
KEPT = {"spans": {"start", "end", "label"}, "tokens": {"text", "start", "end", "id"}}  # of the objects in a list


def of_texts(path: Path, wanted: Sequence[str]) -> list[str]:
    """Other columns, and white space around texts and labels. Raises `PyftError` if the file cannot be read."""
    rows = [row for _, row in read_file(path, wanted, words=False) if isinstance(row, dict)]
    spaced = sum(any(isinstance(x, str) and x != x.strip() for x in row.values()) for row in rows)
    return [*_columns(_others(path, wanted)), *_counted({"white space around a text or a label": spaced})]


def of_words(path: Path, wanted: Sequence[str]) -> list[str]:
    """Other columns, comments and borders of documents. Raises `PyftError` if the file cannot be read."""
    if path.suffix.lower() not in OBJECTS:
        return _of_lines(decode(path))
    rows = [row for _, row in read_file(path, wanted, words=True) if isinstance(row, dict)]
    borders = sum(row[wanted[0]] == [DOCUMENT] for row in rows)
    return [*_columns(_others(path, wanted)), *_counted({DOCUMENT: borders})]


def of_spans(path: Path, wanted: Sequence[str]) -> list[str]:
    """Other names, those in the objects of spans and of tokens too. Raises `PyftError` if the file cannot be read."""
    rows = [row for _, row in read_file(path, wanted, words=False) if isinstance(row, dict)]
    within = (
        f"{name}.{key}" for row in rows for name in wanted[1:] for x in row[name] for key in x if key not in KEPT[name]
    )
    return _columns([*_others(path, wanted), *within])


def _of_lines(content: str) -> list[str]:
    comments = borders = widest = 0
    for line in content.split("\n"):
        fields = [field for field in line.strip().split("\t" if "\t" in line.strip() else " ") if field.strip()]
        if fields and fields[0] == DOCUMENT:
            borders += 1
        elif line.startswith("#") and not (len(fields) > 1 and is_tag(fields[-1])):
            comments += 1
        else:
            widest = max(widest, len(fields))
    return [*_columns(str(i) for i in range(2, widest)), *_counted({"comment": comments, DOCUMENT: borders})]


def _others(path: Path, wanted: Sequence[str]) -> Iterator[str]:
    """The names of columns that are not wanted, once for each row that has them."""
    for names in _headers(path, wanted):
        places = pick(names, wanted)
        yield from (name for i, name in enumerate(names) if i not in places)


def _headers(path: Path, wanted: Sequence[str]) -> Iterable[Sequence[str]]:
    kind = path.suffix.lower()
    if kind in TABLES:
        return [table_header(path, wanted)[0]]
    if kind in OBJECTS:
        return map(list, _objects(decode(path)))
    from pyarrow.parquet import read_schema

    return [read_schema(path).names]


def _objects(content: str) -> list[Any]:
    if content.lstrip().startswith("["):
        return list(json.loads(content))
    return [json.loads(line) for line in content.split("\n") if line.strip()]


def _columns(names: Iterable[str]) -> list[str]:
    found = [name or "(without a name)" for name in dict.fromkeys(names)]
    return [f"column{'s' * (len(found) > 1)} {', '.join(found)}"] if found else []


def _counted(found: Mapping[str, int]) -> list[str]:
    return [f"{what} ({n:,} times)" if n > 1 else what for what, n in found.items() if n]
