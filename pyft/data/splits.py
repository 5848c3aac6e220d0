"""From rows to splits: duplicates and near-copies dropped, and texts divided by their hash or as their authors did."""

import hashlib
import json
import math
import re
import unicodedata
from collections import Counter
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
    near: int = 0  # near-copies of a text in a later split, or linked to it by a chain of near-copies


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


def near_copies(texts: Sequence[str], least: float) -> list[int]:
    """Number the clusters of texts that share most of their words: (N,), a cluster by its first text.

    Two texts are near-copies if the words that both hold are at least the share `least` of the words that either
    holds (Jaccard); a cluster is what a chain of them links. It is exact: two sets as alike as that share one of the
    rarest words of each, all but `least` of them, so no other pair need be looked at (prefix filtering, Bayardo, Ma &
    Srikant 2007, WWW, section 3).
    """
    sets = [set(text.split()) for text in texts]
    frequency = Counter(word for words in sets for word in words)
    cluster, holders = list(range(len(texts))), dict[str, list[int]]()

    def first(i: int) -> int:
        while cluster[i] != i:
            i = cluster[i]
        return i

    for i, words in enumerate(sets):
        by_rarity = sorted(words, key=lambda word: (frequency[word], word))
        rarest = by_rarity[: len(words) - math.ceil(least * len(words)) + 1]
        for j in sorted({j for word in rarest for j in holders.get(word, ())}):
            shared = len(words & sets[j])
            if shared >= least * (len(words) + len(sets[j]) - shared):
                one, other = sorted((first(i), first(j)))
                cluster[other] = one
        for word in rarest:
            holders.setdefault(word, []).append(i)
    return [first(i) for i in range(len(texts))]


def drop_near_copies(splits: dict[str, list[Row]], corpus: "Corpus", drops: Drops) -> dict[str, list[Row]]:
    """Keep each cluster of near-copies in the latest split that it touches: test before validation before train.

    Rows are left out rather than moved, so that test splits stay what they were, and no text is tested on that a
    prepared model read in its pretraining.
    """
    if corpus.near is None:
        return splits
    order = ("train", "validation", "test")
    rows = [(order.index(split), row) for split in order for row in splits[split]]
    clusters = near_copies([corpus.fold(row["text"]) for _, row in rows], corpus.near)
    latest = dict(zip(clusters, (place for place, _ in rows), strict=True))  # rows come in the order of the splits
    kept = [(place, row) for (place, row), cluster in zip(rows, clusters, strict=True) if place == latest[cluster]]
    drops.near += len(rows) - len(kept)
    return {split: [row for place, row in kept if order[place] == split] for split in order}


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
    near: float | None = None  # the share of common words from which texts are near-copies; None: none are looked for


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
