"""`Trainer` and our loop take the same steps."""

from dataclasses import replace

import pytest
import torch
from datasets import Dataset
from transformers import BertForTokenClassification

from pyft import finetune, trainer
from pyft.errors import PyftError
from pyft.profiles import Recipe

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")

RECIPE = Recipe(epochs=2, batch_size=8, lr=5e-3, evaluations=4, max_length=16)


def texts(n):
    rows = [("the " * (i % 5) + ("good" if i % 2 else "bad") + " film", i % 2) for i in range(n)]
    return Dataset.from_dict({"text": [t for t, _ in rows], "label": [y for _, y in rows]})


def ratings(n):
    return Dataset.from_dict({"text": texts(n)["text"][:], "label": [0.5 * (i % 2) + 0.1 * (i % 5) for i in range(n)]})


def words(n):
    tokens = [["the"] * (i % 4) + (["good"] if i % 2 else ["bad"]) + ["film"] for i in range(n)]
    tags = [[{"good": 1, "bad": 2}.get(word, 0) for word in sentence] for sentence in tokens]
    return Dataset.from_dict({"tokens": tokens, "ner_tags": tags})


def tagger(tiny_bert):
    torch.manual_seed(0)
    return BertForTokenClassification(tiny_bert(num_labels=3).config)


def rater(tiny_bert):
    return tiny_bert(num_labels=1, problem_type="regression")


CASES = {
    "texts": (texts, lambda make: make(), {}),
    "words": (words, tagger, {}),
    "ratings": (ratings, rater, {}),
    "texts in parts": (texts, lambda make: make(), {"accumulate": 4}),
    "smoothed": (texts, lambda make: make(), {"label_smoothing": 0.2}),
    "cosine": (texts, lambda make: make(), {"schedule": "cosine", "warmup": 0.3}),
    "rates by layer": (texts, lambda make: make(), {"layer_decay": 0.5}),
    "hardly clipped": (texts, lambda make: make(), {"max_norm": 0.01}),
    "stopped": (texts, lambda make: make(), {"patience": 1, "lr": 0.5, "evaluations": 10}),
}


@pytest.mark.parametrize("case", CASES)
def test_both_give_the_same_losses_step_by_step_and_the_same_weights(case, tokenizer, tiny_bert, capsys):
    data, make, options = CASES[case]
    recipe = replace(RECIPE, **options)
    ours, theirs = make(tiny_bert), make(tiny_bert)
    history = finetune.fine_tune(ours, tokenizer, data(40), data(9), recipe, seed=3)
    twin, _ = trainer.fine_tune(theirs, tokenizer, data(40), data(9), recipe, seed=3)
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
        trainer.fine_tune(tagger(tiny_bert), tokenizer, words(40), words(9), replace(RECIPE, accumulate=4))
