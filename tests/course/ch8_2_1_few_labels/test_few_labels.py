"""Centroids, pairs and patterns: by hand, and against the libraries'."""

import numpy as np
import pytest
import torch
from datasets import Dataset
from sklearn.neighbors import NearestCentroid
from torch.nn import functional as F
from transformers import BertForPreTraining

from pyft.course.ch8_2_1_few_labels.few_labels import Pattern, centroids, nearest, pair_loss, pull_pairs, unit, vectors
from pyft.errors import PyftError


@pytest.fixture
def masked(tiny_bert):
    torch.manual_seed(1)
    return BertForPreTraining(tiny_bert().config).eval()


def test_the_nearest_mean_is_that_of_the_library():
    rng = np.random.default_rng(0)
    X, y, Z = unit(rng.normal(size=(20, 6))), np.arange(20) % 4, unit(rng.normal(size=(40, 6)))
    assert (nearest(Z, centroids(X, y)) == NearestCentroid().fit(X, y).predict(Z)).all()


def test_the_loss_of_pairs_by_hand_and_whatever_the_lengths():
    u, y = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]), torch.tensor([0, 0, 1])
    assert pair_loss(u, y).item() == pytest.approx(0.8 / 3)
    assert pair_loss(u * torch.tensor([[3.0], [1.0], [0.2]]), y).item() == pytest.approx(0.8 / 3)


def test_a_step_on_the_loss_of_pairs_brings_one_class_together():
    u, y = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]], requires_grad=True), torch.tensor([0, 0, 1])
    pair_loss(u, y).backward()
    v = (u - 0.1 * u.grad).detach()
    assert F.cosine_similarity(v[0], v[1], dim=0) > 0.6
    assert F.cosine_similarity(v[1], v[2], dim=0) < 0.8


def test_a_batch_is_pooled_over_its_real_tokens(tiny_bert, tokenizer):
    model = tiny_bert().eval()
    texts, y = ["good film", "bad", "the good good film"], torch.tensor([0, 1, 0])
    x = dict(tokenizer(texts, padding=True, return_tensors="pt"))
    expected = pair_loss(torch.from_numpy(vectors(model, tokenizer, texts, 16)), y)
    assert pull_pairs(model, x | {"labels": y}).item() == pytest.approx(expected.item(), abs=1e-5)


def test_the_scores_at_the_hole_are_the_library_s(masked, tokenizer):
    pattern = Pattern("the [MASK] ", ("bad", "good"))
    texts = ["film", "a good film"]
    x = dict(tokenizer([pattern.before + text for text in texts], padding=True, return_tensors="pt"))
    whole = masked(**x).prediction_logits[x["input_ids"] == tokenizer.mask_token_id]
    ids = tokenizer.convert_tokens_to_ids(["bad", "good"])
    torch.testing.assert_close(pattern.logits(masked, x, tokenizer), whole[:, ids])
    assert pattern.predict(masked, tokenizer, texts, 16).tolist() == whole[:, ids].argmax(1).tolist()
    y = torch.tensor([1, 0])
    expected = F.cross_entropy(whole[:, ids], y)
    torch.testing.assert_close(pattern.loss(masked, x | {"labels": y}, tokenizer), expected)


def test_a_long_text_is_cut_and_the_hole_stays(masked, tokenizer):
    assert len(Pattern("the [MASK] ", ("bad", "good")).predict(masked, tokenizer, ["film " * 50], 8)) == 1


def test_the_pattern_is_written_before_each_text():
    rows = Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]})
    assert Pattern("x: ", ("bad", "good")).write(rows)["text"][:] == ["x: a", "x: b"]


def test_a_word_must_be_one_token(tokenizer):
    with pytest.raises(PyftError, match="'terrific' is no single token"):
        Pattern("the [MASK] ", ("bad", "terrific")).ids(tokenizer)
