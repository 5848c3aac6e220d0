"""Tags of words and the entities they spell: IOB2, its repair, its score, and the best sequence that obeys it.

`B-PER` begins a person, `I-PER` goes on with one, `O` is outside (IOB2 of Tjong Kim Sang & Veenstra
1999). A model that tags each word on its own can write what no text means: `I-PER` after `O`. Scores need a rule for
that.
"""

from collections.abc import Sequence
from typing import NamedTuple

from pyft.errors import PyftError


class Span(NamedTuple):
    """An entity: the words from `start` up to, but not including, `end`."""

    kind: str
    start: int
    end: int


def split_tag(tag: str) -> tuple[str, str]:
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
    part, kind = split_tag(tag)
    return part != "I" or split_tag(before)[1] == kind


def repair(tags: Sequence[str]) -> list[str]:
    """The same entities in IOB2, an I- that follows nothing read as a B-, as the official `conlleval` reads it."""
    return [
        tag if follows(tag, before) else f"B-{split_tag(tag)[1]}"
        for before, tag in zip(["O", *tags], tags, strict=False)
    ]


def spans(tags: Sequence[str]) -> list[Span]:
    """The entities that the tags spell, repaired, in the order of the text."""
    found: list[Span] = []
    for i, tag in enumerate(repair(tags)):
        part, kind = split_tag(tag)
        if part == "B":
            found.append(Span(kind, i, i + 1))
        elif part == "I":
            found[-1] = found[-1]._replace(end=i + 1)
    return found
