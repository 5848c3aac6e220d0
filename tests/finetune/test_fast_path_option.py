"""The fast path is an option of the recipe: the parts that it names are taken, and no other."""

from dataclasses import replace

import pytest
import torch
from training import SHORT, close, film

from pyft import profiles
from pyft.errors import PyftError
from pyft.finetune import fast_path
from pyft.finetune.fast_path import SparseEmbedding
from pyft.finetune.loop import fine_tune
from pyft.finetune.prediction import predict

STILL = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


def traces(model, tokenizer, recipe, monkeypatch):
    """Which parts of the fast path a training takes, and which a prediction with the same."""
    found = set()
    layer = model.bert.encoder.layer[-1]
    drop = fast_path.dropout
    with monkeypatch.context() as watched:
        watched.setattr(fast_path, "dropout", lambda x, p: found.add("dropout") or drop(x, p))
        layer.output.dense.register_forward_hook(
            lambda *args: found.update(
                {"last layer"} if args[2].size(1) == 1 else (),
                {"embedding"} if isinstance(model.get_input_embeddings(), SparseEmbedding) else (),
            )
        )
        fine_tune(model, tokenizer, film(8), film(4), recipe)
        trained = set(found)
        found.clear()
        predict(model, tokenizer, ["good film"], fast=recipe.fast_path)
    return trained, found


@pytest.mark.usefixtures("same_torch_afterwards")
@pytest.mark.parametrize("parts", [(), *((part,) for part in profiles.FAST_PATH), profiles.FAST_PATH])
def test_a_recipe_takes_the_parts_that_it_names_and_no_other(parts, tokenizer, tiny_bert, monkeypatch):
    model = tiny_bert()
    trained, predicted = traces(model, tokenizer, replace(SHORT, fast_path=parts), monkeypatch)
    assert trained == set(parts)
    assert predicted == set(parts) & {"last layer"}
    assert isinstance(model.get_input_embeddings(), torch.nn.Embedding)
    assert not any("forward" in vars(module) for module in model.modules())


def test_a_recipe_takes_all_parts_if_it_says_nothing_of_them():
    assert set(SHORT.fast_path) == set(profiles.FAST_PATH) == set(fast_path.PARTS)


@pytest.mark.usefixtures("same_torch_afterwards")
def test_with_every_part_or_with_none_the_same_is_learnt(tokenizer, tiny_bert):
    """But for dropout's draws and the decay of absent words, which the recipe has none of here."""
    made = []
    for parts in (profiles.FAST_PATH, ()):
        model = tiny_bert(**STILL)
        recipe = replace(SHORT, epochs=2, weight_decay=0.0, fast_path=parts)
        made.append((model, fine_tune(model, tokenizer, film(20), film(6), recipe)))
    (fast, history), (plain, again) = made
    assert history.losses == pytest.approx(again.losses, abs=1e-5)
    assert history.validation_loss == pytest.approx(again.validation_loss, abs=1e-5)
    assert close(fast, plain, 1e-4)


@pytest.mark.parametrize("parts", [("last layer", "droput"), "dropout", False])
def test_a_part_that_does_not_exist_is_named(parts, tokenizer, tiny_bert):
    model = tiny_bert()
    with pytest.raises(PyftError, match=r"unknown part of the fast path '\w+'.* Known: last layer, embedding, dropout"):
        fine_tune(model, tokenizer, film(8), film(4), replace(SHORT, fast_path=parts))
    assert isinstance(model.get_input_embeddings(), torch.nn.Embedding)
