"""Batched prediction: its order, its batches, and the state that it leaves a model in."""

import pytest
import torch
from torch import nn

from pyft.models.inference import evaluation_mode, in_batches

LENGTHS = [5, 1, 9, 1, 7]


@pytest.mark.parametrize("batch_size", [1, 2, 5, 64])
def test_results_stand_in_the_order_of_the_texts(batch_size):
    batches = []

    def forward(batch):
        batches.append(batch)
        return [10 * i for i in batch]

    assert in_batches(nn.Identity(), forward, LENGTHS, batch_size) == [0, 10, 20, 30, 40]
    assert [i for batch in batches for i in batch] == [1, 3, 0, 4, 2]  # by length, and by place where lengths are equal
    assert max(map(len, batches)) == min(batch_size, len(LENGTHS))


def test_no_texts_make_no_results():
    assert in_batches(nn.Identity(), lambda batch: 1 / 0, [], 4) == []


def test_a_batch_without_a_result_for_each_text_is_refused():
    with pytest.raises(ValueError, match="shorter"):
        in_batches(nn.Identity(), lambda batch: batch[1:], LENGTHS, 2)


@pytest.mark.parametrize("training", [True, False])
def test_within_there_is_no_dropout_and_no_gradient_and_afterwards_all_is_as_before(training):
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.9)).train(training)

    def forward(batch):
        y = model(torch.ones(len(batch), 2))
        assert not model[1].training and not y.requires_grad
        return y

    in_batches(model, forward, LENGTHS, 2)
    assert model.training is training and model[1].training is training
    assert model(torch.ones(1, 2)).requires_grad


def test_the_mode_comes_back_after_an_error_too():
    model = nn.Dropout()
    with pytest.raises(ZeroDivisionError), evaluation_mode(model):
        raise ZeroDivisionError
    assert model.training
