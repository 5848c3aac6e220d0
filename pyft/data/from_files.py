"""A reader's own labelled texts: a file -> `datasets.DatasetDict`, or an error with its lines.

    sequence-classification   columns `text` and `label`, any names of classes      .csv, .tsv, .jsonl, .json, .parquet
    regression                columns `text` and `label`, a number                  .csv, .tsv, .jsonl, .json, .parquet
    token-classification      `tokens` and `tags`, both lists, tags in IOB2         .jsonl, .json, .parquet
                              a word and its tag a line, as in CoNLL's files        .conll, .txt, .tsv, .bio, .iob

A CSV begins with a line of column names, and a field with a separator, a quote or a line break in it stands in quotes
(RFC 4180); columns may be set apart by commas, semicolons or tabs. Files are UTF-8; other columns are ignored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

from pyft.data.file_formats import DOCUMENT, read_file
from pyft.data.iob2 import split_tag
from pyft.data.label_checks import refuse_unfit, warnings_of
from pyft.data.row_checks import checked
from pyft.data.splits import Drops, Row, drop_duplicates, fold, split_by_text
from pyft.data.tag_schemes import SCHEMES, recognise
from pyft.errors import PyftError, unknown

COLUMNS = {
    "sequence-classification": ("text", "label"),
    "regression": ("text", "label"),
    "token-classification": ("tokens", "tags"),
}
SHOWN = 5  # malformed lines that an error names


@dataclass(frozen=True)
class Layout:
    """How a reader's files call their columns, and write their tags."""

    text: str | None = None
    label: str | None = None
    tags: str = "iob2"

    def columns(self, task: str) -> tuple[str, str]:
        """The names of both columns."""
        text, label = COLUMNS[task]
        return self.text or text, self.label or label


USUAL = Layout()


@dataclass
class Gathered:
    """The rows of each split, what was left out of which, and what a reader should look at."""

    splits: dict[str, list[Row]]
    task: str
    left_out: dict[str, dict[str, int]] = field(default_factory=dict)  # by split, then by reason: rows
    warnings: list[str] = field(default_factory=list)

    def said(self) -> list[str]:
        """What was left out, a line each."""
        return [
            f"left out of {name}: {n:,} row{'s' * (n != 1)} {why}"
            for name, reasons in self.left_out.items()
            for why, n in reasons.items()
            if n
        ]

    def dataset(self) -> DatasetDict:
        """The splits as `datasets` has them."""
        features, rename = _features(self.splits, self.task)
        rows = {name: [rename(row) for row in self.splits[name]] for name in ("train", "validation", "test")}
        return DatasetDict({name: Dataset.from_list(some, features=features) for name, some in rows.items()})


def load(
    train: Path, task: str, validation: Path | None = None, test: Path | None = None, layout: Layout = USUAL
) -> DatasetDict:
    """The splits of a task, named as everywhere in pyft: `text` and `label`, or `tokens` and `ner_tags`.

    What is not given is taken from `train`: a tenth of its rows each, by the hash of the text, so that a text is always
    in the same split. Of equal texts in a file the first is kept, and none if their labels differ; a text that stands
    in a later split too is left out of the earlier. What was left out, and what looks wrong, is printed.

    Raises:
        PyftError: an unknown task, or a file that is absent, malformed or too small; it names lines and reasons.
    """
    found = gather(train, task, validation, test, layout)
    for line in [*found.said(), *(f"WARNING: {line}" for line in found.warnings)]:
        print(line)
    return found.dataset()


def gather(
    train: Path, task: str, validation: Path | None = None, test: Path | None = None, layout: Layout = USUAL
) -> Gathered:
    """As `load`, before the rows become a data set, and without printing. Raises `PyftError`, see `load`."""
    if task not in COLUMNS:
        raise unknown("task", task, list(COLUMNS))
    given = {"train": train, "validation": validation, "test": test}
    splits = {name: read(path, task, layout) for name, path in given.items() if path}
    missing = [name for name in ("test", "validation") if name not in splits]
    found = Gathered(splits, task)
    for name, rows in splits.items():
        drops = Drops()
        splits[name] = drop_duplicates([row | {"id": str(i)} for i, row in enumerate(rows)], drops)
        found.left_out[name] = {
            "whose text stood there before": drops.duplicates,
            "of texts with more than one label": drops.conflicting,
        }
    later: set[str] = set()
    for name in [name for name in ("test", "validation", "train") if name in splits]:
        kept = [row for row in splits[name] if fold(row["text"]) not in later]
        found.left_out[name]["whose text stands in a later split too"] = len(splits[name]) - len(kept)
        splits[name] = kept
        later.update(fold(row["text"]) for row in kept)
    if missing:
        splits |= _split(splits["train"], task, missing)
    why = "".join(f"\n  {line}" for line in found.said())
    for name, rows in splits.items():
        if not rows:
            few = f"{train} has too few. Give at least 10 of each class."
            reason = f"of those in {given[name]} none is left." if given[name] and why else few
            raise PyftError(f"split {name!r} has no rows: {reason}{why}")
    refuse_unfit(splits, task, why)
    found.warnings += warnings_of(splits, task)
    return found


def read(path: Path, task: str, layout: Layout = USUAL) -> list[Row]:
    """All rows of a file, checked: `text` and `label`, or `text` (the words, joined), `tokens` and `label` (the tags).

    Raises:
        PyftError: see `load`.
    """
    if layout.tags not in SCHEMES:
        raise unknown("scheme of tags", layout.tags, list(SCHEMES))
    wanted = layout.columns(task)
    if wanted[0] == wanted[1]:
        raise PyftError(f"texts and labels cannot both stand in the column {wanted[0]!r}.")
    rows, problems, tags = [], [], []
    for where, row in read_file(path, wanted, words=task == "token-classification"):
        if isinstance(row, dict):
            row = dict(zip(COLUMNS[task], (row[name] for name in wanted), strict=True))
            if row.get("tokens") == [DOCUMENT]:
                continue
            if isinstance(row.get("tags"), list) and all(isinstance(tag, str) for tag in row["tags"]):
                tags.append(row["tags"])
            row = checked(row, task, layout.tags)
        if isinstance(row, str):
            problems.append(f"{where}: {row}")
        else:
            rows.append(row)
    if problems:
        more = f"\n  and {len(problems) - SHOWN:,} more" if len(problems) > SHOWN else ""
        scheme = recognise(tags) if layout.tags == "iob2" else None
        hint = f"\n  These look like {scheme.upper()} tags: --tags {scheme} reads them." if scheme else ""
        raise PyftError(f"{path}:\n  " + "\n  ".join(problems[:SHOWN]) + more + hint)
    if not rows:
        raise PyftError(f"{path}: no rows. Expected at least one with {' and '.join(wanted)}.")
    return rows


def _split(rows: list[Row], task: str, missing: list[str]) -> dict[str, list[Row]]:
    """Train and what is missing of the other splits; classes keep their shares."""
    if task == "sequence-classification":
        return split_by_text(rows, fold, missing)
    found = split_by_text([{"id": row["id"], "text": row["text"], "label": 0} for row in rows], fold, missing)
    by_id = {row["id"]: row for row in rows}
    return {name: [by_id[row["id"]] for row in some] for name, some in found.items()}


def _features(splits: Mapping[str, list[Row]], task: str) -> tuple[Features, Callable[[Row], Row]]:
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
