"""From rows to splits: duplicates and near-copies dropped, and texts divided by their hash or as their authors did."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from datasets import DatasetDict, Features
from numpy.typing import NDArray

from pyft.errors import PyftError

Row = dict[str, Any]


@dataclass
class Drops:
    """What was left out on the way from the file to the splits, in rows."""

    unlabelled: int = 0  # a mean rating of exactly zero has no sign
    duplicates: int = 0
    conflicting: int = 0
    leaking: int = 0  # where splits are official: texts of a split that also stand in a later one


def fold(text: str) -> str:
    """The form in which two texts are the same text: Unicode NFKC, one space for any white space, no case."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def fold_template(text: str) -> str:
    """As `fold`, with digits and punctuation dropped too: SMS spam is one template with many telephone numbers."""
    return " ".join(re.sub(r"[\W\d_]+", " ", fold(text)).split()) or fold(text)


def drop_duplicates(rows: Iterable[Row], drops: Drops, fold: Callable[[str], str] = fold) -> list[Row]:
    """Rows with a label, one a text; none of a text whose rows disagree."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if row["label"] is None:
            drops.unlabelled += 1
        else:
            groups.setdefault(fold(row["text"]), []).append(row)
    kept = []
    for rows in groups.values():
        if len({row["label"] for row in rows}) > 1:
            drops.conflicting += len(rows)
        else:
            drops.duplicates += len(rows) - 1
            kept.append(rows[0])
    return kept


def split_by_text(
    rows: list[Row], fold: Callable[[str], str] = fold, tenths: Sequence[str] = ("test", "validation")
) -> dict[str, list[Row]]:
    """Of each label's rows, in the order of their texts' hashes, a tenth to each of `tenths`, and the rest to train."""
    place: dict[str, str] = {}
    for label in sorted({row["label"] for row in rows}):
        ids = [
            row["id"] for row in sorted((r for r in rows if r["label"] == label), key=lambda r: _hash(fold(r["text"])))
        ]
        tenth = round(len(ids) / 10)
        for number, key in enumerate(ids):
            place[key] = tenths[number // tenth] if number < len(tenths) * tenth else "train"
    return {split: [row for row in rows if place[row["id"]] == split] for split in ("train", *reversed(tenths))}


@dataclass(frozen=True)
class Corpus:
    """How one corpus is read. `read` yields rows with a `text` (or `tokens`) and the other columns of `features`."""

    name: str
    artefact: str  # of `pyft.data.artefacts`; none if the corpus is on a hub alone
    about: str
    features: Features
    read: Callable[[], Iterable[Row]]
    label: str = "label"
    fold: Callable[[str], str] = field(default=lambda text: fold(text))


def label_names(feature: Any) -> list[str]:
    """The class names of a column, none for a column that is not labels."""
    return list(getattr(getattr(feature, "feature", feature), "names", None) or [])


def split_hub(splits: dict[str, list[Row]], corpus: Corpus, drops: Drops) -> dict[str, list[Row]]:
    """Split as an artefact if there is one split; else keep the official test split, and a tenth of train validates.

    The test split is untouched, so a score on it can be held against published ones.
    """
    rows = drop_duplicates(splits["train"], drops, corpus.fold)
    if "test" not in splits:
        return split_by_text(rows, corpus.fold)
    tested = {corpus.fold(row["text"]) for row in splits["test"]}
    kept = [row for row in rows if corpus.fold(row["text"]) not in tested]
    drops.leaking += len(rows) - len(kept)
    return split_by_text(kept, corpus.fold, ["validation"]) | {"test": splits["test"]}


def official_splits(splits: dict[str, list[Row]], drops: Drops) -> dict[str, list[Row]]:
    """CoNLL-2003 as published, less the sentences of train and validation that also stand in a later split.

    The test split is untouched, so a score on it can be held against published ones.
    """
    later: set[str] = set()
    for split in ("test", "validation", "train"):
        texts = [fold(" ".join(row["tokens"])) for row in splits[split]]
        kept = [row for row, text in zip(splits[split], texts, strict=True) if text not in later]
        drops.leaking += len(texts) - len(kept)
        splits[split] = kept
        later.update(texts)
    return splits


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(dataset: DatasetDict) -> str:
    """sha256 over splits, columns, label names and rows, in hexadecimal: equal on two machines exactly if the data are.

    (The `_fingerprint` of `datasets` hashes how a table was made, not what is in it.)
    """
    digest = hashlib.sha256()
    for split in sorted(dataset):
        columns = {name: label_names(feature) for name, feature in dataset[split].features.items()}
        for part in ([split, columns], *dataset[split]):
            digest.update(json.dumps(part, sort_keys=True, ensure_ascii=False).encode())
    return digest.hexdigest()


def subset(train: Any, n: int, seed: int) -> Any:
    """`n` rows drawn at random without regard to their labels. For one seed, a smaller draw is part of a larger one."""
    return train.select(draw_rows(len(train), n, seed))


def draw_rows(N: int, n: int, seed: int) -> NDArray[np.int64]:
    """The rows of `subset`. Raises `PyftError` if there are fewer."""
    if not 0 < n <= N:
        raise PyftError(f"cannot draw {n:,} rows from {N:,}: expected a number from 1 to {N:,}.")
    return np.random.default_rng(seed).permutation(N)[:n]
