"""What the pages of section 6.3 share: the tags that records keep, the entities of a split, and who found which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyft.course.ch6_3_named_entities.experiment import BY_KIND, stored_tags
from pyft.data.iob2 import Span, spans
from pyft.errors import PyftError
from pyft.evaluation.ner import Tags, counts, gold_tags, tag_names
from pyft.evaluation.verdicts import Verdict, compare_f1

KINDS = ("PER", "LOC", "ORG", "MISC")
LINEAR = {"linear": "linear", "linear, lower case": "linear_lower"}  # as pages call them, and as records do


def tag_digits(tags: Tags, names: Sequence[str]) -> list[str]:
    """The tags of each sentence as a text, a digit a word: what a record keeps."""
    number = {tag: str(k) for k, tag in enumerate(names)}
    return ["".join(number[tag] for tag in row) for row in tags]


def recorded_tags(records: Sequence[Mapping[str, Any]], test: Any, name: str, least: int = 2) -> list[Tags]:
    """The tags that a tagger gave in each record of section 6.3, by seed.

    Raises:
        PyftError: fewer than `least` records keep them.
    """
    names = tag_names(test)
    kept = [r["predictions"].get(f"{name}.answer") for r in records]
    found = [[[names[int(k)] for k in row] for row in rows] for rows in kept if rows]
    if len(found) < least:
        raise PyftError(
            f"{len(found)} records of section 6.3 keep the answers of {name!r}, expected {least} or more. To make "
            'them: pyft calibrate 6.3 --reason "answers of its taggers"'
        )
    return found


def of_kinds(
    found: Mapping[str, Any], records: Sequence[Mapping[str, Any]], test: Any
) -> dict[tuple[str, str], Verdict]:
    """BERT on sentences against the linear taggers, by kind: the family `BY_KIND`; nothing if there are no records.

    Runs are paired by seed: both taggers learnt from the same sentences.
    """
    runs = {name: recorded_tags(records, test, short, least=0) for name, short in LINEAR.items()}
    runs["BERT"] = stored_tags(found, test, "sentence", "constrained")
    seeds = min(map(len, runs.values()))
    if seeds < 2:
        return {}
    true, documents = gold_tags(test), list(test["document"])
    n = {
        (name, kind): np.array([counts(true, tags, kind) for tags in some[:seeds]])  # (S, N, 3)
        for name, some in runs.items()
        for kind in KINDS
    }
    return BY_KIND.correct(
        {(kind, rival): compare_f1(n["BERT", kind], n[rival, kind], documents) for kind, rival in BY_KIND.members}
    )


@dataclass(frozen=True)
class Entities:
    """The E entities of some sentences, in the order of the text."""

    row: NDArray[np.int64]  # (E,) the sentence
    span: list[Span]
    kind: NDArray[np.str_]  # (E,)
    words: NDArray[np.str_]  # (E,) case folded
    length: NDArray[np.int64]  # (E,) words
    document: NDArray[np.int64]  # (E,)

    def hits(self, runs: Sequence[Tags]) -> NDArray[np.bool_]:
        """Which of them each run found, ends and kind: (S, E)."""
        found = [[set(spans(tags)) for tags in run] for run in runs]
        return np.array([[s in run[i] for i, s in zip(self.row, self.span, strict=True)] for run in found])


def entities(rows: Any) -> Entities:
    """The entities of a split with documents."""
    all_ = [(i, s) for i, tags in enumerate(gold_tags(rows)) for s in spans(tags)]
    tokens, documents = list(rows["tokens"]), list(rows["document"])
    return Entities(
        np.array([i for i, _ in all_]),
        [s for _, s in all_],
        np.array([s.kind for _, s in all_]),
        np.array([" ".join(tokens[i][s.start : s.end]).casefold() for i, s in all_]),
        np.array([s.end - s.start for _, s in all_]),
        np.array([documents[i] for i, _ in all_]),
    )


def excerpt(words: Sequence[str], span: Span, around: int = 5) -> str:
    """A name in brackets, with the words around it."""
    left, right = words[max(0, span.start - around) : span.start], words[span.end : span.end + around]
    name = f"[{' '.join(words[span.start : span.end])}]"
    before, after = ["…"] * (span.start > around), ["…"] * (span.end + around < len(words))
    return " ".join([*before, *left, name, *right, *after])


def described(words: Sequence[str], span: Span | None) -> str:
    """The words of an entity and its kind."""
    return f"{' '.join(words[span.start : span.end])}: {span.kind}" if span else "nothing"
