"""What pretraining reads: documents, blocks and pairs of sentences."""

import random

import pytest
from datasets import Dataset, DatasetDict
from hypothesis import given
from hypothesis import strategies as st
from small_documents import DOCUMENTS

from pyft import models, pretraining
from pyft.pretraining import continued, documents
from pyft.pretraining.documents import blocks, pairs

# --- text -------------------------------------------------------------------------------------------------------------


def corpus(train, test, ids=None):
    """A corpus of these texts, numbered as asked."""
    splits = {"train": train, "validation": ["a validation text"], "test": test}
    rows = {
        s: {"text": t, "id": (ids if s == "train" and ids else [str(i) for i in range(len(t))])}
        for s, t in splits.items()
    }
    return DatasetDict({split: Dataset.from_dict(columns) for split, columns in rows.items()})


@pytest.fixture
def corpora(monkeypatch):
    """Small corpora under the names that are read; one text stands in two."""
    news = [{"document": d, "tokens": t} for d, t in [(0, ["Peter", "runs"]), (1, ["Rome"]), (1, ["A", "secret"])]]
    conll = DatasetDict(
        {
            s: Dataset.from_list(news if s == "train" else [{"document": 9, "tokens": ["Oslo"]}])
            for s in ("train", "validation", "test")
        }
    )
    made = {
        "movie-reviews": corpus(["good film", "a  SECRET"], ["bad film"]),
        "product-reviews": corpus(["one", "two", "three"], ["x"], ["1_1", "1_2", "2_1"]),
        "editorials": corpus(["four", "bad film", "five"], ["x"], ["1_1", "1_2", "1_3"]),
        "tweets": corpus(["six", "seven"], ["x"]),
        "sms-spam": corpus(["eight"], ["x"]),
        "conll2003": conll,
        "text-source": corpus(["one"], ["a secret"]),
    }
    monkeypatch.setattr(continued.data, "load", made.__getitem__)


def test_documents_are_kept_together_and_held_out_texts_left_out_wherever_they_stand(corpora):
    assert pretraining.texts() == [
        ["good film"],
        ["one", "two"],
        ["three"],
        ["four", "five"],
        ["six"],
        ["seven"],
        ["eight"],
        ["Peter runs"],
        ["Rome"],
    ]


@pytest.mark.fetched
def test_no_text_of_any_validation_or_test_split_is_read():
    read = {continued.data.fold(text) for document in pretraining.texts() for text in document}
    assert len(read) > 30_000
    for name in [*pretraining.SOURCES, "text-source"]:
        for split in ("validation", "test"):
            held_out = {continued.data.fold(text) for text in documents._sentences(continued.data.load(name)[split])}
            assert not held_out & read, (name, split)


def test_token_ids_keep_sentences_and_documents_apart(tokenizer):
    assert pretraining.tokenize_documents([["good film", "bad"], ["a the"]], tokenizer) == [[[5, 7], [6]], [[8, 9]]]


# --- rows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("architecture,first,last", [("roberta", [2], [3]), ("xlnet", [], [3, 2])])
def test_blocks_hold_the_whole_text_end_to_end_in_full_rows(laptop, architecture, first, last):
    tokens = models.tokenizer(architecture)
    rows = blocks(DOCUMENTS, tokens, 10, random.Random(0))
    inner = []
    for row in rows:
        ids = row["input_ids"]
        assert len(ids) == 10 and ids[: len(first)] == first and ids[-len(last) :] == last
        inner += ids[len(first) : 10 - len(last)]
        if architecture == "xlnet":
            assert row["token_type_ids"] == [0] * 9 + [2]
        else:
            assert "token_type_ids" not in row
    everything = sum(len(ids) for d in DOCUMENTS for ids in d) + len(DOCUMENTS)
    assert everything - 8 < len(inner) <= everything
    assert inner.count(3) >= len(DOCUMENTS) - 4  # a separator between documents
    order = list(DOCUMENTS)
    random.Random(0).shuffle(order)
    assert inner[:6] == [t for d in order for ids in [*d, [3]] for t in ids][:6]


@given(st.integers(0, 99), st.integers(8, 40))
def test_pairs_fit_and_are_labelled_by_what_follows(seed, T):
    # every word is its own document's: 100 d + place
    documents = [[[100 * d + 10 * s + t for t in range(3)] for s in range(d % 4 + 1)] for d in range(1, 9)]
    rows = pairs(documents, Tokenizer(), T, random.Random(seed))
    for row in rows:
        ids, types = row["input_ids"], row["token_type_ids"]
        assert len(ids) == len(types) <= T
        end = ids.index(-2)
        a, b = ids[1:end], ids[end + 1 : -1]
        assert (ids[0], ids[-1]) == (-1, -2) and a and b
        assert types == [0] * (len(a) + 2) + [1] * (len(b) + 1)
        same = a[-1] // 100 == b[0] // 100
        assert same != bool(row["next_sentence_label"])
        if same:
            text = [t for ids in documents[a[0] // 100 - 1] for t in ids]
            assert text[text.index(a[0]) :][: len(a) + len(b)] == a + b


class Tokenizer:
    """Special tokens that are no words."""

    cls_token_id, sep_token_id = -1, -2

    def num_special_tokens_to_add(self, pair):
        return 3


def test_about_half_of_the_pairs_that_could_follow_do():
    documents = [[[d, d]] * 6 for d in range(1, 400)]
    labels = [row["next_sentence_label"] for row in pairs(documents, Tokenizer(), 11, random.Random(0))]
    assert 0.45 < sum(labels) / len(labels) < 0.65  # what was cut off for another comes again, at times alone
