"""Few labels, ten draws of them, two tasks: `pyft bench few-labels`.

Each method that trains tries its three rates on two further draws. A task takes the rate that was best on the other
task: whoever has few labels has none to spare for choosing. Draw s is the same texts for all methods, so that they
are paired by draw.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch8_2_1_few_labels.few_labels import Labels, Pattern, centroids, nearest, pull_pairs, vectors
from pyft.course.ch8_2_1_few_labels.recipes import (
    DRAWS,
    EPOCHS,
    FROZEN,
    MASKED,
    MAX_LENGTH,
    METHODS,
    MODEL,
    NO_LABELS,
    OTHER,
    RATES,
    RECIPE,
    RIVALS,
    SIZES,
    TASKS,
    TRIAL_DRAWS,
    TRIAL_SIZE,
)
from pyft.data.draws import draw
from pyft.evaluation.baselines import tfidf_logistic
from pyft.evaluation.stats import pack_bits
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.models import efficient

# What is compared, declared before any run is read: every method with the head alone, at every size; and what needs no
# labels with the head alone at the smallest.
AGAINST_HEAD = Family(
    "few labels against the head alone",
    tuple(
        [(task, name, n) for task in TASKS for name in METHODS if name in RIVALS for n in SIZES]
        + [(task, name, 0) for task in TASKS for name in NO_LABELS]
    ),
)


def run(task: str, kind: str, lr: float, n: int, seed: int) -> dict[str, Any]:
    """What one draw of n labels a class teaches: which test texts are right, by method; of a trial, validation texts.

    `kind` is a method that trains, or "frozen" or "no labels" for all methods that do not.
    """
    chosen, splits = TASKS[task], data.load(TASKS[task].corpus)
    asked = asked_texts(task, seed in TRIAL_DRAWS)
    set_seed(seed)
    begun = time.process_time()
    if kind == "no labels":
        found = dict(zip(NO_LABELS, (by_label_names(task), by_pattern(task)), strict=True))
    elif kind == "frozen":
        found = frozen(task, draw(splits["train"], n, seed))
    else:
        recipe = replace(RECIPE, lr=lr, epochs=EPOCHS[n])
        found = {kind: TRAINED[kind](task, draw(splits["train"], n, seed), asked, recipe, seed)}
    y = np.array(asked["label"])
    return {
        "task": task,
        "kind": kind,
        "lr": lr,
        "n": n,
        "draw": seed,
        "texts": len(y),
        "scores": {name: round(float((answer == y).mean()), 6) for name, answer in found.items()},
        "right": {name: pack_bits(answer == y) for name, answer in found.items()},
        "seconds": round(time.process_time() - begun, 1),
        "classes": len(chosen.words),
    }


@cache
def asked_texts(task: str, trial: bool) -> Dataset:
    """The same texts for all, as many of each class: of the test split, or for a trial of the validation split."""
    chosen = TASKS[task]
    split, n = ("validation", chosen.watched) if trial else ("test", chosen.asked)
    return draw(data.load(chosen.corpus)[split], n, 0)


# --- without training -------------------------------------------------------------------------------------------------


@cache
def _encoder(name: str) -> tuple[Any, Any]:
    return models.load(name, "sequence-classification" if name == MODEL else "pretraining")


@cache
def _test_vectors(name: str, task: str) -> NDArray[Any]:
    return vectors(*_encoder(name), asked_texts(task, trial=False)["text"][:], MAX_LENGTH)


def by_label_names(task: str) -> Labels:
    """The class whose name has the nearest vector: no label at all."""
    names = vectors(*_encoder(MODEL), TASKS[task].names, MAX_LENGTH)
    return nearest(_test_vectors(MODEL, task), names)


def by_pattern(task: str) -> Labels:
    """The class whose word fits the hole best, before any training."""
    model, tokenizer = _encoder(MASKED)
    pattern = Pattern(TASKS[task].pattern, TASKS[task].words)
    return pattern.predict(model, tokenizer, asked_texts(task, trial=False)["text"][:], MAX_LENGTH)


def frozen(task: str, train: Dataset) -> dict[str, Labels]:
    """The answers of all methods that leave the encoder as it is, by name."""
    y, asked = np.array(train["label"]), asked_texts(task, trial=False)
    X, Z = (vectors(*_encoder(name), train["text"][:], MAX_LENGTH) for name in (MODEL, MASKED))
    words = tfidf_logistic().fit(train["text"][:], y)
    answers = (
        words.predict(asked["text"][:]),
        nearest(_test_vectors(MODEL, task), centroids(X, y)),
        head().fit(X, y).predict(_test_vectors(MODEL, task)),
        head().fit(Z, y).predict(_test_vectors(MASKED, task)),
    )
    return dict(zip(FROZEN, answers, strict=True))


def head() -> LogisticRegression:
    """A linear classifier of vectors, as published ten-draw figures have it: logistic regression, the usual penalty."""
    return LogisticRegression(max_iter=1000)


# --- with training ----------------------------------------------------------------------------------------------------


def full(task: str, train: Dataset, asked: Dataset, recipe: Any, seed: int, prepare: Any = None) -> Labels:
    """Fine-tune encoder and head; `prepare` says what of the encoder learns, all of it by default."""
    model, tokenizer = models.load(MODEL, "sequence-classification", num_labels=len(TASKS[task].words))
    if prepare:
        prepare(model)
    fine_tune(model, tokenizer, train, train, recipe, seed)
    return predict(model, tokenizer, asked["text"][:], MAX_LENGTH).argmax(-1).numpy()


def contrastive(task: str, train: Dataset, asked: Dataset, recipe: Any, seed: int) -> Labels:
    """Pull pairs of one class together and push others apart, then fit a head to the vectors."""
    model, tokenizer = models.load(MODEL, "sequence-classification", num_labels=len(TASKS[task].words))
    recipe = replace(recipe, fast_path=("embedding", "dropout"))  # every token of the last layer is read
    fine_tune(model, tokenizer, train, train, recipe, seed, objective=pull_pairs)
    X, Z = (vectors(model, tokenizer, rows["text"][:], MAX_LENGTH) for rows in (train, asked))
    return head().fit(X, train["label"][:]).predict(Z)


def pattern(task: str, train: Dataset, asked: Dataset, recipe: Any, seed: int) -> Labels:
    """Fine-tune a masked language model to fill the hole; word embeddings, its output weights too, stay."""
    chosen, filled = TASKS[task], Pattern(TASKS[task].pattern, TASKS[task].words)
    model, tokenizer = models.load(MASKED, "pretraining")
    model.config.num_labels = len(chosen.words)
    model.get_input_embeddings().requires_grad_(False)
    rows, loss = filled.write(train), partial(filled.loss, tokenizer=tokenizer)
    fine_tune(model, tokenizer, rows, rows, recipe, seed, objective=loss)
    return filled.predict(model, tokenizer, asked["text"][:], MAX_LENGTH)


TRAINED: dict[str, Callable[..., Labels]] = {
    "full": full,
    "LoRA": partial(full, prepare=efficient.lora),
    "contrastive": contrastive,
    "pattern": pattern,
}

# --- the plan ---------------------------------------------------------------------------------------------------------


def chosen_rates(done: Sequence[Run]) -> dict[tuple[str, str], float]:
    """The rate of each task and method: the best on the other task, of equal ones the lower; once all were tried."""
    tried: dict[tuple[str, str, float], list[float]] = {}
    for r in done:
        if r["draw"] in TRIAL_DRAWS:
            tried.setdefault((r["task"], r["kind"], r["lr"]), []).append(r["scores"][r["kind"]])
    best = {}
    for task in TASKS:
        for name, rates in RATES.items():
            found = {lr: tried.get((OTHER[task], name, lr), []) for lr in rates}
            if all(len(scores) == len(TRIAL_DRAWS) for scores in found.values()):
                best[task, name] = min((-float(np.mean(found[lr])), lr) for lr in rates)[1]
    return best


def plan(done: Sequence[Run] = ()) -> list[tuple[str, str, float, int, int]]:
    """Every run, `(task, kind, rate, labels a class, draw)`: what trains nothing, the trials, then all draws."""
    cheap = [(task, "no labels", 0.0, 0, 0) for task in TASKS]
    cheap += [(task, "frozen", 0.0, n, s) for task in TASKS for n in SIZES for s in range(DRAWS)]
    trials = [
        (task, name, lr, TRIAL_SIZE, s) for task in TASKS for name in RATES for lr in RATES[name] for s in TRIAL_DRAWS
    ]
    best = chosen_rates(done)
    return cheap + trials + [(*key, lr, n, s) for key, lr in best.items() for n in SIZES for s in range(DRAWS)]


def depends(task: str, kind: str, lr: float, n: int, seed: int) -> dict[str, Any]:
    """A run is that of its task, its recipe, and the digests of weights and texts."""
    weights, corpus = _digests(TASKS[task].corpus)
    return {"task": TASKS[task], "recipe": RECIPE, "epochs": EPOCHS.get(n, 0), "weights": weights, "data": corpus}


@cache
def _digests(corpus: str) -> tuple[dict[str, Any], dict[str, str]]:
    return {name: models.weights_digest(name) for name in (MODEL, MASKED)}, data_digests(corpus)


EXPERIMENT = Experiment(
    "few-labels",
    plan,
    run,
    depends,
    about="eight ways to learn from 8 to 64 labels a class; half an hour with 2 workers",
)
