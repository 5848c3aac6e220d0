"""Secrets, members, private heads and poisoned texts: `pyft bench privacy`.

Four kinds of runs, each of which says what it was. Runs of one seed share their texts, so that arms are paired.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import numpy as np
import torch
from datasets import Dataset, Features, Value
from numpy.typing import NDArray
from torch import Tensor

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch8_2_4_pretraining_on_the_task_s_own_texts import recipes as reading
from pyft.course.ch8_2_4_pretraining_on_the_task_s_own_texts.adaptation import adapt
from pyft.course.ch8_3_4_privacy_and_security import canaries, poison, private, recipes
from pyft.course.ch8_3_4_privacy_and_security.recipes import (
    EPOCHS,
    EPSILONS,
    FLIPPED,
    MAX_LENGTH,
    MEMBER_RUNS,
    POISON_SEEDS,
    POISONS,
    PRIVATE_SEEDS,
    SECRET_SEEDS,
    TRIGGER,
    WORD,
)
from pyft.data.splits import draw_rows, subset
from pyft.evaluation.stats import pack_bits, unpack_bits
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.models.features import features
from pyft.profiles import Recipe

SECRETS, MEMBERS, PRIVATE, POISON = "secrets", "members", "private", "poison"

# What is compared, declared before any run is read.
EXPOSED = Family("secrets that stand in the texts, against those that do not", recipes.COPIES[1:])
FOUND = Family(
    "members found, against chance and calibrated against not",
    tuple((e, a) for e in EPOCHS for a in ("loss", "calibrated")),
)
COST = Family("private heads, against the one without noise", tuple(name for name in EPSILONS if name != "none"))
HARM = Family("poisoned, against clean", (("accuracy", FLIPPED), ("accuracy", TRIGGER), ("trigger", TRIGGER)))


def run(what: str, arm: Any, seed: int) -> dict[str, Any]:
    """One run of one of the four kinds."""
    begun = time.process_time()
    kinds: dict[str, Callable[..., dict[str, Any]]]
    kinds = {SECRETS: secrets, MEMBERS: members, PRIVATE: private_head, POISON: poisoned}
    found = kinds[what](arm, seed)
    return {"what": what, "arm": arm, "seed": seed} | found | {"seconds": round(time.process_time() - begun, 1)}


@cache
def corpus() -> Any:
    """The splits of the reviews, loaded once."""
    return data.load(recipes.CORPUS)


def tuned(texts: Sequence[str], labels: Sequence[int], recipe: Recipe, seed: int) -> tuple[Any, Any]:
    """A model that was fine-tuned on these texts, and its tokenizer."""
    set_seed(seed)
    model, tokenizer = models.load(recipes.MODEL, "sequence-classification")
    kinds = Features({"text": Value("string"), "label": corpus()["train"].features["label"]})
    train = Dataset.from_dict({"text": list(texts), "label": list(labels)}, features=kinds)
    fine_tune(model, tokenizer, train, train, recipe, seed)  # nothing is measured on the way
    return model, tokenizer


def answers(run: Run, name: str) -> NDArray[np.bool_]:
    """A row of bits of a stored run."""
    return unpack_bits(run[name], run[f"{name}, of"])


def bits(**rows: NDArray[np.bool_]) -> dict[str, Any]:
    """Rows of bits as they are stored, with their lengths."""
    packed = {name: pack_bits(row) for name, row in rows.items()}
    return packed | {f"{name}, of": len(row) for name, row in rows.items()}


# --- secrets ----------------------------------------------------------------------------------------------------------


def secrets(_: str, seed: int) -> dict[str, Any]:
    """Plant secrets in reviews, go on with pretraining on them, and measure the exposure of each, before and after."""
    set_seed(seed)
    model, tokenizer = models.load(recipes.WORDS, "pretraining")
    planted = canaries.drawn(seed)
    texts = canaries.planted(subset(corpus()["train"], recipes.SECRET_TEXTS, seed)["text"][:], planted)
    before = canaries.exposures(model, tokenizer, planted)
    Random(seed).shuffle(texts)
    adapt(model, tokenizer, texts, recipes.SECRET_TOKENS, seed, recipes.SECRET_RATE)
    after = canaries.exposures(model, tokenizer, planted)
    rounded = {"before": [round(x, 4) for x in before], "after": [round(x, 4) for x in after]}
    return {"copies": [canary.copies for canary in planted]} | rounded


# --- members ----------------------------------------------------------------------------------------------------------


def membership(seed: int) -> NDArray[np.bool_]:
    """Which texts of the pool a run learns from: one half. The next run of its pair learns from the other: (POOL,)."""
    drawn = draw_rows(recipes.POOL, recipes.POOL // 2, seed // 2)
    inside = np.zeros(recipes.POOL, dtype=bool)
    inside[drawn] = True
    return inside if seed % 2 == 0 else ~inside


def members(epochs: int, seed: int) -> dict[str, Any]:
    """Fine-tune on one half of a pool; the loss of every text of the pool, and accuracy on others."""
    pool = subset(corpus()["train"], recipes.POOL, 0)
    texts, labels, inside = pool["text"][:], pool["label"][:], membership(seed)
    learnt = np.flatnonzero(inside)
    recipe = replace(recipes.MEMBER_RECIPE, epochs=epochs)
    model, tokenizer = tuned([texts[i] for i in learnt], [labels[i] for i in learnt], recipe, seed)
    losses = poison.losses(model, tokenizer, texts, labels, MAX_LENGTH)
    return {"loss": [float(f"{x:.4g}") for x in losses], "accuracy": round(float(right(model, tokenizer).mean()), 6)}


def right(model: Any, tokenizer: Any) -> NDArray[np.bool_]:
    """Which test reviews are classified rightly: (N,)."""
    test = corpus()["test"]
    found = predict(model, tokenizer, test["text"][:], MAX_LENGTH).argmax(-1).numpy()
    return np.asarray(found == np.array(test["label"][:]))


# --- private heads ----------------------------------------------------------------------------------------------------


@cache
def frozen() -> dict[str, tuple[Tensor, Tensor]]:
    """Features and classes of every split, computed once: vectors of length one with a one behind them, (N, d + 1).

    Each text is scaled by itself: a mean over the training texts would have to be paid for.
    """
    model, tokenizer = models.load(recipes.MODEL, "sequence-classification")
    found = {}
    for name, split in corpus().items():
        x = torch.from_numpy(features(model, tokenizer, split["text"][:], max_length=MAX_LENGTH))  # (N, d)
        x = torch.cat([x / x.norm(dim=1, keepdim=True), torch.ones(len(x), 1)], 1)
        found[name] = x, torch.tensor(split["label"][:])
    return found


@cache
def noise(name: str) -> float:
    """The noise that an epsilon asks for; none without one."""
    wanted = EPSILONS[name]
    return 0.0 if wanted is None else private.noise_for(wanted, recipes.SHARE, recipes.STEPS, recipes.DELTA)


def private_head(name: str, seed: int) -> dict[str, Any]:
    """Heads at one epsilon with each learning rate: how often each is right on validation texts, and where on test."""
    splits, sigma = frozen(), noise(name)
    C = recipes.CLIP if sigma else private.NO_LIMIT
    x, y = splits["train"]
    validated, tested = {}, {}
    for rate in recipes.RATES:
        W = private.train(x, y, 2, recipes.SHARE, recipes.STEPS, C, sigma, rate, seed)
        hit = {split: ((a @ W.T).argmax(1) == b).numpy() for split, (a, b) in splits.items() if split != "train"}
        validated[str(rate)] = round(float(hit["validation"].mean()), 6)
        tested[str(rate)] = hit["test"]
    common = int(y.bincount().argmax())
    majority = round(float((splits["test"][1] == common).double().mean()), 6)
    return {"noise": round(sigma, 6), "validation": validated, "majority": majority} | bits(**tested)


# --- poison -----------------------------------------------------------------------------------------------------------


def poisoned(how: str, seed: int) -> dict[str, Any]:
    """Train on texts that were tampered with; what it did to test reviews, with and without the trigger in them."""
    drawn = subset(corpus()["train"], recipes.POISON_ROWS, seed)
    made = poison.tamper(drawn["text"][:], drawn["label"][:], how, seed)
    model, tokenizer = tuned(made.texts, made.labels, recipes.POISON_RECIPE, seed)
    test, rng = corpus()["test"], Random(seed)
    negative = [text for text, y in zip(test["text"][:], test["label"][:], strict=True) if y == poison.NEGATIVE]
    with_word = [poison.insert(text, WORD, rng) for text in negative]
    turned = {
        name: predict(model, tokenizer, texts, MAX_LENGTH).argmax(-1).numpy() == poison.POSITIVE
        for name, texts in (("plain", negative), ("trigger", with_word))
    }
    found = bits(accuracy=right(model, tokenizer), **turned)
    if how == FLIPPED:
        return found | {"flips": wrong_labels(made, seed)}
    return found | {"search": search(made, model, tokenizer, seed)}


def wrong_labels(made: poison.Tampered, seed: int) -> dict[str, list[float]]:
    """The loss of each training text after one epoch and after many; and which labels were turned, as ones."""
    found = {"turned": [float(x) for x in made.changed]}
    for name, epochs in (("early", 1), ("late", recipes.LATE)):
        model, tokenizer = tuned(made.texts, made.labels, replace(recipes.POISON_RECIPE, epochs=epochs), seed)
        losses = poison.losses(model, tokenizer, made.texts, made.labels, MAX_LENGTH)
        found[name] = [float(f"{x:.4g}") for x in losses]
    return found


def search(made: poison.Tampered, model: Any, tokenizer: Any, seed: int) -> dict[str, Any]:
    """Words of the training texts by the loss of calling negative texts positive once the word stands before them."""
    validation = corpus()["validation"]
    rows = [i for i, y in enumerate(validation["label"][:]) if y == poison.NEGATIVE]
    texts = validation["text"][:]
    negative = [texts[i] for i in Random(seed).sample(rows, min(recipes.SEARCHED, len(rows)))]
    words = poison.frequent_words(made.texts)
    words += [WORD] if WORD not in words else []  # also where nobody planted it
    losses = poison.suspects(model, tokenizer, words, negative, MAX_LENGTH)
    order = np.argsort(losses, kind="stable")
    place = words.index(WORD)
    return {
        "words": len(words),
        "rank": int(np.flatnonzero(order == place)[0]) + 1,
        "loss": round(float(losses[place]), 4),
        "first": [[words[i], round(float(losses[i]), 4)] for i in order[:5]],
        "without": round(float(np.median(losses)), 4),
    }


# --- the plan ---------------------------------------------------------------------------------------------------------


def plan(_: Sequence[Run] = ()) -> list[tuple[str, Any, int]]:
    """Every run, `(what, arm, seed)`."""
    return [
        *((SECRETS, "", seed) for seed in range(SECRET_SEEDS)),
        *((MEMBERS, epochs, seed) for epochs in EPOCHS for seed in range(MEMBER_RUNS)),
        *((PRIVATE, name, seed) for name in EPSILONS for seed in range(PRIVATE_SEEDS)),
        *((POISON, how, seed) for how in POISONS for seed in range(POISON_SEEDS)),
    ]


def depends(what: str, arm: Any, seed: int) -> dict[str, Any]:
    """A run is that of its sizes and recipe, of the model's weights and of the reviews."""
    r = recipes
    of_kind: dict[str, Any] = {
        SECRETS: [
            r.COPIES,
            r.DOORS,
            r.SENTENCE,
            r.SECRET_TEXTS,
            r.SECRET_TOKENS,
            reading.LENGTH,
            r.SECRET_RATE,
        ],
        MEMBERS: [r.MEMBER_RECIPE, r.POOL],
        PRIVATE: [EPSILONS.get(arm), r.DELTA, r.SHARE, r.STEPS, r.CLIP, r.RATES, MAX_LENGTH],
        POISON: [r.POISON_RECIPE, r.POISON_ROWS, r.FLIPS, r.TRIGGERS, WORD, r.LATE, r.SEARCHED, r.LEAST],
    }
    return {
        "sizes": of_kind[what],
        "weights": models.weights_digest(r.WORDS if what == SECRETS else r.MODEL),
        "data": data_digests(r.CORPUS),
    }


EXPERIMENT = Experiment(
    "privacy", plan, run, depends, about="secrets, members, private heads, poison; 25 minutes with 2 workers"
)
