"""Every setting of a grid of five hyper-parameters, over seeds: `pyft bench hyperparameters`.

All settings of one seed learn from the same texts, are chosen on the same validation texts and begin with the same
head, so that they are paired by seed.
"""

import time
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch9_2_hyper_parameters.recipes import (
    CORPUS,
    GRID,
    MODEL,
    ROWS,
    SEEDS,
    TESTED,
    WATCHED,
    recipe,
    settings,
)
from pyft.data.splits import subset
from pyft.evaluation.stats import pack_bits, unpack_bits
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.profiles import Recipe

# What is compared, declared before any run is read: one hyper-parameter, or all, left at the default, with all chosen.
ALL = "all five"
LEFT_ALONE = Family("left at the default", (*GRID, ALL))
# And what a step from one rate to the next does with the larger batches, against what it does with the smaller ones.
STEPS = Family("steps of the rate, by batch size", tuple(pairwise(GRID["lr"])))


def run(lr: float, epochs: float, batch_size: float, warmup: float, weight_decay: float, seed: int) -> dict[str, Any]:
    """Fine-tune with one setting: accuracy on validation texts, and which test texts are classified rightly."""
    setting = (lr, epochs, batch_size, warmup, weight_decay)
    begun = time.process_time()
    validation, test = right(recipe(setting), seed)
    return {
        "setting": list(setting),
        "seed": seed,
        "validation": round(float(validation.mean()), 6),
        "accuracy": round(float(test.mean()), 6),
        "answers": pack_bits(test),
        "tested": len(test),
        "seconds": round(time.process_time() - begun, 1),
    }


def right(
    recipe: Recipe, seed: int, rows: int = ROWS, watched: int = WATCHED, tested: int = TESTED
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Fine-tune on `rows` texts that the seed draws: which validation texts and which test texts come out right."""
    splits = corpus()
    train, validation = subset(splits["train"], rows, seed), subset(splits["validation"], watched, seed)
    set_seed(seed)
    model, tokenizer = models.load(MODEL, "sequence-classification")
    fine_tune(model, tokenizer, train, validation, recipe, seed)
    of_validation, of_test = (
        predict(model, tokenizer, some["text"], recipe.max_length).argmax(-1).numpy() == np.array(some["label"])
        for some in (validation, subset(splits["test"], tested, 0))
    )
    return of_validation, of_test


@cache
def corpus() -> Any:
    """The splits, loaded once."""
    return data.load(CORPUS)


def hits(run: Run) -> NDArray[np.bool_]:
    """Which test texts a stored run classified rightly: (N,)."""
    return unpack_bits(run["answers"], run["tested"])


def plan(_: Sequence[Run] = ()) -> list[tuple[Any, ...]]:
    """Every run, `(*setting, seed)`."""
    return [(*setting, seed) for seed in range(SEEDS) for setting in settings()]


def depends(*arguments: float) -> dict[str, Any]:
    """A run is that of its recipe and sizes, of the model's weights and of the corpus."""
    weights, corpora = _digests()
    return {
        "recipe": recipe(arguments[:-1]),
        "sizes": [ROWS, WATCHED, TESTED],
        "weights": weights,
        "data": corpora,
    }


@cache
def _digests() -> tuple[dict[str, str], dict[str, str]]:
    return models.weights_digest(MODEL), data_digests(CORPUS)


EXPERIMENT = Experiment(
    "hyperparameters", plan, run, depends, about="a grid of five hyper-parameters; half an hour with 2 workers"
)
