"""The proofs of section 8.1.3: what a list says of words, which lists know the test, and the comparison of shares."""

import math
from collections.abc import Iterator
from types import ModuleType

import numpy as np

from pyft.course.ch8_1_3_knowledge_beside_the_model.recipes import ARMS, HONEST
from pyft.evaluation.taggers import word_features
from pyft.evidence.proofs import Case

TRAIN = [
    (["Anna", "Lind", "met", "Bo"], ["B-PER", "I-PER", "O", "B-PER"]),
    (["Lind", "left", "Oslo"], ["B-PER", "O", "B-LOC"]),
    (["Ola", "von", "Berg"], ["B-PER", "I-PER", "I-PER"]),
]
TEST = [
    (["Siri", "Dahl", "of", "Bergen"], ["B-PER", "I-PER", "O", "B-LOC"]),
    (["Moe", "won"], ["B-PER", "O"]),
]
GROUPS = {
    "one": {"first": ["Anna ", "José", "Mary Ann"], "last": ["May", "Dahl"]},
    "other": {"last": ["Anna", "De La Cruz", ""]},
}


def same(found: frozenset[str], wanted: set[str]) -> float:
    """How many words are in one of the two alone."""
    return float(len(found ^ wanted))


def made(m: ModuleType) -> Iterator[Case]:
    """Lists from groups of names and from tagged sentences hold the words that they should, and no others."""
    groups, own = m.from_groups(GROUPS), m.from_sentences(TRAIN)
    yield "groups, first names", same(groups.first, {"anna", "josé"}), 0, 0
    yield "groups, last names", same(groups.last, {"may", "dahl", "anna"}), 0, 0
    yield "sentences, first names", same(own.first, {"anna", "ola"}), 0, 0
    yield "sentences, last names", same(own.last, {"lind", "bo", "berg"}), 0, 0
    both = groups | own
    yield "both, first names", same(both.first, {"anna", "josé", "ola"}), 0, 0
    yield "both, last names", same(both.last, {"may", "dahl", "anna", "lind", "bo", "berg"}), 0, 0


def marks(m: ModuleType) -> Iterator[Case]:
    """What a list says of a word, and what a tagger is told of a sentence; without a list nothing is added."""
    lists = m.from_groups(GROUPS)
    told = {"Anna": "FL", "ANNA": "FL", "José": "F", "Dahl": "L", "May": "L", "may": "-", "Oslo": "-", "12": "-"}
    for word, mark in told.items():
        yield f"{word!r}", float(lists.mark(word) == mark), 1, 0
    words = ["in", "May", "Anna", "Dahl", "won"]
    rows = m.features_with(lists)(words)
    wanted = [("-", "L"), ("-", "L"), ("L", "FL"), ("FL", "L"), ("L", "-")]
    for i in range(1, 5):
        yield f"word {i}, before and here", float((rows[i]["list-1"], rows[i]["list"]) == wanted[i]), 1, 0
        yield f"word {i - 1}, after", float(rows[i - 1]["list+1"] == rows[i]["list"]), 1, 0
        yield f"word {i}, a pair", float(rows[i]["list-1 list"] == " ".join(wanted[i])), 1, 0
    yield (
        "the other features stay",
        float(all(a.items() <= b.items() for a, b in zip(word_features(words), rows, strict=True))),
        1,
        0,
    )
    yield "no list", float(m.features_with(m.Lists())(words) == word_features(words)), 1, 0
    yield "one word is enough", float(m.covers(lists, ["Ola", "Dahl"])), 1, 0
    yield "no word is none", float(m.covers(lists, ["Ola", "Berg"])), 0, 0


def honest(m: ModuleType) -> Iterator[Case]:
    """With another test, or with none, every honest arm has the same lists; the leaked one has others."""
    public = m.from_groups(GROUPS)
    for arm in ARMS:
        lists = m.lists_of(arm, public, TRAIN, TEST)
        for what, other in (("none", []), ("another", TRAIN), ("the test and more", TEST[::-1] + TRAIN[:1])):
            moved = m.lists_of(arm, public, TRAIN, other)
            differ = len(lists.first ^ moved.first) + len(lists.last ^ moved.last)
            yield f"{arm}, test: {what}", float(differ > 0), float(arm not in HONEST), 0
    leaked = m.lists_of("leaked", public, TRAIN, TEST)
    yield "the leaked list knows the test", float(all(m.covers(leaked, words[:1]) for words, _ in TEST)), 1, 0
    yield "the public list does not", float(any(m.covers(public, words[:1]) for words, _ in TEST)), 0, 0
    for arm, size in (("none", 0), ("public", 5)):
        lists = m.lists_of(arm, public, TRAIN, TEST)
        yield f"{arm}, names", float(len(lists.first) + len(lists.last)), size, 0


def shares(m: ModuleType) -> Iterator[Case]:
    """The difference of two shares, and its error where each example is its own document: numpy's."""
    rng = np.random.default_rng(0)
    for n_a, n_b in ((400, 300), (250, 600)):
        a, b = rng.random(n_a) < 0.4, rng.random(n_b) < 0.55
        found = m.compare_shares(a, b, range(n_a), range(n_b))
        yield f"{n_a} and {n_b}, difference", found.difference, a.mean() - b.mean(), 1e-12
        error = math.sqrt(a.var(ddof=1) / n_a + b.var(ddof=1) / n_b)
        yield f"{n_a} and {n_b}, half the interval", (found.high - found.low) / 2 / (1.96 * error), 1, 0.02
        twice = m.compare_shares(np.repeat(a, 2), np.repeat(b, 2), np.arange(2 * n_a) // 2, np.arange(2 * n_b) // 2)
        ratio = (twice.high - twice.low) / (found.high - found.low)
        yield f"{n_a} and {n_b}, everything twice in a document tells nothing new", ratio, 1, 1e-9
        back = m.compare_shares(b, a, range(n_b), range(n_a))
        yield f"{n_a} and {n_b}, the other way round", [-back.high, -back.low], [found.low, found.high], 1e-12
