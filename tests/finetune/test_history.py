"""What is measured on the way, and when training stops early."""

import io
from dataclasses import replace

import numpy as np
import pytest
from tqdm import tqdm
from training import SHORT, Killed, film, killed_at, scripted

from pyft.finetune import loop
from pyft.finetune.loop import fine_tune
from pyft.models.loading import digest
from pyft.profiles import Recipe

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")


def test_the_history_is_kept_with_and_without_a_bar(tokenizer, tiny_bert, monkeypatch):
    histories = []
    for disabled in (False, True):
        shown = {"disable": disabled, "file": io.StringIO()}
        monkeypatch.setattr(loop, "tqdm", lambda shown=shown, **options: tqdm(**options | shown))
        histories.append(fine_tune(tiny_bert(), tokenizer, film(24), film(4), SHORT))
    assert histories[0] == histories[1]
    assert histories[0].steps == [6]


@pytest.mark.parametrize("evaluations,steps", [(1, [5]), (2, [2, 5]), (5, [1, 2, 3, 4, 5]), (50, [1, 2, 3, 4, 5])])
def test_the_last_step_is_always_measured(tokenizer, tiny_bert, evaluations, steps):
    recipe = Recipe(epochs=1, batch_size=2, lr=1e-3, evaluations=evaluations)
    assert fine_tune(tiny_bert(), tokenizer, film(10), film(2), recipe).steps == steps


def test_each_point_of_the_training_loss_is_the_mean_since_the_last(tokenizer, tiny_bert):
    """Measured thrice or once, the losses are the same ones: their weighted mean must be, too."""
    often, once = (
        fine_tune(tiny_bert(), tokenizer, film(24), film(2), Recipe(epochs=1, batch_size=4, lr=1e-3, evaluations=n))
        for n in (3, 1)
    )
    assert often.steps == [2, 4, 6]
    assert np.mean(often.train_loss) == pytest.approx(once.train_loss[0], abs=1e-5)


# --- early stopping ---------------------------------------------------------------------------------------------------


def test_training_stops_when_patience_is_over_and_the_best_weights_come_back(tokenizer, tiny_bert, monkeypatch):
    recipe = replace(SHORT, epochs=2, evaluations=10, patience=2)
    scripted(monkeypatch, [0.9, 0.5, 0.7, 0.6, 0.1])
    model, after_two = tiny_bert(), tiny_bert()
    history = fine_tune(model, tokenizer, film(20), film(4), recipe)
    assert history.steps == [1, 2, 3, 4]
    assert history.best == 2
    scripted(monkeypatch, [0.9, 0.5])
    with pytest.raises(Killed):
        fine_tune(after_two, tokenizer, film(20), film(4), recipe, before=killed_at(2))
    assert digest(model) == digest(after_two)


def test_without_patience_training_goes_on_and_the_last_weights_stay(tokenizer, tiny_bert, monkeypatch):
    scripted(monkeypatch, [0.1, 0.5, 0.7, 0.6, 0.9])
    history = fine_tune(tiny_bert(), tokenizer, film(20), film(4), replace(SHORT, evaluations=5))
    assert history.steps == [1, 2, 3, 4, 5]
    assert history.best is None
