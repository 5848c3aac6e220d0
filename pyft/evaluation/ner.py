"""Named entities as they are scored: whole entities, counts by sentence, and the kinds of mistakes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyft import data
from pyft.data.iob2 import Span, spans
from pyft.errors import PyftError
from pyft.evaluation.stats import verdict

Tags = list[list[str]]  # of some sentences
Counts = NDArray[np.int64]  # (N, 3): entities right, found and true of each sentence


def tag_names(rows: Any) -> list[str]:
    """The names of the tags, by number."""
    return data.label_names(rows.features["ner_tags"])


def gold_tags(rows: Any) -> Tags:
    """The tags of each sentence by name, as the annotators gave them."""
    name = tag_names(rows)
    return [[name[t] for t in tags] for tags in rows["ner_tags"]]


# --- a paired test of F1 ----------------------------------------------------------------------------------------------


def counts(true: Tags, found: Tags, kind: str | None = None) -> Counts:
    """Entities right, found and true in each sentence: (N, 3)"""
    return np.array([score([y], [z], kind) for y, z in zip(true, found, strict=True)]).reshape(-1, 3)


def f1(sums: ArrayLike) -> NDArray[np.float64]:
    """F1 of entities right, found and true, (..., 3) -> (...); 0 where there is none to find and none was found."""
    right, found, true = np.moveaxis(np.asarray(sums, dtype=float), -1, 0)
    return np.asarray(2 * right / np.maximum(found + true, 1))


class Difference(NamedTuple):
    """F1 of one model less that of another, with its interval at 95 % over documents."""

    value: float
    low: float
    high: float

    def verdict(self) -> str:
        """Say whether the first model is better or worse, or that no difference is shown: the interval holds 0."""
        return verdict(self.low, not self.low <= 0 <= self.high)


def compare_f1(a: Counts, b: Counts, groups: Sequence[int], samples: int = 2000, seed: int = 0) -> Difference:
    """Paired bootstrap of F1: documents are drawn with replacement, and both models are scored on the same draw.

    F1 is no mean over sentences, so McNemar's test does not apply. Sentences of a document are not independent, the
    same names recur in them: `groups` says which document each is from, and whole documents are drawn.
    Efron & Tibshirani 1993, chapter 13 (percentile interval); Koehn 2004 (paired).
    """
    if not len(a) == len(b) == len(groups):
        raise PyftError(
            f"expected the same sentences twice and a group for each, found {len(a)}, {len(b)}, {len(groups)}"
        )
    _, of = np.unique(groups, return_inverse=True)
    G = int(of.max()) + 1
    by_group = np.zeros((G, 2, 3))
    np.add.at(by_group, of, np.stack([a, b], 1))
    times = np.random.default_rng(seed).multinomial(G, np.full(G, 1 / G), samples)  # (samples, G) how often drawn
    drawn = np.diff(f1(np.einsum("sg,gmc->smc", times, by_group))[:, ::-1]).ravel()  # (samples) of a less of b
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Difference(float(f1(a.sum(0)) - f1(b.sum(0))), float(low), float(high))


# --- kinds of error ---------------------------------------------------------------------------------------------------


class Mistake(NamedTuple):
    """One error: what stands there and what was found; either may be missing."""

    what: str
    true: Span | None
    found: Span | None


def mistakes(true: Sequence[str], found: Sequence[str]) -> list[Mistake]:
    """The errors of one sentence, by kind.

    kind       both ends right, the kind wrong
    boundary   the kind right, the words overlap, an end wrong
    both       the words overlap, kind and an end wrong
    missed     no entity was found at any of its words
    invented   no entity stands at any of its words
    """
    y, z = spans(true), spans(found)
    left, extra = [s for s in y if s not in z], [s for s in z if s not in y]
    made: list[Mistake] = []
    for s in left:
        near = [t for t in extra if t.start < s.end and s.start < t.end]
        if not near:
            made.append(Mistake("missed", s, None))
            continue
        t = max(near, key=lambda t: (t[1:] == s[1:], t.kind == s.kind, -t.start))
        what = "kind" if t[1:] == s[1:] else "boundary" if t.kind == s.kind else "both"
        made.append(Mistake(what, s, t))
    invented = [t for t in extra if not any(t.start < s.end and s.start < t.end for s in left)]
    return made + [Mistake("invented", None, t) for t in invented]


def known_entities(rows: Any) -> set[tuple[str, str]]:
    """Every entity of a training split: its words, case folded, and its kind."""
    return {
        (" ".join(words[s.start : s.end]).casefold(), s.kind)
        for words, tags in zip(rows["tokens"], gold_tags(rows), strict=True)
        for s in spans(tags)
    }


class Score(NamedTuple):
    """Of whole entities, kind and both ends: `found` by the model, `true` in the text, `right` in both."""

    right: int
    found: int
    true: int

    @property
    def precision(self) -> float:
        """Of what was found, the share that is right; 0 if nothing was found."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Of what is there, the share that was found; 0 if nothing is there."""
        return self.right / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both; 0 if nothing is right."""
        return 2 * self.right / (self.found + self.true) if self.right else 0.0


def score(true: Sequence[Sequence[str]], found: Sequence[Sequence[str]], kind: str | None = None) -> Score:
    """How many entities of `kind` (of all kinds if None) were found in some sentences; their tags in the same order.

    Raises:
        PyftError: another number of sentences, or a sentence with another number of tags.
    """
    if len(true) != len(found):
        raise PyftError(f"{len(found)} sentences of tags were found, expected {len(true)}")
    right = n = total = 0
    for number, (y, z) in enumerate(zip(true, found, strict=True)):
        if len(y) != len(z):
            raise PyftError(f"sentence {number}: {len(z)} tags were found, expected {len(y)}")
        a, b = ({s for s in spans(tags) if kind in (None, s.kind)} for tags in (y, z))
        right, n, total = right + len(a & b), n + len(b), total + len(a)
    return Score(right, n, total)
