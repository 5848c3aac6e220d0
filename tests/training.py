"""Small tasks, recipes and models for the tests of the training loop."""

import torch
from accelerate.utils import AutocastKwargs
from datasets import Dataset
from transformers import BertForTokenClassification

from pyft import finetune
from pyft.finetune import loop
from pyft.finetune.hardware import make_accelerator
from pyft.finetune.loop import fine_tune, set_seed
from pyft.profiles import Recipe

RECIPE = Recipe(epochs=6, batch_size=8, lr=5e-3, evaluations=3, max_length=16)
SHORT = Recipe(epochs=1, batch_size=4, lr=1e-3, evaluations=1, max_length=16)
LONG = Recipe(epochs=3, batch_size=4, lr=1e-2, evaluations=3, max_length=16, patience=3)  # 15 steps
STILL = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


def film(n):
    """Texts of several lengths whose label is the word good or bad."""
    rows = [("the " * (i % 5) + ("good" if i % 2 else "bad") + " film", i % 2) for i in range(n)]
    return Dataset.from_dict({"text": [t for t, _ in rows], "label": [y for _, y in rows]})


def rated(n):
    """Texts whose rating is 1.5 if they say good, else -1.5."""
    texts = film(n)["text"][:]
    return Dataset.from_dict({"text": texts, "label": [1.5 if "good" in text else -1.5 for text in texts]})


def tagged(n):
    """Sentences in which each word has its own tag: good 1, bad 2, all others 0."""
    words = [["the"] * (i % 4) + (["good"] if i % 2 else ["bad"]) + ["film"] for i in range(n)]
    tags = [[{"good": 1, "bad": 2}.get(word, 0) for word in sentence] for sentence in words]
    return Dataset.from_dict({"tokens": words, "ner_tags": tags})


def tagger(tiny_bert, seed=0):
    torch.manual_seed(seed)
    return BertForTokenClassification(tiny_bert(num_labels=3).config)


def run(model, tokenizer):
    """The model after a short training, and its history; the same for the same model."""
    set_seed(0)
    history = fine_tune(model, tokenizer, film(20), film(6), SHORT)
    return model, history


def close(model, other, tol):
    """Whether no weight of the two differs by more than `tol`."""
    return all(torch.allclose(p, q, atol=tol) for p, q in zip(model.parameters(), other.parameters(), strict=True))


def scaling(init_scale, **options):
    """An accelerator that scales the loss as on a GPU of float16, but computes in float32."""
    accelerator = make_accelerator()
    accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=init_scale, **options)
    accelerator.native_amp, accelerator.state._mixed_precision = True, "fp16"
    accelerator.autocast_handler = AutocastKwargs(enabled=False)
    return accelerator


real_measure = finetune.measure


def scripted(monkeypatch, found):
    """Let the validation losses be these."""
    losses = iter(found)

    def measure(history, *arguments):
        real_measure(history, *arguments)
        history.validation_loss[-1] = next(losses)

    monkeypatch.setattr(loop, "measure", measure)


def watched_rates(monkeypatch):
    """A list to which each step adds the rate of its first group."""
    rates, step = [], torch.optim.AdamW.step

    def watched(optimizer, closure):
        rates.append(optimizer.param_groups[0]["lr"])
        return step(optimizer, closure)

    monkeypatch.setattr(torch.optim.AdamW, "step", watched)
    return rates


class Killed(BaseException):
    """What `killed_at` raises: nothing in the package catches it."""


def killed_at(step):
    """A `before` that ends the run at this step."""

    def before(t, total):
        if t == step:
            raise Killed

    return before
