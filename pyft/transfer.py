"""The value of pretraining: the same labels learnt from random and from pretrained weights, whole and in part."""

import hashlib
import inspect
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from pyft import baselines, data, models, stats
from pyft.errors import PyftError, unknown
from pyft.evidence import ROOT, dump, provenance, results_folder, write_atomically
from pyft.finetune import fine_tune, predict, set_seed
from pyft.inference import in_batches
from pyft.profiles import Recipe

MODEL = "minilm"

# --- what is shared, what is new, what is trained ---------------------------------------------------------------------


def from_scratch(model: Any, seed: int) -> Any:
    """A model of the same architecture with new weights, initialised as the library does; `model` does not change.

    torch's own generator is left alone.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return type(model)(model.config)


def freeze(model: Any, layers: int) -> Any:
    """Take the embeddings and the lowest `layers` layers out of training, in place; the head is always trained.

    Frozen parameters ask for no gradient, so the backward pass ends above them. Dropout in frozen layers stays on.
    """
    body, L = model.base_model, len(model.base_model.encoder.layer)
    if not 0 <= layers <= L:
        raise PyftError(f"cannot freeze {layers} layers of {L}: expected a number from 0 to {L}.")
    for part in (body.embeddings, *body.encoder.layer[:layers]):
        part.requires_grad_(False)
    return model


def trained(model: Any) -> int:
    """How many parameters training may change."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def subset(train: Any, n: int, seed: int) -> Any:
    """`n` rows drawn at random without regard to their labels. For one seed, a smaller draw is part of a larger one."""
    return train.select(drawn(len(train), n, seed))


def drawn(N: int, n: int, seed: int) -> NDArray[np.int64]:
    """The rows of `subset`. Raises `PyftError` if there are fewer."""
    if not 0 < n <= N:
        raise PyftError(f"cannot draw {n:,} rows from {N:,}: expected a number from 1 to {N:,}.")
    return np.random.default_rng(seed).permutation(N)[:n]


def features(
    model: Any,
    tokenizer: Any,
    texts: Sequence[str],
    pooling: str = "mean",
    max_length: int = 128,
    batch_size: int = 64,
) -> NDArray[np.float32]:
    """Hidden states of the last layer, a vector a text: the mean over real tokens, or the class token's ("cls"). (N, d)

    Without dropout and without gradients.
    """
    if pooling not in ("mean", "cls"):
        raise unknown("pooling", pooling, ["mean", "cls"])
    texts = list(texts)  # a column of a data set reads its file at every look

    def pooled(batch: list[int]) -> NDArray[np.float32]:  # (B, d)
        x = tokenizer(
            [texts[i] for i in batch], padding=True, truncation=True, max_length=max_length, return_tensors="pt"
        ).to(model.device)
        h = model.base_model(**x).last_hidden_state  # (B, T, d)
        mask = x["attention_mask"][..., None]  # (B, T, 1)
        c: Tensor = h[:, 0] if pooling == "cls" else (h * mask).sum(1) / mask.sum(1)
        return c.float().cpu().numpy()

    found = in_batches(model, pooled, [len(text) for text in texts], batch_size)
    return np.array(found, dtype=np.float32).reshape(len(texts), model.config.hidden_size)


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


def run(name: str, n: int, value: float, seed: int, split: str = "test") -> dict[str, Any]:
    """Learn `n` labels and answer a split: accuracy, which answers are right, processor seconds, trained parameters."""
    rows = data.load(CORPUS)
    answered = rows[split]
    if name == "TF-IDF":
        train = subset(rows["train"], n, seed)
        return _fitted(baselines.tfidf_logistic(), train["text"], train["label"], answered["text"], answered["label"])
    if name == "features":
        every, seconds = film_features("train")
        labels = subset(rows["train"], n, seed)["label"]
        x, x_test = every[drawn(len(every), n, seed)], film_features(split)[0]
        return _fitted(logistic(value), x, labels, x_test, rows[split]["label"], seconds * n / len(every))
    model, tokenizer = start(METHODS[name], seed)
    began = time.process_time()
    fine_tune(model, tokenizer, subset(rows["train"], n, seed), rows["validation"], recipe(name, n, value), seed)
    seconds = time.process_time() - began
    guess = predict(model, tokenizer, answered["text"]).argmax(-1)
    return _scored(guess, answered["label"], seconds, trained(model))


def detour(corpus: str, n: int, lr: float, C: float, seed: int) -> dict[str, Any]:
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


def start(method: Method, seed: int) -> tuple[Any, Any]:
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
    return _scored(model.predict(x_test), y_test, seconds, model[-1].coef_.size + model[-1].intercept_.size)


def _scored(guess: Any, y: Any, seconds: float, parameters: int) -> dict[str, Any]:
    hit = np.asarray(guess) == np.asarray(y)  # (N,)
    found = {"accuracy": round(float(hit.mean()), 6), "seconds": round(seconds, 2), "trained": parameters}
    return found | {"right": stats.packed(hit)}


def stored(found: dict[str, Any], name: str, n: int) -> list[dict[str, Any]]:
    """The stored runs of a method with `n` labels, by seed. Raises `PyftError` if there is none."""
    runs = sorted((r for r in found["runs"] if (r["method"], r["n"]) == (name, n)), key=lambda r: r["seed"])
    if not runs:
        raise unknown("stored run", f"{name}, {n}", sorted({f"{r['method']}, {r['n']}" for r in found["runs"]}))
    return runs


def compared(found: dict[str, Any], a: str, b: str, n: int, tested: int) -> list[stats.Comparison]:
    """Method a against b on the same labels and the same `tested` examples: one paired test a seed that both have."""
    pairs = [(x, y) for x in stored(found, a, n) for y in stored(found, b, n) if x["seed"] == y["seed"]]
    return [stats.compare(*(stats.unpacked(run["right"], tested) for run in pair)) for pair in pairs]


def tally(comparisons: Sequence[stats.Comparison]) -> str:
    """The verdicts of some paired tests in words: "better for 2 of 3 seeds, no difference shown for 1"."""
    words = [c.verdict() for c in comparisons]
    parts = [(word, words.count(word)) for word in stats.VERDICTS if word in words]
    (word, count), *rest = parts
    return ", ".join([f"{word} for {count} of {len(words)} seeds", *(f"{word} for {count}" for word, count in rest)])


# --- the measurement --------------------------------------------------------------------------------------------------


def measure(out: Path | None = None, folder: Path = ROOT / "_build" / "transfer") -> dict[str, Any]:
    """Make every run, on one thread, and write what was found to `out`: about two hours on a quiet machine.

    Each run is kept in `folder` as it finishes, and `out` is written again, so that an interrupted measurement goes on
    from there.
    """
    path, begins = out or results_folder() / "bench" / "transfer.json", origin()
    recipes = repr(METHODS) + inspect.getsource(recipe)
    folder /= hashlib.sha256((json.dumps(begins) + recipes).encode()).hexdigest()[:8]
    path.parent.mkdir(parents=True, exist_ok=True)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so that seconds of the processor are seconds by the clock on a quiet machine
    try:
        tried: dict[str, dict[str, float]] = {}
        chosen: dict[str, float] = {}
        runs: list[dict[str, Any]] = []
        found = {"origin": begins, "tried": tried, "chosen": chosen, "runs": runs}
        for name, n, seed in plan():
            if name in METHODS and name not in chosen:
                tried[name] = {f"{v:g}": _tried(folder, name, v) for v in METHODS[name].values}
                chosen[name] = max(METHODS[name].values, key=lambda v: tried[name][f"{v:g}"])
            if name in DETOURS:
                made = _kept(folder, detour, name, n, chosen["fine-tuned"], chosen["features"], seed)
            else:
                made = _kept(folder, run, name, n, chosen.get(name, 0.0), seed)
            runs.append({"method": name, "n": n, "seed": seed} | made)
            write_atomically(path, dump(found | {"provenance": provenance()}))
    finally:
        torch.set_num_threads(threads)
    print(f"written to {path}")
    return found


def plan() -> list[tuple[str, int, int]]:
    """Every run, `(method or corpus learnt first, labels, seed)`; seed by seed, the longest last."""
    runs = [
        (name, n, seed)
        for seed in range(SEEDS)
        for name in ("TF-IDF", *METHODS)
        for n in (METHODS[name].sizes if name in METHODS else SIZES)
        if seed < (SEEDS if n <= FEW else MANY)
    ]
    runs += [(corpus, DETOUR_LABELS, seed) for seed in range(MANY) for corpus in DETOURS]
    return sorted(runs, key=lambda r: (r[2], r[0] == "scratch" or r[1] == SIZES[-1]))


def origin() -> dict[str, Any]:
    """What every run goes back to: the digest of the pretrained body, and the fingerprints of the corpora."""
    model, _ = models.load(MODEL, "sequence-classification")
    corpora = {name: data.fingerprint(data.load(name)) for name in (CORPUS, *DETOURS)}
    return {"body": models.digest(model.base_model), "corpora": corpora}


def _tried(folder: Path, name: str, value: float) -> float:
    """Accuracy on the validation split: the test split is not used for any choice."""
    arguments = name, METHODS[name].choice, value, CHOICE_SEED, "validation"
    return float(_kept(folder, run, *arguments)["accuracy"])


def _kept(folder: Path, make: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """What `make(*arguments)` gives, from the folder if it lies there, else made and put there."""
    name = " ".join(map(str, [make.__name__, *arguments]))
    path = folder / f"{name}.json"
    if not path.exists():
        found = make(*arguments)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(found))
        print(f"[bench] {name}: {found['accuracy']:.3f} in {found['seconds']:.0f} s", flush=True)
    stored: dict[str, Any] = json.loads(path.read_text(encoding="utf8"))
    return stored
