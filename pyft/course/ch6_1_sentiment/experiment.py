"""Film reviews learnt from every training text, for one epoch to three, at two rates: `pyft bench reviews`.

Longer than a page should take; section 6.1 trains for one epoch on the page and compares it with these.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch6_1_sentiment.recipes import RECIPES
from pyft.evaluation.stats import pack_bits
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.profiles import Recipe

RATES, EPOCHS = (1e-4, 2e-4), (1, 2, 3)
SEEDS = 5

# What section 6.1 compares: fine-tuned BERT with two that learn less, and longer training with one epoch.
RIVALS = Family("BERT's rivals on film reviews", ("tfidf", "vader"))
LONGER = Family("more epochs than one", tuple((lr, epochs) for lr in RATES for epochs in EPOCHS if epochs > 1))


def recipe(lr: float, epochs: int) -> Recipe:
    """The recipe for so many epochs: the rate falls to zero over them, so each number of epochs is its own training."""
    return replace(RECIPES["laptop"]["reviews"], lr=lr, epochs=epochs, evaluations=0)


def run(lr: float, epochs: int, seed: int) -> dict[str, Any]:
    """Train on all; the accuracy on validation texts, by which hyperparameters may be chosen, and on test texts."""
    set_seed(seed)
    model, tokenizer = models.load("bert", "sequence-classification")
    splits = data.load("movie-reviews")
    fine_tune(model, tokenizer, splits["train"], splits["validation"].select(range(2)), recipe(lr, epochs), seed)
    right = {}
    for name in ("validation", "test"):
        z = predict(model, tokenizer, splits[name]["text"], recipe(lr, epochs).max_length)  # (N, K)
        right[name] = z.argmax(-1).numpy() == splits[name]["label"][:]  # (N)
    accuracy = {name: round(float(hits.mean()), 4) for name, hits in right.items()}
    return {"lr": lr, "epochs": epochs, "seed": seed, "accuracy": accuracy, "right": pack_bits(right["test"])}


def plan(_: Sequence[Run] = ()) -> list[tuple[float, int, int]]:
    """Every run, `(lr, epochs, seed)`, seed by seed."""
    return [(lr, epochs, seed) for seed in range(SEEDS) for lr in RATES for epochs in EPOCHS]


def depends(lr: float, epochs: int, seed: int) -> dict[str, Any]:
    """A run is that of its recipe, of BERT's weights and of the corpus."""
    weights = models.weights_digest("bert")
    return {"recipe": recipe(lr, epochs), "weights": weights, "data": data_digests("movie-reviews")}


EXPERIMENT = Experiment("reviews", plan, run, depends, about="film reviews learnt for one epoch to three; three hours")
