"""Chinese reviews read by an encoder of many languages, and counted by characters: `pyft bench chinese-labels`.

Both learn from the same reviews: a hundred, a thousand, or all. Both choose on the same validation reviews, the encoder
its rate, with seeds that are none of the others, the linear model its penalty.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.evaluation.baselines import STRENGTHS, linear_svm
from pyft.evaluation.stats import pack_bits
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.profiles import Recipe

MODEL, CORPUS = "multilingual", "chinese-reviews"
BEFORE = "query: "  # stands before every text that E5 reads
SIZES = {"100": 100, "1,000": 1000, "all": None}  # labelled reviews
EPOCHS = {"100": 6, "1,000": 2, "all": 1}
SEEDS = {"100": 5, "1,000": 5, "all": 3}
RATES, TRIAL_SEEDS = (1.7e-5, 5e-5, 1.5e-4, 4.5e-4), (10, 11)
TRIED = {"100": "100", "1,000": "1,000", "all": "1,000"}  # with how many labels the rate of each size is chosen
WATCHED = 400  # validation reviews that choose
RECIPE = Recipe(epochs=1, batch_size=16, lr=0.0, evaluations=0, max_length=64)  # rate and epochs are filled in
# What is compared, declared before any run is read.
CHINESE = Family("the encoder against characters, on Chinese reviews", tuple(SIZES))
Hits = NDArray[np.bool_]


def run(kind: str, size: str, lr: float, seed: int) -> dict[str, Any]:
    """Which test reviews are right; of a trial, how many validation reviews.

    `kind`: "trial" and "encoder" fine-tune the encoder, "characters" a linear model on one to three characters.
    """
    set_seed(seed)
    splits, made = data.load(CORPUS), {"kind": kind, "size": size, "lr": lr, "seed": seed}
    train = splits["train"].shuffle(seed=seed).select(range(SIZES[size] or len(splits["train"])))
    watched = splits["validation"].shuffle(seed=0).select(range(min(WATCHED, len(splits["validation"]))))
    if kind == "characters":
        right = characters(train, watched, splits["test"])
    else:
        model, tokenizer = models.load(MODEL, "sequence-classification")
        read = led(train)
        fine_tune(model, tokenizer, read, read, replace(RECIPE, lr=lr, epochs=EPOCHS[size]), seed)
        right = hits(model, tokenizer, watched if kind == "trial" else splits["test"])
    return made | {"accuracy": round(float(right.mean()), 6), "texts": len(right), "right": pack_bits(right)}


def led(rows: Dataset) -> Dataset:
    """The same reviews, with the word before each that the encoder was pretrained to expect."""
    return rows.map(lambda row: {"text": BEFORE + row["text"]})


def hits(model: Any, tokenizer: Any, rows: Dataset) -> Hits:
    """Which reviews are classified rightly: (N)."""
    found = predict(model, tokenizer, led(rows)["text"][:], RECIPE.max_length).argmax(-1).numpy()
    return np.asarray(found == np.array(rows["label"]))


def characters(train: Dataset, watched: Dataset, test: Dataset) -> Hits:
    """Which test reviews a linear model of runs of one to three characters classifies rightly: (N)."""
    features = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2)
    x = features.fit_transform(train["text"][:])
    fitted = [linear_svm(C).fit(x, train["label"][:]) for C in STRENGTHS]
    scores = [one.score(features.transform(watched["text"][:]), watched["label"][:]) for one in fitted]
    found = fitted[int(np.argmax(scores))].predict(features.transform(test["text"][:]))
    return np.asarray(found == np.array(test["label"]))


def chosen_rates(done: Sequence[Run]) -> dict[str, float]:
    """By size, the rate with the best mean on validation reviews, of equal ones the lower; once all were tried."""
    tried = trials(done)
    whole = {
        size
        for size in tried
        if {lr for lr, found in tried[size].items() if len(found) == len(TRIAL_SEEDS)} == set(RATES)
    }
    return {
        size: min(RATES, key=lambda lr: (-np.mean(tried[TRIED[size]][lr]), lr))
        for size in SIZES
        if TRIED[size] in whole
    }


def trials(done: Sequence[Run]) -> dict[str, dict[float, list[float]]]:
    """The accuracies of the trials, a seed each, by size and rate."""
    tried: dict[str, dict[float, list[float]]] = {}
    for r in done:
        if r["kind"] == "trial":
            tried.setdefault(r["size"], {}).setdefault(r["lr"], []).append(r["accuracy"])
    return tried


def plan(done: Sequence[Run] = ()) -> list[tuple[str, str, float, int]]:
    """Every run, `(kind, size, rate, seed)`."""
    made = [("trial", size, lr, s) for size in dict.fromkeys(TRIED.values()) for lr in RATES for s in TRIAL_SEEDS]
    made += [("characters", size, 0.0, s) for size, seeds in SEEDS.items() for s in range(seeds)]
    return made + [("encoder", size, lr, s) for size, lr in chosen_rates(done).items() for s in range(SEEDS[size])]


def depends(kind: str, size: str, lr: float, seed: int) -> dict[str, Any]:
    """A run is that of its recipe and sizes, and of the digests of weights and texts."""
    sizes = [SIZES[size], EPOCHS[size], WATCHED, BEFORE, list(STRENGTHS)]
    return {"recipe": RECIPE, "sizes": sizes} | _digests()


@cache
def _digests() -> dict[str, Any]:
    return {"weights": models.weights_digest(MODEL), "data": data_digests(CORPUS)}


EXPERIMENT = Experiment(
    "chinese-labels", plan, run, depends, about="Chinese reviews, few labels and all; an hour or more with 2 workers"
)
