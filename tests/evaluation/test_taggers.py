"""The list of names, features by hand, the linear tagger."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from pyft.course.ch6_3_named_entities.experiment import official_split
from pyft.data.iob2 import follows
from pyft.evaluation.ner import score
from pyft.evaluation.taggers import (
    STRENGTHS,
    Gazetteer,
    LinearTagger,
    character_features,
    word_features,
    word_shape,
)

TEXTS = [["Peter", "Blackburn", "of", "Berlin"], ["Berlin", "said", "so"], ["New", "York", "Times"], ["New", "York"]]
TAGS = [["B-PER", "I-PER", "O", "B-LOC"], ["B-LOC", "O", "O"], ["B-ORG", "I-ORG", "I-ORG"], ["B-LOC", "I-LOC"]]


def test_the_longest_name_from_the_left_is_found_with_its_kind():
    names = Gazetteer(TEXTS, TAGS)
    assert names.tag(["New", "York", "Times", "New", "York", "York"]) == [
        *["B-ORG", "I-ORG", "I-ORG"],
        *["B-LOC", "I-LOC", "O"],
    ]
    assert names.tag(["berlin", "Berlin"]) == ["O", "B-LOC"] and names.tag([]) == []
    assert Gazetteer([["a"]], [["O"]]).tag(["a"]) == ["O"]


def test_the_commonest_kind_wins_and_the_alphabet_settles_ties():
    assert Gazetteer([["a"]] * 3, [["B-PER"], ["B-LOC"], ["B-PER"]]).tag(["a"]) == ["B-PER"]
    assert Gazetteer([["a"]] * 2, [["B-PER"], ["B-LOC"]]).tag(["a"]) == ["B-LOC"]


@pytest.mark.fetched
def test_on_the_official_splits_it_scores_what_the_shared_task_reports():
    train = official_split("train")
    assert len(train[0]) == 14_987 - 946  # their Table 1 counts the line that begins each article as a sentence
    names = Gazetteer(*train)
    for split, published in [("valid", (78.33, 65.23, 71.18)), ("test", (71.91, 50.90, 59.61))]:
        tokens, tags = official_split(split)
        found = score(tags, [names.tag(words) for words in tokens])
        assert tuple(round(100 * x, 2) for x in (found.precision, found.recall, found.f1)) == published


@pytest.mark.parametrize(
    "word,is_",
    [("Blackburn", "Xx"), ("1996-08-22", "0-0-0"), ("U.N.", "X.X."), ("mid-1990s", "x-0x"), ("北京", "北京")],
)
def test_a_shape_is_sorts_of_letters(word, is_):
    assert word_shape(word) == is_


def test_features_see_the_word_and_its_neighbours():
    first, second = word_features(["New", "York"])
    assert (first["w-1"], first["w+0"], first["w+1"], first["w+2"]) == ("<", "new", "york", ">")
    assert (second["s+0"], second["from 2"], second["to 3"], second["w-1 w"]) == ("Xx", "yo", "ork", "new york")
    one, two = character_features(["北", "京"])
    assert one["p+0"] == "北京" == two["p-1"] and one["t"] == "<北京" and two["c+2"] == ">>"


def test_the_linear_tagger_learns_obeys_and_is_scikit_learns():
    tagger = LinearTagger(C=100.0).fit(TEXTS * 5, TAGS * 5)
    assert tagger.tag(TEXTS) == TAGS
    unseen = [["York", "Blackburn", "Times"], ["so"]]
    for tags in tagger.tag(unseen):
        assert all(follows(tag, before) for before, tag in zip(["O", *tags], tags, strict=False))
    z = tagger.log_probabilities(unseen)
    assert [x.shape for x in z] == [(3, 7), (1, 7)]
    assert torch.tensor(z[0]).exp().sum(-1).tolist() == pytest.approx([1, 1, 1])
    x = tagger.vectorizer.transform([[f"{k}={v}" for k, v in row.items()] for row in word_features(unseen[0])])
    assert isinstance(tagger.model, LogisticRegression)
    assert tagger.model.predict_proba(x)[1] == pytest.approx(torch.tensor(z[0][1]).exp().tolist())


def test_a_feature_that_occurs_once_is_left_out():
    tagger = LinearTagger().fit([["Anna", "saw", "Bob"], ["Anna", "ran"]], [["B-PER", "O", "B-PER"], ["B-PER", "O"]])
    known = tagger.vectorizer.vocabulary_
    assert "w+0=anna" in known and "w+0=bob" not in known


def test_the_linear_tagger_never_breaks_iob2(monkeypatch):
    tagger = LinearTagger().fit(TEXTS * 5, TAGS * 5)
    names = list(tagger.model.classes_)
    p = np.full((2, len(names)), 0.01)
    p[:, names.index("I-PER")] = 0.9  # the first word's most probable tag cannot begin a sentence
    monkeypatch.setattr(tagger, "log_probabilities", lambda tokens: [np.log(p)])
    (tags,) = tagger.tag([["a", "b"]])
    assert tags == ["B-PER", "I-PER"]


def test_the_strength_is_the_one_that_finds_most_on_validation_sentences():
    strengths = (1e-4, *STRENGTHS)
    train = (TEXTS * 5, TAGS * 5)
    held_out = [["Peter", "said"], ["New", "York"]], [["B-PER", "O"], ["B-LOC", "I-LOC"]]
    tagger = LinearTagger().fit(*train, held_out, strengths)
    f1 = {C: score(held_out[1], LinearTagger().fit(*train, held_out, [C]).tag(held_out[0])).f1 for C in strengths}
    assert len(set(f1.values())) > 1, "all strengths are as good: the test sees nothing"
    assert max(f1, key=f1.get) == tagger.model.C  # the smaller on a tie


def test_a_fit_that_began_at_a_weaker_one_ends_where_a_fresh_one_does():
    train = (TEXTS * 5, TAGS * 5)
    fitted = LinearTagger().fit(*train, (TEXTS, TAGS), [0.1, 1.0])
    fresh = LinearTagger().fit(*train, (TEXTS, TAGS), [fitted.model.C])
    assert np.concatenate(fitted.log_probabilities(TEXTS)) == pytest.approx(
        np.concatenate(fresh.log_probabilities(TEXTS)), abs=1e-2
    )
