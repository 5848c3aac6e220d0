"""Logits for texts and for words."""

import pytest
import torch
from datasets import Dataset
from training import tagged, tagger

from pyft.finetune.history import History
from pyft.finetune.prediction import measure, predict
from pyft.profiles import Recipe

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")


def test_predict_keeps_the_order_and_padding_changes_no_logit(tokenizer, tiny_bert):
    model = tiny_bert(num_labels=3, initializer_range=0.3)  # so that the logits of two texts differ
    texts = ["good " * n + "film" for n in (9, 1, 30, 4, 17, 1, 2)]
    alone = torch.cat([predict(model, tokenizer, [text]) for text in texts])
    assert alone.shape == (7, 3)
    for batch_size in (1, 3, 64):
        together = predict(model, tokenizer, texts, batch_size=batch_size)
        torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    assert len({tuple(row) for row in alone.round(decimals=4).tolist()}) == 6


def test_predict_has_no_dropout_and_no_gradients(tokenizer, tiny_bert):
    model = tiny_bert().train()
    one, two = (predict(model, tokenizer, ["good film", "bad film"]) for _ in range(2))
    assert torch.equal(one, two)
    assert not one.requires_grad


@pytest.mark.parametrize("training", [True, False])
def test_predict_leaves_the_mode_as_it_was(tokenizer, tiny_bert, training):
    model = tiny_bert().train(training)
    predict(model, tokenizer, ["good"])
    assert model.training is training


def test_predict_cuts_long_texts(tokenizer, tiny_bert):
    long, cut = (predict(tiny_bert(), tokenizer, ["good " * n], max_length=8) for n in (40, 6))
    assert torch.equal(long, cut)


def test_words_beyond_the_length_have_no_prediction(tokenizer, tiny_bert):
    logits = predict(tagger(tiny_bert), tokenizer, [["good", "film", "the", "a"], ["bad"]], max_length=4)
    assert [z.shape for z in logits] == [(2, 3), (1, 3)]


SENTENCE = ["good", "film", "the", "a"]


@pytest.mark.parametrize("at", [0, 2, 4])
def test_a_word_that_the_tokenizer_drops_moves_no_other(tokenizer, tiny_bert, at):
    model = tagger(tiny_bert)
    with_dropped = [*SENTENCE[:at], "\ufe0f", *SENTENCE[at:]]
    (plain,), (found,) = (predict(model, tokenizer, [words]) for words in (SENTENCE, with_dropped))
    kept = [i for i, word in enumerate(with_dropped) if word != "\ufe0f" and i < len(found)]
    assert torch.equal(found[kept], plain)
    assert found.isnan().any(-1).tolist() == [word == "\ufe0f" for word in with_dropped[: len(found)]]


def test_a_sentence_of_dropped_words_has_no_prediction(tokenizer, tiny_bert):
    (found,) = predict(tagger(tiny_bert), tokenizer, [["\ufe0f", "\u200b"]])
    assert found.shape == (0, 3)


def test_the_validation_loss_pairs_each_word_with_its_own_tag(tokenizer, tiny_bert):
    model, features = tagger(tiny_bert), tagged(1).features
    recipe = Recipe(epochs=1, batch_size=2, lr=1e-3)
    rows = {
        "plain": [{"tokens": SENTENCE, "ner_tags": [1, 2, 0, 0]}],
        "dropped": [{"tokens": ["\ufe0f", *SENTENCE], "ner_tags": [0, 1, 2, 0, 0]}],
    }
    found = {}
    for name, some in rows.items():
        found[name] = History(losses=[0.0])
        measure(found[name], model, tokenizer, Dataset.from_list(some, features=features), recipe)
    assert found["plain"] == found["dropped"]


def test_in_full_precision_the_cpu_gives_the_same(tokenizer, tiny_bert):
    model = tiny_bert()
    assert torch.equal(*(predict(model, tokenizer, ["good film"], exact=exact) for exact in (False, True)))
