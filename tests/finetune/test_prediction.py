"""Logits for texts and for words."""

import pytest
import torch
from training import tagger

from pyft.finetune.prediction import predict

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
