"""Ratings of any size are learnt, and answered in their own size."""

import pytest
import torch
from datasets import Dataset

from pyft.errors import PyftError
from pyft.finetune import ratings
from pyft.finetune.prediction import predict


def test_ratings_become_of_mean_0_and_deviation_1():
    rows = Dataset.from_dict({"text": ["a", "b", "c"], "label": [20.0, 80.0, 50.0]})
    scale = ratings.scale_of(rows["label"])
    assert scale.mean == 50.0
    y = torch.tensor(ratings.standardised(rows, scale)["label"][:])
    assert y.mean().abs() < 1e-6 and (y.std(correction=0) - 1).abs() < 1e-6


def test_a_model_that_gives_ratings_back_answers_what_it_learnt_in_their_size(tokenizer, tiny_bert):
    model, texts = tiny_bert(num_labels=1, initializer_range=0.3), ["good film", "bad"]
    z = predict(model, tokenizer, texts)
    ratings.give_back(model, ratings.Scale(50.0, 30.0))
    torch.testing.assert_close(predict(model, tokenizer, texts), 30 * z + 50)


def test_a_model_without_such_a_head_is_refused():
    with pytest.raises(PyftError, match="no linear layer with one output and a bias"):
        ratings.head(torch.nn.Sequential(torch.nn.Linear(3, 2)))
