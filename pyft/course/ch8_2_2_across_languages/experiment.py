"""From English labels to Chinese texts, and with some Chinese labels: `pyft bench across-languages`.

Rates are chosen on English validation texts, since there are no Chinese labels to choose by. Seed s draws the same
texts for all ways, so that they are paired by seed.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from pyft import models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch8_2_2_across_languages.languages import balanced, vectors
from pyft.course.ch8_2_2_across_languages.recipes import (
    ASKED,
    BEFORE,
    CHINESE,
    ENGLISH,
    ENGLISH_ROWS,
    EPOCHS,
    MODEL,
    RATES,
    RECIPE,
    SEEDS,
    SIZES,
    STRENGTHS,
    TRIAL_SEED,
    WATCHED,
)
from pyft.evaluation.stats import pack_bits
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict

WAYS = ("fine-tuned", "frozen")
# What is compared on Chinese test texts, declared before any run is read: what centring does; what English labels do
# beside some Chinese ones; and how many Chinese labels English ones alone are worth.
ACROSS = Family(
    "across languages",
    (
        ("frozen: centred with as it comes", 0),
        ("English alone: fine-tuned with frozen, centred", 0),
        *((f"{way}: both with Chinese alone", n) for way in WAYS for n in SIZES),
        *((f"{way}: English alone with Chinese alone", n) for way in WAYS for n in SIZES),
    ),
)
Hits = NDArray[np.bool_]


def run(kind: str, lr: float, seed: int) -> dict[str, Any]:
    """Which Chinese test texts are right after each training, by its name; and how many English ones.

    `kind`: "trial" trains on English alone and is asked about validation texts in English; "English first" goes on
    from there with Chinese labels; "Chinese alone" has no others; "frozen" fits linear heads for all of these.
    """
    set_seed(seed)
    english, chinese = balanced(ENGLISH, "train", ENGLISH_ROWS, seed), _chinese(seed)
    made = {"kind": kind, "lr": lr, "seed": seed, "texts": 2 * ASKED}
    if kind == "frozen":
        return made | frozen(english, chinese)
    model, tokenizer = models.load(MODEL, "sequence-classification")
    right: dict[str, Hits] = {}
    if kind != "Chinese alone":
        fine_tune(model, tokenizer, english, english, replace(RECIPE, lr=lr), seed)
        right["English alone"] = hits(model, tokenizer, _asked(CHINESE))
        made["English"] = round(float(hits(model, tokenizer, _asked(ENGLISH)).mean()), 6)
        made["watched"] = round(float(hits(model, tokenizer, _watched()).mean()), 6)
    if kind != "trial":
        begun = copy.deepcopy(model.state_dict())
        for n, rows in chinese.items():
            model.load_state_dict(begun)
            fine_tune(model, tokenizer, rows, rows, replace(RECIPE, lr=lr, epochs=EPOCHS[n]), seed)
            right[f"{'both' if kind == 'English first' else 'Chinese alone'}, {n}"] = hits(
                model, tokenizer, _asked(CHINESE)
            )
    return made | {"right": {name: pack_bits(x) for name, x in right.items()}}


def hits(model: Any, tokenizer: Any, rows: Dataset) -> Hits:
    """Which texts are classified rightly: (N)."""
    found = predict(model, tokenizer, rows["text"][:], RECIPE.max_length).argmax(-1).numpy()
    return np.asarray(found == np.array(rows["label"]))


def _chinese(seed: int) -> dict[int, Dataset]:
    """The Chinese training texts of each size, smaller ones inside larger ones."""
    return {n: balanced(CHINESE, "train", n // 2, seed) for n in SIZES}


@cache
def _asked(corpus: str) -> Dataset:
    return balanced(corpus, "test", ASKED, 0)


@cache
def _watched() -> Dataset:
    return balanced(ENGLISH, "validation", WATCHED, 0)


# --- without training the encoder -------------------------------------------------------------------------------------


@cache
def _encoder() -> tuple[Any, Any]:
    return models.load(MODEL, "sequence-classification")


@cache
def _fixed() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    rows = (_asked(CHINESE), _asked(ENGLISH), _watched())
    return tuple(vectors(*_encoder(), some["text"][:]) for some in rows)  # type: ignore[return-value]


def frozen(english: Dataset, chinese: dict[int, Dataset]) -> dict[str, Any]:
    """Linear heads on the vectors as they are; each language is centred by its own unlabelled training texts."""
    of_chinese, of_english, watched = _fixed()
    largest = max(SIZES)
    E, C = (vectors(*_encoder(), some["text"][:]) for some in (english, chinese[largest]))
    scale = E.std()  # one number: the directions keep their weights
    y, asked = np.array(english["label"]), np.array(_asked(CHINESE)["label"])

    def moved(X: NDArray[Any], mean: NDArray[Any]) -> NDArray[Any]:
        return (X - mean) / scale

    e, c = E.mean(0), C.mean(0)
    fitted = [LogisticRegression(C=s, max_iter=2000).fit(moved(E, e), y) for s in STRENGTHS]
    scores = [head.score(moved(watched, e), _watched()["label"][:]) for head in fitted]
    best = fitted[int(np.argmax(scores))]
    right = {
        "English alone": best.predict(moved(of_chinese, e)) == asked,
        "English alone, centred": best.predict(moved(of_chinese, c)) == asked,
    }
    place = {text: i for i, text in enumerate(chinese[largest]["text"])}
    for n, rows in chinese.items():
        X, labels = moved(C[[place[text] for text in rows["text"]]], c), np.array(rows["label"])
        alone = LogisticRegression(C=best.C, max_iter=2000).fit(X, labels)
        both = LogisticRegression(C=best.C, max_iter=2000).fit(
            np.concatenate([moved(E, e), X]), np.concatenate([y, labels])
        )
        right[f"Chinese alone, {n}"] = alone.predict(moved(of_chinese, c)) == asked
        right[f"both, {n}"] = both.predict(moved(of_chinese, c)) == asked
    of = best.score(moved(of_english, e), _asked(ENGLISH)["label"][:])
    return {"right": {name: pack_bits(x) for name, x in right.items()}, "English": round(float(of), 6)}


# --- the plan ---------------------------------------------------------------------------------------------------------


def chosen_rate(done: Sequence[Run]) -> float | None:
    """The rate that was best on English validation texts, of equal ones the lower; None until all were tried."""
    tried = {r["lr"]: r["watched"] for r in done if r["kind"] == "trial"}
    return min(RATES, key=lambda lr: (-tried[lr], lr)) if set(RATES) <= set(tried) else None


def plan(done: Sequence[Run] = ()) -> list[tuple[str, float, int]]:
    """Every run, `(kind, rate, seed)`."""
    made = [("frozen", 0.0, s) for s in range(SEEDS)] + [("trial", lr, TRIAL_SEED) for lr in RATES]
    best = chosen_rate(done)
    if best is not None:
        made += [(kind, best, s) for s in range(SEEDS) for kind in ("English first", "Chinese alone")]
    return made


def depends(kind: str, lr: float, seed: int) -> dict[str, Any]:
    """A run is that of its recipe and sizes, and of the digests of weights and texts."""
    sizes = [ENGLISH_ROWS, WATCHED, ASKED, list(SIZES), list(EPOCHS.values()), BEFORE, list(STRENGTHS)]
    return {"recipe": RECIPE, "sizes": sizes} | _digests()


@cache
def _digests() -> dict[str, Any]:
    return {"weights": models.weights_digest(MODEL), "data": data_digests(ENGLISH, CHINESE)}


EXPERIMENT = Experiment(
    "across-languages", plan, run, depends, about="English labels, Chinese texts; half an hour with 2 workers"
)
