"""A run that was interrupted goes on to the same bits."""

from dataclasses import replace

import pytest
import torch
from training import LONG, SHORT, Killed, film, killed_at, scaling, scripted

from pyft.errors import PyftError
from pyft.finetune import loop
from pyft.finetune.loop import fine_tune
from pyft.models.loading import digest

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("same_torch_afterwards")]


@pytest.mark.parametrize("step", [0, 3, 4, 7, 10, 14])
def test_killed_at_any_step_the_run_goes_on_to_the_same_bits(step, tokenizer, tiny_bert, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "SAVE_EVERY", 4)
    whole = tiny_bert()
    history = fine_tune(whole, tokenizer, film(20), film(4), LONG, seed=1)
    with pytest.raises(Killed):
        fine_tune(tiny_bert(), tokenizer, film(20), film(4), LONG, 1, tmp_path, before=killed_at(step))
    torch.manual_seed(99)  # another process has other random numbers
    model, steps = tiny_bert(), []
    again = fine_tune(model, tokenizer, film(20), film(4), LONG, 1, tmp_path, before=lambda t, total: steps.append(t))
    assert digest(model) == digest(whole)
    assert again == history
    saved = [0, *(s for s in (4, 5, 8, 10, 12, 15) if s <= step)]
    assert steps == list(range(saved[-1], 15))


def test_the_scale_of_the_loss_goes_on_too(tokenizer, tiny_bert, tmp_path, monkeypatch):
    made = []

    def watched():
        made.append(scaling(2.0**10, growth_interval=3))
        return made[-1]

    monkeypatch.setattr(loop, "make_accelerator", watched)
    with pytest.raises(Killed):
        fine_tune(tiny_bert(), tokenizer, film(20), film(4), LONG, 1, tmp_path, before=killed_at(11))
    fine_tune(tiny_bert(), tokenizer, film(20), film(4), LONG, 1, tmp_path)
    assert made[-1].scaler.get_scale() == 2.0**15  # doubled every third of fifteen steps


def test_a_run_that_is_over_is_not_run_again(tokenizer, tiny_bert, tmp_path):
    first, second = tiny_bert(), tiny_bert()
    history = fine_tune(first, tokenizer, film(20), film(4), LONG, 1, tmp_path)
    assert fine_tune(second, tokenizer, film(20), film(4), LONG, 1, tmp_path, before=killed_at(0)) == history
    assert digest(second) == digest(first)


def test_a_run_that_lost_patience_stays_stopped(tokenizer, tiny_bert, tmp_path, monkeypatch):
    scripted(monkeypatch, [0.5, 0.6])
    recipe = replace(LONG, patience=1)
    history = fine_tune(tiny_bert(), tokenizer, film(20), film(4), recipe, 1, tmp_path)
    assert len(history.losses) == 10
    assert fine_tune(tiny_bert(), tokenizer, film(20), film(4), recipe, 1, tmp_path, before=killed_at(10)) == history


@pytest.mark.parametrize("change", ["weights", "data", "validation", "recipe", "seed"])
def test_what_is_saved_of_another_run_is_refused(change, tokenizer, tiny_bert, tmp_path):
    fine_tune(tiny_bert(), tokenizer, film(8), film(4), SHORT, 1, tmp_path)
    options = {"weights": 0, "data": 8, "validation": 4, "recipe": SHORT, "seed": 1}
    options |= {"weights": 5} if change == "weights" else {}
    options |= {"data": 12} if change == "data" else {}
    options |= {"validation": 6} if change == "validation" else {}
    options |= {"recipe": replace(SHORT, lr=1e-2)} if change == "recipe" else {}
    options |= {"seed": 2} if change == "seed" else {}
    with pytest.raises(PyftError, match=r"state\.safetensors is of another run"):
        fine_tune(
            tiny_bert(options["weights"]), tokenizer, film(options["data"]), film(options["validation"]),
            options["recipe"], options["seed"], tmp_path,
        )  # fmt: skip
