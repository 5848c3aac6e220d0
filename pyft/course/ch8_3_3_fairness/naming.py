"""Names by group: those that are tested, and those that training swaps in, which are others."""

import re
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from random import Random

from pyft.course.ch8_3_3_fairness.recipes import COPIED, FREQUENCY_GROUPS, GROUPS, NAMES, PAIRS, SWAPPED
from pyft.data import published

# A word with a capital, not at the beginning of a sentence.
NAME = re.compile(r"(?<=[\w,;:] )[A-Z][a-z]{2,}\b")
Labelled = tuple[list[str], list[int]]  # texts, their labels


def _hash(name: str) -> int:
    return int(sha256(name.encode()).hexdigest(), 16)


@cache
def halves(part: str, group: str) -> tuple[list[str], list[str]]:
    """The names of one group that no other has: those for tests and those for training, divided by their hash."""
    found = published.names_of_one_group(part, GROUPS[part])[group]
    return [name for name in found if _hash(name) % 2 == 0], [name for name in found if _hash(name) % 2]


def tested(part: str) -> tuple[list[str], list[str]]:
    """Names to be put into sentences, as many of every group, and the group of each."""
    some = [(name, group) for group in GROUPS[part] for name in sorted(halves(part, group)[0], key=_hash)[:NAMES]]
    return [name for name, _ in some], [group for _, group in some]


@cache
def _known() -> dict[str, str]:
    """Whether a word is a first or a last name of any list; one that is both counts as a first name."""
    lists = published.names().values()
    return {name: part for part in ("last", "first") for parts in lists for name in parts.get(part, ())}


def swap(text: str, rng: Random) -> str:
    """The text with every name that a list holds replaced by one of a group drawn at random; the same if it has none.

    A list cannot tell a person from a prize that is called Oscar: both are replaced.
    """

    def other(match: re.Match[str]) -> str:
        part = _known().get(match[0])
        return rng.choice(halves(part, rng.choice(GROUPS[part]))[1]) if part else match[0]

    return NAME.sub(other, text)


def with_copies(texts: Sequence[str], labels: Sequence[int], arm: str, seed: int) -> Labelled:
    """Texts and labels, and a second time those texts that hold a name: with other names, as they are, or not at all.

    The copies that change nothing are the control: they cost as many steps.
    """
    rng, kept = Random(seed), (list(texts), list(labels))
    for text, label in zip(texts, labels, strict=True):
        swapped = swap(text, rng)
        if swapped != text and arm in (COPIED, SWAPPED):
            kept[0].append(swapped if arm == SWAPPED else text)
            kept[1].append(label)
    return kept


def by_frequency(vocabulary: dict[str, int], split: bool = False) -> list[tuple[str, str]]:
    """Pairs of a frequent first name and a rare one of the same group, PAIRS of each of two groups.

    The vocabulary is sorted by frequency, roughly. A rare name stands late in it; with `split` it has no place there,
    and comes in pieces.
    """
    found = []
    for group in FREQUENCY_GROUPS:
        names = published.names_of_one_group("first", GROUPS["first"])[group]
        whole = sorted((name for name in names if name.lower() in vocabulary), key=lambda n: vocabulary[n.lower()])
        pieces = sorted((name for name in names if name.lower() not in vocabulary), key=_hash)
        found += list(zip(whole[:PAIRS], (pieces if split else whole[::-1])[:PAIRS], strict=True))
    return found
