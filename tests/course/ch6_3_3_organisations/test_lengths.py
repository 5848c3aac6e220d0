"""Long names against short ones and against chance, over seeds and documents together."""

import numpy as np
import pytest

from pyft.course.ch6_3_3_organisations.lengths import compare_lengths


def names(E=600, seed=0):
    """Lengths and documents of E names, ten to a document."""
    return np.random.default_rng(seed).integers(1, 5, E), np.arange(E) // 10


def found(chance, S=5, seed=1):
    """Which names S runs find; most draws are of the name, the same for every run."""
    rng = np.random.default_rng(seed)
    draw = rng.random(len(chance))
    return np.array([np.where(rng.random(len(chance)) < 0.1, rng.random(len(chance)), draw) < chance for _ in range(S)])


def test_figures_are_those_by_hand():
    words, documents = names()
    hits = found(0.9**words)
    told = compare_lengths(hits, words, documents)
    q, long = hits[:, words == 1].mean(1), words >= 3
    assert told["names of one word"].difference == pytest.approx((hits[:, long].mean(1) - q).mean())
    promised = np.mean([(one ** words[long]).mean() for one in q])
    assert told["the toy"].difference == pytest.approx(hits[:, long].mean() - promised)


def test_words_that_are_right_by_chance_obey_the_toy_and_others_do_not():
    words, documents = names(2000)
    by_chance = compare_lengths(found(0.8**words), words, documents)
    assert by_chance["names of one word"].word == "worse" and by_chance["the toy"].word == "no difference shown"
    as_often = compare_lengths(found(np.full(len(words), 0.8)), words, documents)
    assert as_often["names of one word"].word == "no difference shown" and as_often["the toy"].word == "better"


def test_the_intervals_are_those_of_drawn_documents():
    words, documents = names(1000)
    hits = np.repeat(found(0.85**words, S=1), 2, axis=0)  # runs that agree, so that documents alone count
    told, rng, drawn = compare_lengths(hits, words, documents), np.random.default_rng(2), []
    of = [np.flatnonzero(documents == d) for d in range(documents.max() + 1)]
    for _ in range(1000):
        rows = np.concatenate([of[d] for d in rng.integers(len(of), size=len(of))])
        h, n = hits[0, rows], words[rows]
        q, long = h[n == 1].mean(), n >= 3
        drawn.append((h[long].mean() - q, h[long].mean() - (q ** n[long]).mean()))
    for v, sd in zip(told.values(), np.std(drawn, axis=0), strict=True):
        assert (v.high - v.low) / 2 == pytest.approx(2 * sd, rel=0.2)


def test_one_seed_says_nothing():
    words, documents = names()
    with pytest.raises(ValueError, match="one seed"):
        compare_lengths(found(0.9**words, S=1), words, documents)
