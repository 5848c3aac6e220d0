"""The value of pretraining: the same labels learnt from random and from pretrained weights, whole and in part."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Found, Run, data_digests
from pyft.data.splits import draw_rows, subset
from pyft.evaluation import baselines, stats
from pyft.evaluation.verdicts import Family, Verdict, compare_runs
from pyft.evidence.records import select
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.models.features import features
from pyft.models.surgery import freeze, from_scratch, num_trainable
from pyft.profiles import Recipe

MODEL = "minilm"


def logistic(C: float = 0.01) -> Any:
    """Logistic regression on standardised features; `C` is the inverse of the L2 penalty."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=1000))


# --- the runs ---------------------------------------------------------------------------------------------------------


CORPUS, SIZES = "movie-reviews", (50, 100, 200, 500, 1000, 2000, 8454)  # labels; the last is the whole training split
SEEDS, FEW, MANY = 5, 200, 3  # seeds for up to `FEW` labels; for more
CHOICE_SEED = 100  # of the labels on which hyperparameters are chosen; no run has it
DETOURS, DETOUR_LABELS = ("product-reviews", "sms-spam"), 1000  # other corpora to learn first, and labels of them


@dataclass(frozen=True)
class Method:
    """Where training starts, what stays frozen, and the values of its one free hyperparameter to choose from.

    That is the peak learning rate, or, for logistic regression, `C`.
    """

    values: tuple[float, ...]
    sizes: tuple[int, ...] = SIZES
    pretrained: bool = True
    frozen: int | None = None  # how many of the lowest layers, with the embeddings; None: nothing is
    texts: int = 600  # that go past the model at least
    batch_size: int = 16
    choice: int = 500  # labels on which the value is chosen


METHODS = {
    "features": Method((0.0003, 0.001, 0.003, 0.01, 0.1)),  # logistic regression; the next four train by gradient
    "fine-tuned": Method((1e-4, 2e-4, 4e-4)),
    "head": Method((1e-3, 5e-3), (200, 1000), frozen=6, texts=4000),
    "top layers": Method((3e-4, 1e-3), (200, 1000), frozen=4),
    "scratch": Method((3e-4, 1e-3), (200, 1000, 8454), pretrained=False, texts=8000, batch_size=32, choice=1000),
}


def recipe(name: str, n: int, lr: float) -> Recipe:
    """The recipe of a method for `n` labels: as many whole epochs as bring `texts` texts past the model.

    Few labels need many epochs. Random weights need more than a dozen times as many steps before anything is learnt.
    """
    method = METHODS[name]
    return Recipe(epochs=math.ceil(method.texts / n), batch_size=method.batch_size, lr=lr, evaluations=0)


def run(name: str, n: int, seed: int, split: str, *values: float) -> Run:
    """Learn `n` labels with the hyperparameters `values`, by a method or after a detour, and answer a split."""
    made = intermediate_task(name, n, seed, *values) if name in DETOURS else learn(name, n, seed, split, *values)
    return {"method": name, "n": n, "seed": seed, "split": split, "values": list(values)} | made


def learn(name: str, n: int, seed: int, split: str, value: float = 0.0) -> dict[str, Any]:
    """By a method: accuracy, which answers are right, processor seconds, trained parameters. TF-IDF has no `value`:

    it chooses its own on the validation split."""
    rows = data.load(CORPUS)
    answered = rows[split]
    if name == "TF-IDF":
        began = time.process_time()
        linear = baselines.fit_linear(subset(rows["train"], n, seed), rows["validation"])
        seconds = time.process_time() - began
        return _scored(linear.predict(answered["text"]), answered["label"], seconds, num_weights(linear))
    if name == "features":
        every, seconds = film_features("train")
        labels = subset(rows["train"], n, seed)["label"]
        x, x_test = every[draw_rows(len(every), n, seed)], film_features(split)[0]
        return _fitted(logistic(value), x, labels, x_test, rows[split]["label"], seconds * n / len(every))
    model, tokenizer = start(METHODS[name], seed)
    began = time.process_time()
    fine_tune(model, tokenizer, subset(rows["train"], n, seed), rows["validation"], recipe(name, n, value), seed)
    seconds = time.process_time() - began
    guess = predict(model, tokenizer, answered["text"]).argmax(-1)
    return _scored(guess, answered["label"], seconds, num_trainable(model))


def intermediate_task(corpus: str, n: int, seed: int, lr: float, C: float) -> dict[str, Any]:
    """As the run on features, but the body is fine-tuned on another corpus first; `source`: how well it learnt."""
    other, rows = data.load(corpus), data.load(CORPUS)
    model, tokenizer = start(METHODS["fine-tuned"], seed)
    first = subset(other["train"], DETOUR_LABELS, seed)
    fine_tune(model, tokenizer, first, other["validation"], recipe("fine-tuned", DETOUR_LABELS, lr), seed)
    learnt = predict(model, tokenizer, other["validation"]["text"]).argmax(-1).numpy()
    train, test = subset(rows["train"], n, seed), rows["test"]
    x, x_test = (features(model, tokenizer, split["text"]) for split in (train, test))
    found = _fitted(logistic(C), x, train["label"], x_test, test["label"])
    return found | {"source": round(float(np.mean(learnt == other["validation"]["label"])), 6)}


def start(method: Method, seed: int) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A model to begin with, its head (or all of it) drawn from `seed`, and its tokenizer."""
    set_seed(seed)
    model, tokenizer = models.load(MODEL, "sequence-classification")
    if not method.pretrained:
        model = from_scratch(model, seed)
    return model if method.frozen is None else freeze(model, method.frozen), tokenizer


@cache
def film_features(split: str) -> tuple[NDArray[np.float32], float]:
    """The pretrained body's features of all texts of a split, and the seconds that they took."""
    model, tokenizer = start(METHODS["features"], 0)
    began = time.process_time()
    return features(model, tokenizer, data.load(CORPUS)[split]["text"]), time.process_time() - began


def _fitted(model: Any, x: Any, y: Any, x_test: Any, y_test: Any, before: float = 0.0) -> dict[str, Any]:
    """Fit a linear model on what took `before` seconds to compute, and answer the test."""
    began = time.process_time()
    model.fit(x, y)
    seconds = before + time.process_time() - began
    return _scored(model.predict(x_test), y_test, seconds, num_weights(model))


def num_weights(model: Any) -> int:
    """How many weights a pipeline's linear model has."""
    return int(model[-1].coef_.size + model[-1].intercept_.size)


def _scored(guess: Any, y: Any, seconds: float, parameters: int) -> dict[str, Any]:
    hit = np.asarray(guess) == np.asarray(y)  # (N,)
    found = {"accuracy": round(float(hit.mean()), 6), "seconds": round(seconds, 2), "trained": parameters}
    return found | {"right": stats.pack_bits(hit)}


def stored_runs(found: Found, name: str, n: int) -> list[Run]:
    """The kept runs of a method with `n` labels on test texts, by seed. Raises `PyftError` if there is none."""
    return sorted(select(found, method=name, n=n, split="test"), key=lambda r: r["seed"])


def compare_methods(found: Found, a: str, b: str, n: int, tested: int) -> Verdict:
    """Compare method a with b on the same labels, over the seeds that both have and the `tested` examples together.

    A method whose runs all answer alike draws nothing there, a linear model on all labels, and counts as one run.
    """
    of = {name: {run["seed"]: run["right"] for run in stored_runs(found, name, n)} for name in (a, b)}
    seeds = sorted(of[a].keys() & of[b].keys())

    def right(name: str) -> NDArray[np.bool_]:
        rows = np.array([stats.unpack_bits(of[name][seed], tested) for seed in seeds])  # (S, N)
        same: NDArray[np.bool_] = rows[0]
        return same if len(rows) > 1 and (rows == same).all() else rows

    return compare_runs(right(a), right(b))


# Declared before any run is read: method, its rival, and the number of labels. A family is one question.
PRETRAINING = tuple(
    Family(f"{a} against {b}", tuple((a, b, n) for n in (METHODS["scratch"].sizes if "scratch" in (a, b) else SIZES)))
    for a, b in (
        ("fine-tuned", "scratch"),
        ("fine-tuned", "TF-IDF"),
        ("fine-tuned", "features"),
        ("features", "TF-IDF"),
        ("scratch", "TF-IDF"),
    )
)
FREEZING = Family(
    "what freezing costs",
    tuple(
        (name, "fine-tuned", n) for n in METHODS["head"].sizes for name in ("TF-IDF", "head", "features", "top layers")
    ),
)
DETOURED = Family("what a detour does", tuple((name, "features", DETOUR_LABELS) for name in DETOURS))


def judge(found: Found, family: Family, tested: int) -> dict[Any, Verdict]:
    """The verdicts of a family, corrected together."""
    return family.correct({(a, b, n): compare_methods(found, a, b, n, tested) for a, b, n in family.members})


# --- the experiment ---------------------------------------------------------------------------------------------------


def tried(runs: Sequence[Run]) -> dict[str, dict[float, float]]:
    """The accuracies on validation texts by which each method's value is chosen: the test split has no say in it."""
    found: dict[str, dict[float, float]] = {}
    for r in runs:
        if r["split"] == "validation":
            found.setdefault(r["method"], {})[r["values"][0]] = r["accuracy"]
    return found


def chosen(runs: Sequence[Run]) -> dict[str, float]:
    """The best value of each method whose every value was tried; of two that are equal the first."""
    found = tried(runs)
    return {
        name: max(method.values, key=lambda value: found[name][value])
        for name, method in METHODS.items()
        if found.get(name, {}).keys() >= set(method.values)
    }


def plan(done: Sequence[Run] = ()) -> list[tuple[Any, ...]]:
    """Every run, `(method or corpus learnt first, labels, seed, split, its values)`, as far as they are chosen.

    First those to choose by; then seed by seed, the longest last.
    """
    best = chosen(done)
    choices = [(name, m.choice, CHOICE_SEED, "validation", value) for name, m in METHODS.items() for value in m.values]
    ways = {"TF-IDF": (SIZES, ())} | {name: (METHODS[name].sizes, (value,)) for name, value in best.items()}
    runs = [
        (name, n, seed, "test", *values)
        for seed in range(SEEDS)
        for name, (sizes, values) in ways.items()
        for n in sizes
        if seed < (SEEDS if n <= FEW else MANY)
    ]
    if {"fine-tuned", "features"} <= best.keys():
        values = best["fine-tuned"], best["features"]
        runs += [(corpus, DETOUR_LABELS, seed, "test", *values) for seed in range(MANY) for corpus in DETOURS]
    return choices + sorted(runs, key=lambda r: (r[2], r[0] == "scratch" or r[1] == SIZES[-1]))


def depends(name: str, n: int, seed: int, split: str, *values: float) -> dict[str, Any]:
    """A run is that of its method and its recipe, of MiniLM's weights, and of the corpora."""
    corpora = (CORPUS, name) if name in DETOURS else (CORPUS,)
    found = {"data": data_digests(*corpora), "weights": models.weights_digest(MODEL)}
    if name in DETOURS:
        return found | {"recipe": recipe("fine-tuned", DETOUR_LABELS, values[0])}
    if name == "TF-IDF":
        return found | {"features": "words and characters", "C": baselines.STRENGTHS}
    if name == "features":
        return found
    method = METHODS[name]
    return found | {"recipe": recipe(name, n, values[0]), "start": [method.pretrained, method.frozen]}


EXPERIMENT = Experiment(
    "transfer",
    plan,
    run,
    depends,
    about="random against pretrained weights by number of labels, and what freezing costs; two hours",
    threads=1,  # so that seconds of the processor are seconds by the clock on a quiet machine
)
