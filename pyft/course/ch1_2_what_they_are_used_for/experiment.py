"""Questions answered by a small network: `pyft bench answers`, kept in `book/results/bench/answers.json`.

Stretches of a passage on Disfl-QA, each third of the passages tested once by a network that learnt from the other two;
yes or no on BoolQ, over seeds, beside a linear model that has the same questions.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import torch

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch1_2_what_they_are_used_for import reader, recipes
from pyft.data import fold
from pyft.evaluation import metrics
from pyft.evaluation.baselines import fit_linear
from pyft.evaluation.stats import pack_bits
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict

FOLDS, SEEDS = 3, 3
Metric = Callable[[str, str], float]

# Declared before any run is read.
ANSWERS = Family("a network against what needs none", (("spans", "window"), ("boolq", "majority"), ("boolq", "linear")))


def run(task: str, model: str, draw: int) -> dict[str, Any]:
    """One task with one model; `draw` is the fold that is tested, or the seed."""
    begun = time.monotonic()
    found = point(draw) if task == "spans" else yes_or_no(model, draw)
    return {"task": task, "model": model, "draw": draw, **found, "seconds": round(time.monotonic() - begun, 1)}


# --- stretches of a passage -------------------------------------------------------------------------------------------


def answerable() -> list[dict[str, Any]]:
    """The questions of Disfl-QA whose passage answers them, of all splits."""
    splits = data.load("disfl-qa")
    return [row for split in ("train", "validation", "test") for row in splits[split] if row["answers"]["text"]]


def fold_of(row: Mapping[str, Any]) -> int:
    """In which third a passage is, with all questions about it."""
    return int(sha256(fold(row["passage"]).encode()).hexdigest(), 16) % FOLDS


def point(tested: int) -> dict[str, Any]:
    """Learn from all passages but those of one fold, and answer what is asked about them."""
    rows = answerable()
    train, test = ([row for row in rows if (fold_of(row) == tested) == wanted] for wanted in (False, True))
    set_seed(tested)
    network, tokenizer = reader.Reader(models.minilm()), models.tokenizer("bert")
    reader.fit(network, tokenizer, train, recipes.SPANS, tested)
    found = reader.answers(network, tokenizer, test, recipes.SPANS, recipes.LONGEST)
    return {
        "ids": [row["id"] for row in test],
        "f1": [round(score(metrics.span_f1, *pair), 3) for pair in zip(found, test, strict=True)],
        "exact": pack_bits([score(metrics.exact_match, *pair) for pair in zip(found, test, strict=True)]),
        "learnt_from": len(train),
    }


def score(metric: Metric, found: str, row: Mapping[str, Any]) -> float:
    """The best score over the places where the answer stands, which may be spelt in more than one way."""
    return metrics.best_of(metric, found, row["answers"]["text"])


# --- yes or no --------------------------------------------------------------------------------------------------------


def yes_or_no(model: str, seed: int) -> dict[str, Any]:
    """Learn from the seed's questions of BoolQ, and answer the first of its published validation split."""
    splits = data.load("boolq")
    train = splits["train"].shuffle(seed=seed).select(range(recipes.BOOLQ_TEXTS))
    validation = splits["validation"].select(range(recipes.BOOLQ_VALIDATION))
    test = splits["test"].select(range(recipes.BOOLQ_TESTED))
    if model == "linear":
        said = fit_linear(train, validation).predict(test["text"][:]).tolist()
    else:
        set_seed(seed)
        network, tokenizer = models.load(model, "sequence-classification")
        fine_tune(network, tokenizer, train, validation, recipes.BOOLQ, seed)
        logits = predict(network, tokenizer, test["text"], recipes.BOOLQ.max_length)
        said = torch.as_tensor(logits).argmax(-1).tolist()
    right = [a == b for a, b in zip(said, test["label"], strict=True)]
    return {"accuracy": round(sum(right) / len(right), 4), "yes": sum(said), "right": pack_bits(right)}


def plan(_: Sequence[Run] = ()) -> list[tuple[str, str, int]]:
    """Every run, `(task, model, fold or seed)`."""
    spans_ = [("spans", "bert", tested) for tested in range(FOLDS)]
    return spans_ + [("boolq", model, seed) for seed in range(SEEDS) for model in ("linear", "bert")]


def depends(task: str, model: str, draw: int) -> dict[str, Any]:
    """A run is that of its corpus, of its recipe, and of the weights it begins with."""
    weights = {} if model == "linear" else models.weights_digest("bert")
    if task == "spans":
        how: dict[str, Any] = {"recipe": recipes.SPANS, "longest": recipes.LONGEST, "folds": FOLDS}
        return how | {"weights": weights, "data": data_digests("disfl-qa")}
    rows = [recipes.BOOLQ_TEXTS, recipes.BOOLQ_VALIDATION, recipes.BOOLQ_TESTED]
    return {"rows": rows, "recipe": recipes.BOOLQ, "weights": weights, "data": data_digests("boolq")}


EXPERIMENT = Experiment(
    "answers", plan, run, depends, threads=1, about="spans on Disfl-QA, yes or no on BoolQ; half an hour"
)
