"""Ways to write entities as tags of words: IOB1 and BIOES become IOB2, when they are asked for; else they are named.

IOB1 (Ramshaw & Marcus 1995) begins an entity with `I-`, and with `B-` only right after one of its own kind. BIOES, also
written BILOU or BMES, marks the last word of an entity and one of a single word.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from pyft.data.iob2 import follows, repair

SCHEMES = ("iob2", "iob1", "bioes")
_BIOES = {"S": "B", "U": "B", "E": "I", "L": "I", "M": "I"}


def to_iob2(tags: Sequence[str], scheme: str) -> list[str]:
    """The same entities in IOB2. Raises `PyftError` for a tag that is none of IOB1's."""
    if scheme == "bioes":
        return [f"{_BIOES.get(part, part)}-{kind}" if kind else part for part, kind in map(_parted, tags)]
    return repair(tags) if scheme == "iob1" else list(tags)


def recognise(sentences: Iterable[Sequence[str]]) -> str | None:
    """Which other scheme these tags, which are not IOB2, look like; None if none."""
    pairs = [pair for tags in sentences for pair in pairwise(["O", *tags])]
    found = {_parted(tag) for _, tag in pairs} - {("O", "")}
    parts = {part for part, _ in found}
    if not all(kind for _, kind in found) or not parts <= {"B", "I", *_BIOES}:
        return None
    if parts & set(_BIOES):
        return "bioes"
    begun = [_parted(before)[1] == _parted(tag)[1] for before, tag in pairs if tag.startswith("B-")]
    return "iob1" if all(begun) and any(not follows(tag, before) for before, tag in pairs) else None


def is_tag(text: str) -> bool:
    """Whether it is a tag of one of the schemes."""
    part, kind = _parted(text)
    return text == "O" or (part in {"B", "I", *_BIOES} and bool(kind))


def _parted(tag: str) -> tuple[str, str]:
    part, _, kind = tag.partition("-")
    return part, kind
