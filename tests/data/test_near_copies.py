"""Near-copies: found exactly, told apart from what only looks like one, and kept in one split."""

import random
from itertools import combinations

import pytest

from pyft.data.corpora import CORPORA, load_with_drops
from pyft.data.splits import Corpus, Drops, drop_near_copies, near_copies

TEN = "a b c d e f g h i j"


@pytest.mark.parametrize(
    "text,near",
    [
        (TEN, True),
        ("a b c d e f g", True),  # seven of ten
        ("a b c d e f", False),
        ("a b c d e f g h x", True),  # eight of eleven
        ("a b c d e f g x", False),  # seven of eleven
        ("j i h g f e d c b a a a", True),  # neither order nor number counts
    ],
)
def test_seven_words_of_ten_by_hand(text, near):
    assert near_copies([TEN, text], 0.7) == ([0, 0] if near else [0, 1])


def test_a_chain_is_one_cluster():
    assert near_copies(["a b c d", "x y z", "a b c d e", "a b c d e f"], 0.8) == [0, 1, 0, 0]
    assert near_copies(["a b c d", "a b c d e f", "a b c d e"], 0.8) == [0, 0, 0]  # the link comes last


@pytest.mark.parametrize("least", [0.5, 0.7, 0.9])
def test_no_pair_is_overlooked(least):
    rng = random.Random(0)
    texts = [" ".join(rng.choices("abcdefghijkl", k=rng.randrange(1, 9))) for _ in range(120)]
    sets = [set(text.split()) for text in texts]
    clusters = list(range(len(texts)))
    for i, j in combinations(range(len(texts)), 2):  # every pair, and the cluster of one becomes that of the other
        if len(sets[i] & sets[j]) >= least * len(sets[i] | sets[j]):
            low, high = sorted((clusters[i], clusters[j]))
            clusters = [low if c == high else c for c in clusters]
    assert near_copies(texts, least) == clusters
    assert len(set(clusters)) < 120


def split(**texts):
    return {name: [{"id": text, "text": text} for text in of_split] for name, of_split in texts.items()}


def corpus(near):
    return Corpus("toy", "", "", None, lambda: (), near=near)


TOY = {"train": ["a b c d", "p q", "a b c d e f", "x y z w"], "validation": ["x y z"], "test": ["a b c d e", "m n"]}


def test_a_cluster_stays_in_its_latest_split():
    drops = Drops()
    kept = drop_near_copies(split(**TOY), corpus(0.7), drops)
    assert {name: [row["text"] for row in rows] for name, rows in kept.items()} == {
        "train": ["p q"],
        "validation": ["x y z"],
        "test": ["a b c d e", "m n"],
    }
    assert drops.near == 3


def test_copies_within_one_split_stay():
    splits = split(train=["a b c d", "a b c d e"], validation=[], test=["x"])
    assert drop_near_copies(splits, corpus(0.7), Drops()) == splits


def test_a_corpus_that_looks_for_none_is_left_alone():
    splits, drops = split(**TOY), Drops()
    assert drop_near_copies(splits, corpus(None), drops) is splits and drops.near == 0


def test_only_messages_look_for_them():
    """Another corpus here makes what was measured on it stale."""
    assert [name for name, corpus in CORPORA.items() if corpus.near is not None] == ["sms-spam"]


@pytest.mark.fetched
def test_no_spam_of_the_test_split_has_a_near_copy_elsewhere():
    splits, drops = load_with_drops("sms-spam")
    rows = [(name, row) for name, rows in splits.items() for row in rows]
    clusters = near_copies([CORPORA["sms-spam"].fold(row["text"]) for _, row in rows], 0.7)
    assert len({(cluster, name) for cluster, (name, _) in zip(clusters, rows, strict=True)}) == len(set(clusters))
    assert (drops.duplicates, drops.near) == (391, 71)
    assert sum(row["label"] for row in splits["test"]) == 51
