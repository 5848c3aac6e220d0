"""Tags of words and the entities they spell: IOB2, its repair, its score, and the best sequence that obeys it.

`B-PER` begins a person, `I-PER` goes on with one, `O` is outside (IOB2 of Tjong Kim Sang & Veenstra
1999). A model that tags each word on its own can write what no text means: `I-PER` after `O`. Scores need a rule for
that.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from pyft.errors import PyftError


class Span(NamedTuple):
    """An entity: the words from `start` up to, but not including, `end`."""

    kind: str
    start: int
    end: int


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


def split(tag: str) -> tuple[str, str]:
    """`B-PER` -> `B`, `PER`; `O` -> `O` and nothing.

    Raises:
        PyftError: the tag is not IOB2.
    """
    part, _, kind = tag.partition("-")
    if tag != "O" and (part not in ("B", "I") or not kind):
        raise PyftError(f"tag {tag!r}: expected O, or B- or I- and a kind, such as B-PER")
    return part, kind


def follows(tag: str, before: str) -> bool:
    """Whether IOB2 allows `tag` after `before`: I-X comes after B-X or I-X alone. Before the first word stands `O`."""
    part, kind = split(tag)
    return part != "I" or split(before)[1] == kind


def repaired(tags: Sequence[str]) -> list[str]:
    """The same entities in IOB2, an I- that follows nothing read as a B-, as the official `conlleval` reads it."""
    return [
        tag if follows(tag, before) else f"B-{split(tag)[1]}" for before, tag in zip(["O", *tags], tags, strict=False)
    ]


def spans(tags: Sequence[str]) -> list[Span]:
    """The entities that the tags spell, repaired, in the order of the text."""
    found: list[Span] = []
    for i, tag in enumerate(repaired(tags)):
        part, kind = split(tag)
        if part == "B":
            found.append(Span(kind, i, i + 1))
        elif part == "I":
            found[-1] = found[-1]._replace(end=i + 1)
    return found


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


def named(path: Tensor, names: Sequence[str], n: int) -> list[str]:
    """The tags of n words, by name: path (m) of their numbers; words beyond it, which the model was not given, are `O`.

    Raises:
        PyftError: more tags than words.
    """
    if len(path) > n:
        raise PyftError(f"{len(path)} tags for {n} words: expected no more than one each")
    return [names[k] for k in path.tolist()] + ["O"] * (n - len(path))


def allowed(names: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Which tag may stand after which (K, K), rows the earlier, and which may come first (K); bool."""
    pairs = [[follows(tag, before) for tag in names] for before in names]
    return torch.tensor(pairs), torch.tensor([follows(tag, "O") for tag in names])


def viterbi(z: Tensor, A: Tensor, first: Tensor) -> Tensor:
    """The sequence of tags with the highest sum of scores among all that are allowed: (T).

    z (T, K) scores, such as log-probabilities; A (K, K) and first (K) what is allowed, or scores of transitions to
    add. Viterbi 1967: the best path to tag k at word t is the best path to some tag at t - 1, and one step.
    """
    A, first = (x.double().log() if x.dtype == torch.bool else x.double() for x in (A, first))  # log 0 = -inf: never
    best = first + z[0].double()  # (K) score of the best path to each tag
    back = []
    for scores in z[1:].double():
        through = best[:, None] + A  # (K, K)
        best, before = through.max(0)
        best = best + scores
        back.append(before)  # (K)
    path = [best.argmax()]
    for before in reversed(back):
        path.append(before[path[-1]])
    return torch.stack(path[::-1])
