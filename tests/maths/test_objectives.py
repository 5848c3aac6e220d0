"""Masked language modelling and sentence pairs: equal to the library draw for draw, or in distribution."""

import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_texts import FIRST, MASK, VOCAB, likely, texts
from transformers import (
    DataCollatorForLanguageModeling,
)

from pyft.errors import PyftError
from pyft.maths.objectives import IGNORED, masked_lm, permutation_lm, sentence_pairs

# --- masked language modelling ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("p", [0.15, 0.5, 1.0])
def test_masks_are_the_librarys_draw_for_draw(tokenizer, seed, p):
    ids, special = texts(8, 40, seed)
    collator = DataCollatorForLanguageModeling(tokenizer, mlm_probability=p, seed=seed)
    theirs = collator(
        [
            {"input_ids": row.tolist(), "special_tokens_mask": s.long().tolist()}
            for row, s in zip(ids, special, strict=True)
        ]
    )
    inputs, labels = masked_lm(ids, special, MASK, len(tokenizer), p, torch.Generator().manual_seed(seed))
    assert torch.equal(inputs, theirs["input_ids"])
    assert torch.equal(labels, theirs["labels"])


def test_without_a_generator_torchs_own_is_used():
    ids, special = texts()
    torch.manual_seed(3)
    first = masked_lm(ids, special, MASK, VOCAB)
    torch.manual_seed(3)
    assert all(map(torch.equal, first, masked_lm(ids, special, MASK, VOCAB)))


@given(st.integers(1, 5), st.integers(4, 30), st.floats(0.01, 1), st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_what_was_not_chosen_stays_and_labels_are_the_tokens_that_were(B, T, p, seed):
    ids, special = texts(B, T, seed, padded=min(2, T - 4))
    before = ids.clone()
    inputs, labels = masked_lm(ids, special, MASK, VOCAB, p, torch.Generator().manual_seed(seed))
    chosen = labels != IGNORED
    assert torch.equal(ids, before)
    assert torch.equal(inputs[~chosen], ids[~chosen])
    assert torch.equal(labels[chosen], ids[chosen])
    assert not (chosen & special).any()
    assert inputs.dtype == labels.dtype == torch.int64
    assert ((inputs >= 0) & (inputs < VOCAB)).all()


@pytest.mark.parametrize("p", [0.15, 0.4])
def test_shares_are_fifteen_and_eighty_ten_ten(p):
    V = 1000
    ids = torch.randint(FIRST, V, (400, 128), generator=torch.Generator().manual_seed(0))
    inputs, labels = masked_lm(ids, torch.zeros_like(ids).bool(), MASK, V, p, torch.Generator().manual_seed(1))
    chosen = labels != IGNORED
    n = int(chosen.sum())
    masked, kept = (int((chosen & same).sum()) for same in (inputs == MASK, inputs == ids))
    assert likely(n, ids.numel(), p)
    assert likely(masked, n, 0.8 + 0.1 / V)  # a random word may be [MASK]
    assert likely(kept, n, 0.1 + 0.1 / V)  # or the very word
    assert likely(n - masked - kept, n, 0.1 - 0.2 / V)


def test_random_words_come_from_the_whole_vocabulary_evenly():
    ids, V = torch.full((300, 100), 5), 20
    inputs, _ = masked_lm(ids, torch.zeros_like(ids).bool(), MASK, V, 1.0, torch.Generator().manual_seed(0))
    for word in set(range(V)) - {5, MASK}:
        assert likely(int((inputs == word).sum()), ids.numel(), 0.1 / V)


@pytest.mark.parametrize("p", [0, -0.1, 1.01, float("nan")])
def test_a_share_outside_zero_to_one_is_refused(p):
    with pytest.raises(PyftError, match=r"p is .*, expected a share"):
        masked_lm(*texts(), MASK, VOCAB, p)


@pytest.mark.parametrize("objective", [lambda *x: masked_lm(*x, MASK, VOCAB), permutation_lm])
def test_texts_that_cannot_be_asked_about_are_refused(objective):
    ids, special = texts(3)
    with pytest.raises(PyftError, match="special has shape"):
        objective(ids, special[:, 1:])
    with pytest.raises(PyftError, match=r"special is torch\.int64, expected torch\.bool"):
        objective(ids, special.long())
    special[1] = True
    with pytest.raises(PyftError, match="text 1 has special tokens only"):
        objective(ids, special)


# --- next-sentence prediction -----------------------------------------------------------------------------------------

DOCUMENTS = st.lists(st.integers(1, 6), min_size=2, max_size=8).map(
    lambda sizes: [[f"{d}/{i}" for i in range(n)] for d, n in enumerate(sizes)]
)


def place(sentence):
    d, i = sentence.split("/")
    return int(d), int(i)


@given(DOCUMENTS.filter(lambda ds: max(map(len, ds)) > 1), st.integers(0, 2**31))
@settings(max_examples=80, deadline=None)
def test_the_second_is_the_next_or_of_another_document(documents, seed):
    pairs = sentence_pairs(documents, random.Random(seed))
    assert [place(a) for a, _, _ in pairs] == [(d, i) for d, x in enumerate(documents) for i in range(len(x) - 1)]
    for a, b, is_next in pairs:
        (d, i), (e, j) = place(a), place(b)
        assert (e, j) == (d, i + 1) if is_next else e != d


@given(DOCUMENTS.filter(lambda ds: max(map(len, ds)) > 2), st.integers(0, 2**31))
@settings(max_examples=80, deadline=None)
def test_or_any_other_sentence_of_the_same_document(documents, seed):
    pairs = sentence_pairs(documents, random.Random(seed), same_document=True)
    assert {place(a)[0] for a, _, _ in pairs} == {d for d, sentences in enumerate(documents) if len(sentences) > 2}
    for a, b, is_next in pairs:
        (d, i), (e, j) = place(a), place(b)
        assert e == d
        assert (j == i + 1) == is_next
        assert j != i


@pytest.mark.parametrize("same_document", [False, True])
def test_half_are_next_and_every_wrong_one_is_as_likely(same_document):
    documents = [[f"{d}/{i}" for i in range(4)] for d in range(4)]
    rng = random.Random(0)
    pairs = [pair for _ in range(800) for pair in sentence_pairs(documents, rng, same_document)]
    assert likely(sum(is_next for *_, is_next in pairs), len(pairs), 0.5)
    wrong = [b for a, b, is_next in pairs if a == "1/0" and not is_next]
    places = {"1/2", "1/3"} if same_document else {f"{d}/{i}" for d in (0, 2, 3) for i in range(4)}
    assert set(wrong) == places
    assert all(likely(wrong.count(b), len(wrong), 1 / len(places)) for b in places)


def test_the_same_seed_gives_the_same_pairs():
    documents = [["a", "b", "c"], ["d", "e"]]
    assert sentence_pairs(documents, random.Random(1)) == sentence_pairs(documents, random.Random(1))


@pytest.mark.parametrize(
    "documents,same_document,message",
    [
        ([], False, r"0 document\(s\): the wrong sentence comes from another one"),
        ([["a", "b"]], False, r"1 document\(s\)"),
        ([["a", "b"], []], False, "document 1 is empty"),
        ([["a"], ["b"]], False, "no document has 2 sentences"),
        ([["a", "b"], ["c", "d"]], True, "no document has 3 sentences"),
        ([], True, "no document has 3 sentences"),
    ],
)
def test_documents_without_pairs_are_refused(documents, same_document, message):
    with pytest.raises(PyftError, match=message):
        sentence_pairs(documents, random.Random(0), same_document)
