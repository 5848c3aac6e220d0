"""Entities of a text in the ways in which files hold them: tags in three schemes, and offsets.

Offsets count characters (Unicode code points) from 0, and the end is not included, as in Python's slices.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from pyft.data.iob2 import Span, spans
from pyft.data.row_checks import shown
from pyft.data.tag_schemes import SCHEMES
from pyft.errors import PyftError, unknown

Offsets = Sequence[tuple[int, int]]  # of the words of a text: start and end


class Entity(NamedTuple):
    """An entity of a text: `text[start:end]`."""

    start: int
    end: int
    label: str


# --- tags -------------------------------------------------------------------------------------------------------------


def from_iob2(tags: Sequence[str], scheme: str) -> list[str]:
    """Write the entities of IOB2 tags in another scheme.

    Raises:
        PyftError: there is no such scheme, or a tag is not IOB2.
    """
    if scheme not in SCHEMES:
        raise unknown("scheme of tags", scheme, list(SCHEMES))
    made = ["O"] * len(tags)
    before = Span("", 0, 0)
    for span in spans(tags):
        kind, start, end = span
        begin, inside, last, single = "BIIB"  # of IOB2
        if scheme == "iob1":  # B- only where two entities of a kind touch
            begin = single = "B" if (before.kind, before.end) == (kind, start) else "I"
        elif scheme == "bioes":
            last, single = "ES"
        n = end - start
        parts = [single] if n == 1 else [begin, *[inside] * (n - 2), last]
        made[start:end] = [f"{part}-{kind}" for part in parts]
        before = span
    return made


# --- offsets ----------------------------------------------------------------------------------------------------------


def word_offsets(text: str) -> list[tuple[int, int]]:
    """Where the words of a text stand: runs of letters and digits, and each other visible character by itself."""
    return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


def to_entities(tags: Sequence[str], offsets: Offsets) -> list[Entity]:
    """The entities that IOB2 tags spell, by the offsets of their words."""
    return [Entity(offsets[s.start][0], offsets[s.end - 1][1], s.kind) for s in spans(tags)]


def to_tags(text: str, entities: Sequence[Entity], offsets: Offsets) -> list[str]:
    """The IOB2 tags of the words of a text.

    Raises:
        PyftError: an entity begins or ends within a word, or two entities share a word.
    """
    starts = {start: i for i, (start, _) in enumerate(offsets)}
    ends = {end: i for i, (_, end) in enumerate(offsets)}
    tags = ["O"] * len(offsets)
    for start, end, label in entities:
        i, j = starts.get(start), ends.get(end)
        if i is None or j is None or i > j:
            raise PyftError(
                f"span {start} to {end} is {shown(text[start:end])}, which does not begin and end where words do. "
                "Offsets count characters from 0, the end not included; bytes and UTF-16 units are other counts."
            )
        if set(tags[i : j + 1]) != {"O"}:
            raise PyftError(
                f"span {start} to {end}, {shown(text[start:end])}, shares a word with another one. "
                "Tags say one thing of a word: keep the outer or the inner span."
            )
        tags[i : j + 1] = [f"B-{label}", *[f"I-{label}"] * (j - i)]
    return tags
