"""A reader's own labelled texts: a CSV or a JSON-lines file -> `datasets.DatasetDict`, or an error with its line.

    sequence-classification   columns `text` and `label`, any names of classes      .csv, .jsonl
    regression                columns `text` and `label`, a number                  .csv, .jsonl
    token-classification      keys `tokens` and `tags`, both lists, tags in IOB2    .jsonl

A CSV begins with a line of column names, and a field with a comma, a quote or a line break in it stands in quotes
(RFC 4180). Files are UTF-8; other columns are ignored.
"""

import csv
import io
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

from pyft.data.iob2 import follows, split_tag
from pyft.data.splits import Drops, Row, drop_duplicates, fold, split_by_text
from pyft.errors import PyftError, unknown

COLUMNS = {
    "sequence-classification": ("text", "label"),
    "regression": ("text", "label"),
    "token-classification": ("tokens", "tags"),
}
SHOWN = 5  # malformed lines that an error names


def load(train: Path, task: str, validation: Path | None = None, test: Path | None = None) -> DatasetDict:
    """The splits of a task, named as everywhere in pyft: `text` and `label`, or `tokens` and `ner_tags`.

    What is not given is taken from `train`: a tenth of its rows each, by the hash of the text, so that a text is always
    in the same split. Of equal texts in a file the first is kept, and none if their labels differ; a text that stands
    in a later split too is left out of the earlier.

    Raises:
        PyftError: an unknown task, or a file that is absent, malformed or too small; it names lines and reasons.
    """
    if task not in COLUMNS:
        raise unknown("task", task, list(COLUMNS))
    given = {"train": train, "validation": validation, "test": test}
    splits = {name: read(path, task) for name, path in given.items() if path}
    missing = [name for name in ("test", "validation") if name not in splits]
    drops = Drops()
    for name, rows in splits.items():
        splits[name] = drop_duplicates([row | {"id": str(i)} for i, row in enumerate(rows)], drops)
    later: set[str] = set()
    for name in [name for name in ("test", "validation", "train") if name in splits]:
        kept = [row for row in splits[name] if fold(row["text"]) not in later]
        drops.leaking += len(splits[name]) - len(kept)
        splits[name] = kept
        later.update(fold(row["text"]) for row in kept)
    if missing:
        splits |= _split(splits["train"], task, missing)
    for name, rows in splits.items():
        if not rows:
            raise PyftError(f"split {name!r} has no rows: {train} has too few. Give at least 10 of each class.")
    said = {
        "whose text stood there before": drops.duplicates,
        "of texts with more than one label": drops.conflicting,
        "that stand in a later split too": drops.leaking,
    }
    for why, n in said.items():
        if n:
            print(f"left out: {n} rows {why}")
    features, rename = _features(splits, task)
    columns = {name: [rename(row) for row in splits[name]] for name in ("train", "validation", "test")}
    return DatasetDict({name: Dataset.from_list(rows, features=features) for name, rows in columns.items()})


def read(path: Path, task: str) -> list[Row]:
    """All rows of a file, checked: `text` and `label`, or `text` (the words, joined), `tokens` and `label` (the tags).

    Raises:
        PyftError: see `load`.
    """
    if not path.is_file():
        raise PyftError(f"{path}: there is no such file. Expected a .csv or .jsonl file of labelled texts.")
    readers: dict[str, Callable[[str, str], Iterator[tuple[int, Any]]]] = {".csv": _csv, ".jsonl": _json_lines}
    reader = readers.get(path.suffix.lower())
    if reader is None or (task == "token-classification" and reader is _csv):
        kinds = ".jsonl" if task == "token-classification" else ".csv or .jsonl"
        raise PyftError(f"{path}: expected a {kinds} file for {task}, found {path.suffix or 'no suffix'}.")
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise PyftError(f"{path}, line {line}: not UTF-8. Save the file as UTF-8.") from error
    rows, problems = [], []
    for number, found in reader(content, task):
        problem = found if isinstance(found, str) else _problem(found, task)
        if problem:
            problems.append(f"line {number}: {problem}")
        else:
            rows.append(_row(found, task))
    if problems:
        more = f"\n  and {len(problems) - SHOWN:,} more" if len(problems) > SHOWN else ""
        raise PyftError(f"{path}:\n  " + "\n  ".join(problems[:SHOWN]) + more)
    if not rows:
        raise PyftError(f"{path}: no rows. Expected at least one with {' and '.join(COLUMNS[task])}.")
    return rows


def _csv(content: str, task: str) -> Iterator[tuple[int, Any]]:
    """Line number and row, or line number and what is wrong."""
    lines = csv.reader(io.StringIO(content, newline=""), strict=True)
    names: list[str] | None = None
    begins = 1
    while True:
        try:
            fields = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            yield begins, f"{error}. A field with a quote in it stands in quotes, and the quote is doubled."
            return  # what follows cannot be told apart
        if names is None:
            names = [field.strip() for field in fields]
            lacking = [name for name in COLUMNS[task] if name not in names]
            if lacking:
                yield begins, f"expected column names with {' and '.join(COLUMNS[task])}, found {', '.join(names)}"
                return
        elif len(fields) != len(names) and fields:
            yield begins, f"{len(fields)} fields, expected {len(names)}. Put a field with a comma in it in quotes."
        elif fields:
            yield begins, dict(zip(names, fields, strict=True))
        begins = lines.line_num + 1


def _json_lines(content: str, task: str) -> Iterator[tuple[int, Any]]:
    """Line number and row, or line number and what is wrong."""
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            yield number, f"not JSON: {error.msg} at column {error.colno}"
            continue
        if not isinstance(row, dict):
            yield number, f"expected an object in braces, found {type(row).__name__}"
        elif lacking := [name for name in COLUMNS[task] if name not in row]:
            yield number, f"no {' and no '.join(lacking)}; found {', '.join(row) or 'nothing'}"
        else:
            yield number, row


def _problem(row: Row, task: str) -> str | None:
    """What is wrong with a row that has its columns."""
    if task == "token-classification":
        return _problem_of_tags(row["tokens"], row["tags"])
    text, label = row["text"], row["label"]
    if not isinstance(text, str) or not text.strip():
        return "the text is empty" if isinstance(text, str) else f"the text is {text!r}, expected a string"
    if task == "regression":
        try:
            finite = not isinstance(label, bool) and math.isfinite(float(label))
        except (TypeError, ValueError):
            finite = False
        return None if finite else f"label {label!r}, expected a number"
    if isinstance(label, (str, int)) and str(label).strip():
        return None
    return f"label {label!r}, expected the name of a class"


def _problem_of_tags(tokens: Any, tags: Any) -> str | None:
    if not isinstance(tokens, list) or not tokens or not all(isinstance(w, str) and w.strip() for w in tokens):
        return "tokens: expected a list of words, none of them empty"
    if not isinstance(tags, list) or not all(isinstance(t, str) for t in tags):
        return "tags: expected a list of strings"
    if len(tokens) != len(tags):
        return f"{len(tokens)} tokens, {len(tags)} tags. Give each word one."
    before = "O"
    for word, tag in zip(tokens, tags, strict=True):
        try:
            split_tag(tag)
        except PyftError as error:
            return str(error)
        if not follows(tag, before):
            return f"tag {tag} of {word!r} comes after {before}: in IOB2 an entity begins with B-"
        before = tag
    return None


def _row(row: Row, task: str) -> Row:
    if task == "token-classification":
        return {"text": " ".join(row["tokens"]), "tokens": row["tokens"], "label": tuple(row["tags"])}
    label = float(row["label"]) if task == "regression" else str(row["label"]).strip()
    return {"text": row["text"].strip(), "label": label}


def _split(rows: list[Row], task: str, missing: list[str]) -> dict[str, list[Row]]:
    """Train and what is missing of the other splits; classes keep their shares."""
    if task == "sequence-classification":
        return split_by_text(rows, fold, missing)
    found = split_by_text([{"id": row["id"], "text": row["text"], "label": 0} for row in rows], fold, missing)
    by_id = {row["id"]: row for row in rows}
    return {name: [by_id[row["id"]] for row in some] for name, some in found.items()}


def _features(splits: dict[str, list[Row]], task: str) -> tuple[Features, Callable[[Row], Row]]:
    """The columns' types, and what makes a row of ours one of `datasets`."""
    text = {"id": Value("string"), "text": Value("string")}
    if task == "regression":
        return Features(text | {"label": Value("float64")}), lambda row: row
    every = [row["label"] for rows in splits.values() for row in rows]
    if task == "sequence-classification":
        return Features(text | {"label": ClassLabel(names=sorted(set(every)))}), lambda row: row
    kinds = sorted({split_tag(tag)[1] for tags in every for tag in tags} - {""})
    names = ["O", *(f"{part}-{kind}" for kind in kinds for part in "BI")]
    tags = {"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=names))}
    return Features({"id": Value("string")} | tags), lambda row: {
        "id": row["id"],
        "tokens": row["tokens"],
        "ner_tags": list(row["label"]),
    }
