"""What the pages of section 6.3 share: the tags that records keep, the entities of a split, and who found which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyft.course.ch6_3_named_entities.experiment import BY_KIND, ONCE, stored_tags
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


def after_one_epoch(records: Sequence[Mapping[str, Any]], test: Any) -> dict[tuple[str, str], Verdict]:
    """BERT as the page trains it against the linear taggers, the family `ONCE`; nothing if fewer than two are kept."""
    taggers = {"BERT": "bert", **LINEAR}
    runs = {name: recorded_tags(records, test, short, least=0) for name, short in taggers.items()}
    seeds, true = min(map(len, runs.values())), gold_tags(test)
    if seeds < 2:
        return {}
    counted = {name: np.array([counts(true, tags) for tags in some[:seeds]]) for name, some in runs.items()}
    return ONCE.correct({(a, b): compare_f1(counted[a], counted[b], test["document"]) for a, b in ONCE.members})


Counted = dict[tuple[str, str], NDArray[np.int64]]  # by tagger and kind: hits, found and wanted, (S, N, 3)


def counts_by_kind(found: dict[str, Any], records: Sequence[Mapping[str, Any]], test: Any) -> Counted:
    """What BERT on sentences and the linear taggers found of each kind, over the seeds that all of them have.

    A tagger of which no seed is kept is left out, and does not count among them.
    """
    runs = {name: recorded_tags(records, test, short, least=0) for name, short in LINEAR.items()}
    runs["BERT"] = stored_tags(found, test, "sentence", "constrained")
    seeds = min(len(some) for some in runs.values() if some)
    true = [spans(tags) for tags in gold_tags(test)]
    counted = {}
    for name, some in runs.items():
        told = [[spans(tags) for tags in run] for run in some[:seeds]]
        for kind in KINDS if told else ():
            counted[name, kind] = np.array(
                [[_counts(y, z, kind) for y, z in zip(true, run, strict=True)] for run in told]
            )
    return counted


def _counts(true: Sequence[Span], found: Sequence[Span], kind: str) -> tuple[int, int, int]:
    y, z = ({s for s in some if s.kind == kind} for some in (true, found))
    return len(y & z), len(z), len(y)


def of_kinds(counted: Counted, documents: Sequence[Any]) -> dict[tuple[str, str], Verdict]:
    """BERT against the linear taggers by kind, the family `BY_KIND`; nothing if one has fewer than two seeds.

    Runs are paired by seed: both taggers learnt from the same sentences.
    """
    if len({name for name, _ in counted}) <= len(LINEAR) or min(map(len, counted.values())) < 2:
        return {}
    return BY_KIND.correct(
        {
            (kind, rival): compare_f1(counted["BERT", kind], counted[rival, kind], documents)
            for kind, rival in BY_KIND.members
        }
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
