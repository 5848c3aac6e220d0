"""Features of frozen models: the same in any batch, with dropout off."""

import numpy as np
import pytest
import torch

from pyft.errors import PyftError
from pyft.models.features import features

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")


def test_features_depend_neither_on_the_batch_nor_on_dropout(tiny_bert, tokenizer):
    model = tiny_bert().train()
    texts = ["a good film", "bad", "the the the bad film", "film"]
    for pooling in ("mean", "cls"):
        together = features(model, tokenizer, texts, pooling, batch_size=4)
        alone = np.concatenate([features(model, tokenizer, [t], pooling) for t in texts])
        np.testing.assert_allclose(together, alone, atol=1e-5)
        assert together.shape == (4, 32)
    assert model.training
    assert not np.allclose(
        features(model, tokenizer, texts, "mean"), features(model, tokenizer, texts, "cls"), atol=0.1
    )


def test_the_class_tokens_features_are_the_first_hidden_state(tiny_bert, tokenizer):
    model = tiny_bert().eval()
    with torch.inference_mode():
        h = model.base_model(**tokenizer(["a bad film"], return_tensors="pt")).last_hidden_state
    np.testing.assert_allclose(features(model, tokenizer, ["a bad film"], "cls"), h[:, 0], atol=1e-6)


def test_an_unknown_pooling_is_refused(tiny_bert, tokenizer):
    with pytest.raises(PyftError, match="unknown pooling 'max'"):
        features(tiny_bert(), tokenizer, ["film"], "max")
