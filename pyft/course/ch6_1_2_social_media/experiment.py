"""Ratings of sentiment learnt on one kind of text and tested on all: `pyft bench sentiment`.

The four sources of Hutto & Gilbert 2014, each text rated from -4 to 4 by fifteen people or more. A model learns the
mean rating by squared error; its sign says for or against.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from datasets import concatenate_datasets
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.errors import unknown
from pyft.evaluation.stats import pack_bits
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.profiles import Recipe

SOURCES = ("movie-reviews", "product-reviews", "editorials", "tweets")
ROWS = 1600  # training texts, as many from each source
RECIPE = Recipe(epochs=2, batch_size=32, lr=2e-4, evaluations=0)
SEEDS = 5
TWENTIETHS = {"test": range(5), "validation": range(5, 7), "train": range(7, 20)}  # of the documents
CROSSED, BESIDE = "bert", ("roberta", "xlnet")  # the model of the whole matrix; those that learn tweets alone

# What section 6.1.2 compares: each model away from home with the one at home there, `(source, tested on)`; the model at
# home with the lexicon; and on tweets two models with BERT.
ABROAD = Family("away from home", tuple((source, on) for on in SOURCES for source in SOURCES if source != on))
LEXICON = Family("the lexicon", SOURCES)
OTHERS = Family("other models on tweets", BESIDE)


def rated_split(source: str, split: str) -> Any:
    """A split with its mean ratings as labels. Raises `PyftError` for an unknown source.

    Tweets that the authors wrote themselves are left out. Product reviews and editorials were published by the
    sentence, `12_3`, and split by it; here no document is on both sides. Of some documents only the sentences that were
    held out are used, and of the others only those that were not, so that no prepared model has read what it is tested
    on (`pyft.pretraining.documents`).
    """
    if source not in SOURCES:
        raise unknown("source", source, SOURCES)
    splits = data.load(source)
    rows = splits[split]
    if "contrived" in rows.column_names:
        rows = rows.select([i for i, contrived in enumerate(rows["contrived"]) if not contrived])
    if "_" in rows["id"][0]:
        if split != "train":
            rows = concatenate_datasets([splits["validation"], splits["test"]])
        rows = rows.select([i for i, key in enumerate(rows["id"]) if twentieth(key.split("_")[0]) in TWENTIETHS[split]])
    return rows.select_columns(["id", "text", "rating", "ratings"]).rename_column("rating", "label")


def documents(rows: Any) -> list[str]:
    """The document of each text, by which they are to be counted; a text that came alone is its own."""
    return [key.split("_")[0] for key in rows["id"]]


def twentieth(document: str) -> int:
    """Which twentieth of the documents one belongs to, by its hash: 0 to 19."""
    return int(hashlib.sha256(document.encode()).hexdigest(), 16) % 20


def run(model: str, source: str, seed: int) -> dict[str, Any]:
    """Learn the ratings of one source, and test on all: Pearson's r, mean squared error, and whose sign was right."""
    set_seed(seed)
    made, tokenizer = models.load(model, "regression")
    train = rated_split(source, "train").shuffle(seed=seed).select(range(ROWS))
    fine_tune(made, tokenizer, train, train.select(range(2)), RECIPE, seed)
    return {
        "model": model,
        "source": source,
        "seed": seed,
        "tested": {on: evaluate(made, tokenizer, on) for on in SOURCES},
    }


def evaluate(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, source: str) -> dict[str, Any]:
    """How the model does on a source's test split."""
    test = rated_split(source, "test")
    y = np.array(test["label"])  # (N)
    z = predict(model, tokenizer, test["text"], RECIPE.max_length).squeeze(-1).numpy()  # (N)
    return {
        "r": round(float(np.corrcoef(z, y)[0, 1]), 4),
        "mse": round(float(((z - y) ** 2).mean()), 4),
        "accuracy": round(float(((z > 0) == (y > 0)).mean()), 4),
        "right": pack_bits((z > 0) == (y > 0)),
    }


def plan(_: Sequence[Run] = ()) -> list[tuple[str, str, int]]:
    """Every run, `(model, source, seed)`, seed by seed."""
    pairs = [*((CROSSED, source) for source in SOURCES), *((model, "tweets") for model in BESIDE)]
    return [(model, source, seed) for seed in range(SEEDS) for model, source in pairs]


def depends(model: str, source: str, seed: int) -> dict[str, Any]:
    """A run is that of its recipe, of its model's weights, and of all sources, since it is tested on them."""
    found = {"recipe": RECIPE, "rows": ROWS, "weights": models.weights_digest(model), "data": data_digests(*SOURCES)}
    return found | {"twentieths": {split: list(some) for split, some in TWENTIETHS.items()}}


EXPERIMENT = Experiment(
    "sentiment", plan, run, depends, about="ratings learnt on one kind of text, tested on all; an hour and a half"
)
