"""Entities and their score against seqeval and by hand; the best path against all paths."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import classification_report, f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities

from pyft.data.iob2 import Span, follows, repair, spans, split_tag
from pyft.errors import PyftError
from pyft.evaluation.decoding import allowed_transitions, name_tags, viterbi
from pyft.evaluation.ner import Score, score

NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
sentences = st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=8), min_size=1, max_size=5)
tag_pairs = st.lists(
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1, max_size=8),
    min_size=1,
    max_size=5,
)


def legal(tags):
    return all(follows(tag, before) for before, tag in zip(["O", *tags], tags, strict=False))


@pytest.mark.parametrize(
    "tags,found",
    [
        (["O", "O"], []),
        (["B-PER", "I-PER", "O", "B-LOC"], [("PER", 0, 2), ("LOC", 3, 4)]),
        (["B-PER", "B-PER"], [("PER", 0, 1), ("PER", 1, 2)]),
        (["O", "I-PER", "I-PER"], [("PER", 1, 3)]),  # begins without a B
        (["B-PER", "I-LOC"], [("PER", 0, 1), ("LOC", 1, 2)]),  # changes its kind
        (["I-LOC"], [("LOC", 0, 1)]),
        ([], []),
    ],
)
def test_entities_are_read_as_conlleval_reads_them(tags, found):
    assert spans(tags) == [Span(*s) for s in found]


@given(sentences)
def test_entities_are_seqevals(some):
    for tags in some:
        assert spans(tags) == [Span(kind, start, end + 1) for kind, start, end in get_entities(tags)]


@given(sentences)
def test_repair_obeys_iob2_keeps_the_entities_and_leaves_what_is_right(some):
    for tags in some:
        mended = repair(tags)
        assert legal(mended) and spans(mended) == spans(tags) and repair(mended) == mended
        if legal(tags):
            assert mended == tags


@pytest.mark.parametrize("tag", ["", "B", "I", "B-", "PER", "E-PER", "o", "S-LOC", "-PER"])
def test_what_is_no_tag_is_named(tag):
    with pytest.raises(PyftError, match="expected O, or B- or I- and a kind"):
        split_tag(tag)


def test_a_kind_may_have_hyphens_of_its_own():
    assert split_tag("B-work-of-art") == ("B", "work-of-art") and split_tag("O") == ("O", "")


@given(tag_pairs)
def test_the_score_is_seqevals(pairs):
    true, found = ([[p[k] for p in sentence] for sentence in pairs] for k in (0, 1))
    ours = score(true, found)
    assert ours.precision == pytest.approx(precision_score(true, found, zero_division=0))
    assert ours.recall == pytest.approx(recall_score(true, found, zero_division=0))
    assert ours.f1 == pytest.approx(f1_score(true, found, zero_division=0))
    if ours.true or ours.found:
        report = classification_report(true, found, output_dict=True, zero_division=0)
        for kind in ("PER", "LOC"):
            theirs = report.get(kind, {"precision": 0, "recall": 0, "f1-score": 0, "support": 0})
            one = score(true, found, kind)
            assert (one.precision, one.recall, one.f1) == pytest.approx(
                (theirs["precision"], theirs["recall"], theirs["f1-score"])
            )
            assert one.true == theirs["support"]


def test_half_an_entity_is_none_and_nothing_found_is_zero():
    true = [["B-PER", "I-PER", "O", "B-LOC"]]
    assert score(true, [["B-PER", "O", "O", "B-LOC"]]) == Score(1, 2, 2)
    assert score(true, [["B-LOC", "I-LOC", "O", "B-LOC"]]).f1 == 0.5
    none = score(true, [["O"] * 4])
    assert (none.precision, none.recall, none.f1) == (0, 0, 0) and none.true == 2
    assert score([["O"]], [["B-PER"]]) == Score(0, 1, 0)


@pytest.mark.parametrize(
    "true,found,said",
    [
        ([["O"]], [], "0 sentences of tags were found, expected 1"),
        ([["O"], ["O", "O"]], [["O"], ["O"]], "sentence 1: 1 tags were found, expected 2"),
    ],
)
def test_tags_that_do_not_match_are_refused(true, found, said):
    with pytest.raises(PyftError, match=said):
        score(true, found)


def test_words_that_the_model_was_not_given_are_outside():
    names = ["O", "B-PER"]
    assert name_tags(torch.tensor([1, 0]), names, 4) == ["B-PER", "O", "O", "O"]
    assert name_tags(torch.tensor([], dtype=torch.int64), names, 1) == ["O"]
    with pytest.raises(PyftError, match="2 tags for 1 words"):
        name_tags(torch.tensor([1, 0]), names, 1)


def test_what_may_follow_what():
    A, first = allowed_transitions(NAMES)
    assert first.tolist() == [True, True, False, True, False]
    assert A[:, 0].all() and A[:, 1].all() and A[:, 3].all()
    assert A[:, 2].tolist() == [False, True, True, False, False]
    assert A[:, 4].tolist() == [False, False, False, True, True]


@given(st.integers(1, 5), st.integers(0, 10**6))
def test_the_best_path_is_the_best_of_all_that_are_allowed(T, seed):
    z = torch.randn(T, len(NAMES), generator=torch.Generator().manual_seed(seed))
    paths = [p for p in itertools.product(range(len(NAMES)), repeat=T) if legal([NAMES[k] for k in p])]
    best = max(paths, key=lambda p: sum(z[t, k].double().item() for t, k in enumerate(p)))
    assert viterbi(z, *allowed_transitions(NAMES)).tolist() == list(best)


@given(st.integers(1, 4), st.integers(0, 10**6))
def test_transitions_may_have_scores(T, seed):
    g = torch.Generator().manual_seed(seed)
    z, A, first = (torch.randn(*shape, generator=g).double() for shape in ((T, 3), (3, 3), (3,)))

    def total(p):
        steps = sum(A[i, j] for i, j in itertools.pairwise(p))
        return (first[p[0]] + sum(z[t, k] for t, k in enumerate(p)) + steps).item()

    found = viterbi(z, A, first).tolist()
    assert math.isclose(total(found), max(map(total, itertools.product(range(3), repeat=T))), abs_tol=1e-12)


def test_where_nothing_is_forbidden_each_word_decides_alone():
    z = torch.randn(6, 5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(viterbi(z, torch.ones(5, 5).bool(), torch.ones(5).bool()), z.argmax(-1))
