"""`Trainer` and our loop take the same steps."""

import warnings
from dataclasses import replace

import pytest
import torch
from datasets import Dataset
from training import film, tagged, tagger

from pyft import finetune
from pyft.errors import PyftError
from pyft.finetune import hf_trainer
from pyft.profiles import Recipe

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("same_torch_afterwards")]

RECIPE = Recipe(epochs=2, batch_size=8, lr=5e-3, evaluations=4, max_length=16)


def ratings(n):
    return Dataset.from_dict({"text": film(n)["text"][:], "label": [0.5 * (i % 2) + 0.1 * (i % 5) for i in range(n)]})


def rater(tiny_bert):
    return tiny_bert(num_labels=1, problem_type="regression")


CASES = {
    "texts": (film, lambda make: make(), {}),
    "words": (tagged, tagger, {}),
    "ratings": (ratings, rater, {}),
    "texts in parts": (film, lambda make: make(), {"accumulate": 4}),
    "smoothed": (film, lambda make: make(), {"label_smoothing": 0.2}),
    "cosine": (film, lambda make: make(), {"schedule": "cosine", "warmup": 0.3}),
    "rates by layer": (film, lambda make: make(), {"layer_decay": 0.5}),
    "random batches": (film, lambda make: make(), {"length_window": 1}),
    "hardly clipped": (film, lambda make: make(), {"max_norm": 0.01}),
    "stopped": (film, lambda make: make(), {"patience": 1, "lr": 0.5, "evaluations": 10}),
}


@pytest.mark.parametrize("case", CASES)
def test_both_give_the_same_losses_step_by_step_and_the_same_weights(case, tokenizer, tiny_bert, capsys):
    data, make, options = CASES[case]
    recipe = replace(RECIPE, **options)
    ours, theirs = make(tiny_bert), make(tiny_bert)
    history = finetune.fine_tune(ours, tokenizer, data(40), data(9), recipe, seed=3)
    twin, _ = hf_trainer.fine_tune(theirs, tokenizer, data(40), data(9), recipe, seed=3)
    assert capsys.readouterr().out == ""  # a page would keep what it prints, timings and all
    assert twin.losses == pytest.approx(history.losses, rel=1e-4, abs=1e-6)
    assert twin.steps == history.steps
    assert twin.best == history.best
    assert twin.validation_loss == pytest.approx(history.validation_loss, rel=1e-3)
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(q, p, atol=1e-4, rtol=1e-3, msg=name)
    if case != "stopped":
        assert len(history.losses) == 10
    else:
        assert len(history.losses) < 10


def test_parts_that_hold_unlike_numbers_of_labels_are_refused(tokenizer, tiny_bert):
    with pytest.raises(PyftError, match="accumulate=4: the parts of a batch hold unlike numbers"):
        hf_trainer.fine_tune(tagger(tiny_bert), tokenizer, tagged(40), tagged(9), replace(RECIPE, accumulate=4))


def test_both_run_in_one_process_in_any_order_and_leave_each_other_alone(tokenizer, tiny_bert):
    """accelerate keeps one state for the process, and each of them begins it anew."""

    def ours():
        return finetune.fine_tune(tiny_bert(), tokenizer, film(24), film(9), RECIPE)

    def theirs():
        return hf_trainer.fine_tune(tiny_bert(), tokenizer, film(24), film(9), RECIPE)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, (twin, made), second, (again, _) = ours(), theirs(), ours(), theirs()
        ours()
    assert first == second
    assert twin == again
    assert made.predict(made.train_dataset).predictions.shape == (24, 2)  # a page may ask the trainer much later
