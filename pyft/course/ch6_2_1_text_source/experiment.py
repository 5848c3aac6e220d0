"""News by subject: three models beside counted words, on Reuters R8 and R52: `pyft bench news`.

The models read the beginning of a story (`LENGTH` tokens). Counted words get the whole story, as in the literature;
and the same beginning, so that but one thing differs. Runs of one seed see the same texts in the same order.

About an hour on two cores, by the times of `pyft bench models` on one thread of such a machine: 2.9 thousand tokens a
second of BERT and RoBERTa, 1.9 of XLNet, of which learning counts three times what testing does; and ten minutes of one
core for counted words.
"""

import string
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from datasets import Dataset, DatasetDict
from numpy.typing import NDArray

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run
from pyft.data import published
from pyft.evaluation.baselines import STRENGTHS, fit_linear
from pyft.evaluation.verdicts import Family, Verdict, compare_runs
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.profiles import Recipe

SEEDS, LENGTH = 3, 32  # tokens that a model reads
MODELS = ("bert", "roberta", "xlnet")
WHOLE, BEGINNING = "TF-IDF", "TF-IDF, beginnings"
RECIPES = {
    "reuters-r8": Recipe(epochs=1, batch_size=32, lr=2e-4, max_length=LENGTH, evaluations=0),
    "reuters-r52": Recipe(epochs=2, batch_size=32, lr=2e-4, max_length=LENGTH, evaluations=0),
}
CLASSES = string.ascii_letters  # one for each of up to fifty-two classes
# What is compared, declared before any run is read; all of it is corrected together.
TESTS = Family(
    "news by subject",
    tuple(
        (corpus, *pair)
        for corpus in RECIPES
        for pair in (
            *((name, rival) for name in MODELS for rival in (WHOLE, BEGINNING)),
            *((name, "bert") for name in MODELS[1:]),
            (WHOLE, BEGINNING),
        )
    ),
)


def run(corpus: str, name: str, seed: int) -> dict[str, Any]:
    """Learn one corpus in one way; the class of every test story, a letter each, and how many were right."""
    splits, start = published.load(corpus), time.monotonic()
    found = linear(splits, name) if name in (WHOLE, BEGINNING) else fine_tuned(splits, corpus, name, seed)
    seconds = time.monotonic() - start
    y = np.array(splits["test"]["label"])
    return {
        "corpus": corpus,
        "model": name,
        "seed": seed,
        "accuracy": round(float(np.mean(found == y)), 6),
        "guess": "".join(CLASSES[k] for k in found),
        "seconds": round(seconds, 1),
    }


def fine_tuned(splits: DatasetDict, corpus: str, name: str, seed: int) -> NDArray[np.int64]:
    """The classes that a model of the laptop gives to the test stories: (N,)."""
    set_seed(seed)  # the head is drawn now
    K = len(splits["train"].features["label"].names)
    model, tokenizer = models.load(name, "sequence-classification", num_labels=K)
    how = RECIPES[corpus]
    fine_tune(model, tokenizer, splits["train"], splits["validation"], how, seed)
    guess: NDArray[np.int64] = predict(model, tokenizer, splits["test"]["text"], how.max_length).argmax(-1).numpy()
    return guess


def linear(splits: DatasetDict, name: str) -> NDArray[np.int64]:
    """The classes that a linear model, whose strength validation stories chose, gives to the test stories: (N,)."""
    train, validation, test = (
        beginnings(splits[split]) if name == BEGINNING else splits[split] for split in ("train", "validation", "test")
    )
    return np.asarray(fit_linear(train, validation).predict(test["text"][:]))


def beginnings(rows: Dataset) -> Dataset:
    """The stories, cut where a model of `LENGTH` tokens stops reading; its special tokens are two of them."""
    tokenizer = models.tokenizer("bert")

    def cut(text: str) -> str:
        at = tokenizer(text, truncation=True, max_length=LENGTH, return_offsets_mapping=True)["offset_mapping"]
        return text[: at[-2][1]]  # at[-1] is that of [SEP]

    return rows.map(lambda row: {"text": cut(row["text"])}, load_from_cache_file=False)


# --- what is kept, and what it says -----------------------------------------------------------------------------------


def answers(found: Mapping[str, Any], corpus: str, name: str) -> NDArray[np.int64]:
    """The classes that a way gave to the test stories, by seed: (S, N); of counted words, which draw nothing, (N,)."""
    runs = [r for r in found["runs"] if (r["corpus"], r["model"]) == (corpus, name)]
    guesses = [[CLASSES.index(k) for k in r["guess"]] for r in sorted(runs, key=lambda r: r["seed"])]
    return np.array(guesses[0] if name in (WHOLE, BEGINNING) else guesses)


def verdicts(found: Mapping[str, Any]) -> dict[tuple[str, str, str], Verdict]:
    """The accuracy of one way against another's, by corpus and both ways, corrected together."""
    told = {}
    for corpus, *ways in TESTS.members:
        y = np.array(published.load(corpus)["test"]["label"])
        told[corpus, *ways] = compare_runs(*(answers(found, corpus, name) == y for name in ways))
    return TESTS.correct(told)


def plan(_: Sequence[Run] = ()) -> list[tuple[str, str, int]]:
    """Every run, `(corpus, model, seed)`, seed by seed; counted words once."""
    runs = [(corpus, name, 0) for corpus in RECIPES for name in (WHOLE, BEGINNING)]
    return runs + [(corpus, name, seed) for seed in range(SEEDS) for corpus in RECIPES for name in MODELS]


def depends(corpus: str, name: str, seed: int) -> dict[str, Any]:
    """A run is that of its corpus, and of its recipe and weights or of the strengths that it chooses from."""
    if name in (WHOLE, BEGINNING):
        cut = {"length": LENGTH, "tokenizer": models.weights_digest("bert")} if name == BEGINNING else {}
        return {"data": fingerprint(corpus), "strengths": STRENGTHS} | cut
    return {"data": fingerprint(corpus), "recipe": RECIPES[corpus], "weights": models.weights_digest(name)}


@cache
def fingerprint(corpus: str) -> str:
    """Which rows a corpus has."""
    return data.fingerprint(published.load(corpus))


EXPERIMENT = Experiment(
    "news",
    plan,
    run,
    depends,
    about="news by subject, three models beside counted words; an hour on two cores: --workers 2",
    threads=1,
)
