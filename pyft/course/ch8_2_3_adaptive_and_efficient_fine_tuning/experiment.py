"""Ways to fine-tune that learn little, on three tasks: `pyft bench efficient`.

Each method tries its three rates with the first seed, and goes on with the one that is best on validation texts. Runs
of one seed see the same rows in the same order, so that methods are paired by seed.
"""

import time
import zlib
from base64 import b85decode, b85encode
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch8_2_3_adaptive_and_efficient_fine_tuning.recipes import (
    METHODS,
    MODEL,
    RECIPE,
    SEEDS,
    SIZE,
    TASKS,
    Task,
)
from pyft.data.splits import subset
from pyft.evaluation.decoding import decode_greedy
from pyft.evaluation.ner import counts, f1, gold_tags, tag_names
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.models.efficient import head_modules
from pyft.models.inference import evaluation_mode
from pyft.models.surgery import num_trainable

OTHER, OTHER_TEXTS, OTHER_LENGTH = "newsgroups", 128, 48  # what nobody was trained on: texts, tokens of each

# What is compared, declared before any run is read: every method with full fine-tuning, on every task.
AGAINST_FULL = Family(
    "efficient fine-tuning against full", tuple((task, name) for task in TASKS for name in METHODS if name != "full")
)


def run(task: str, name: str, lr: float, seed: int) -> dict[str, Any]:
    """Fine-tune in one way: score on validation and test rows, what was right, and the masked-word loss afterwards."""
    chosen, splits = TASKS[task], data.load(TASKS[task].corpus)
    train = subset(splits["train"], chosen.rows, seed)
    watched = subset(splits["validation"], min(chosen.watched, len(splits["validation"])), 0)
    test = subset(splits["test"], min(chosen.test, len(splits["test"])), 0)
    set_seed(seed)
    model, tokenizer = models.load(MODEL, chosen.kind, num_labels=number_of_labels(train, chosen))
    METHODS[name].prepare(model)
    learnt = num_trainable(model) - sum(p.numel() for part in head_modules(model).values() for p in part.parameters())
    begun = time.process_time()
    fine_tune(model, tokenizer, train, watched, replace(RECIPE, lr=lr), seed)
    seconds = time.process_time() - begun
    of_test = answers(model, tokenizer, test, chosen)
    return {
        "task": task,
        "method": name,
        "lr": lr,
        "seed": seed,
        "parameters": learnt,
        "validation": round(score(answers(model, tokenizer, watched, chosen)), 6),
        "score": round(score(of_test), 6),
        "answers": packed(of_test),
        "masked words": round(masked_word_loss(model.base_model), 6),
        "seconds": round(seconds, 1),
    }


def number_of_labels(rows: Any, task: Task) -> int:
    """How many classes or tags there are."""
    if task.kind == "token-classification":
        return len(tag_names(rows))
    return len(data.label_names(rows.features["label"]))


# --- scores -----------------------------------------------------------------------------------------------------------


def answers(model: Any, tokenizer: Any, rows: Any, task: Task) -> NDArray[np.int64]:
    """Of each text whether it was classified rightly, (N, 1); of each sentence entities right, found, true, (N, 3)."""
    if task.kind == "token-classification":
        z, true = predict(model, tokenizer, rows["tokens"], RECIPE.max_length), gold_tags(rows)
        return counts(true, decode_greedy(z, tag_names(rows), list(map(len, true))))
    found = predict(model, tokenizer, rows["text"], RECIPE.max_length).argmax(-1).numpy()
    return (found == np.array(rows["label"])).astype(int)[:, None]


def score(found: NDArray[np.int64]) -> float:
    """Accuracy of (N, 1), F1 of (N, 3)."""
    return float(found.mean()) if found.shape[1] == 1 else float(f1(found.sum(0)))


def packed(found: NDArray[np.int64]) -> str:
    """Answers as a short text: a byte each, compressed, in base 85."""
    return b85encode(zlib.compress(found.astype(np.uint8).tobytes(), 9)).decode()


def unpacked(run: Run) -> NDArray[np.int64]:
    """The answers of a stored run."""
    width = 3 if TASKS[run["task"]].kind == "token-classification" else 1
    return np.frombuffer(zlib.decompress(b85decode(run["answers"])), np.uint8).reshape(-1, width).astype(int)


# --- what is forgotten ------------------------------------------------------------------------------------------------


@cache
def other_texts() -> tuple[dict[str, Tensor], Tensor]:
    """Posts to newsgroups in which a seventh of the tokens is hidden, and where these stand; always the same."""
    tokenizer = models.load(MODEL, "pretraining")[1]
    posts = subset(data.load(OTHER)["test"], OTHER_TEXTS, 0)["text"][:]
    x = tokenizer(posts, padding=True, truncation=True, max_length=OTHER_LENGTH, return_tensors="pt")
    drawn = torch.rand(x["input_ids"].shape, generator=torch.Generator().manual_seed(0)) < 1 / 7
    special = torch.isin(x["input_ids"], torch.tensor(tokenizer.all_special_ids))
    return dict(x) | {"labels": x["input_ids"].clone()}, drawn & ~special


def masked_word_loss(body: Any) -> float:
    """How well a body still guesses hidden words of other texts, in nats a word, with the head that it began with."""
    (x, hidden), (first, tokenizer) = other_texts(), models.load(MODEL, "pretraining")
    ids, mask = x["input_ids"].masked_fill(hidden, tokenizer.mask_token_id), x["attention_mask"]
    with evaluation_mode(body), torch.inference_mode():
        h = body(input_ids=ids.to(body.device), attention_mask=mask.to(body.device)).last_hidden_state.cpu()
        z = h[hidden]  # (M, d)
        return float(F.cross_entropy(first.cls.predictions(z), x["labels"][hidden]))


# --- the plan ---------------------------------------------------------------------------------------------------------


def chosen_rates(done: Sequence[Run]) -> dict[tuple[str, str], float]:
    """The rate that was best on validation rows, of each task and method that has tried all; of equal ones the lower.

    The tries are those of the first seed.
    """
    tried: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for r in done:
        if r["seed"] == 0:
            tried.setdefault((r["task"], r["method"]), []).append((-r["validation"], r["lr"]))
    return {key: min(found)[1] for key, found in tried.items() if len(found) == len(METHODS[key[1]].rates)}


def plan(done: Sequence[Run] = ()) -> list[tuple[str, str, float, int]]:
    """Every run, `(task, method, rate, seed)`: first all rates with one seed, then the chosen one with the others."""
    tries = [(task, name, lr, 0) for task in TASKS for name, method in METHODS.items() for lr in method.rates]
    best = chosen_rates(done)
    return tries + [(*key, lr, seed) for seed in range(1, SEEDS) for key, lr in best.items()]


def depends(task: str, name: str, lr: float, seed: int) -> dict[str, Any]:
    """A run is that of its task, recipe and sizes, of the model's weights, and of both corpora."""
    weights, corpora = _digests(TASKS[task].corpus)
    return {
        "task": TASKS[task],
        "recipe": RECIPE,
        "sizes": asdict(SIZE),
        "other": [OTHER, OTHER_TEXTS, OTHER_LENGTH],
        "weights": weights,
        "data": corpora,
    }


@cache
def _digests(corpus: str) -> tuple[dict[str, str], dict[str, str]]:
    return models.weights_digest(MODEL), data_digests(corpus, OTHER)


EXPERIMENT = Experiment(
    "efficient", plan, run, depends, about="twelve ways to fine-tune on three tasks; two to five hours with 2 workers"
)
