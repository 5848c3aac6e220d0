"""LoRA on a frozen base of 32 bits and on quantised ones, on two tasks: `pyft bench four-bits`.

Runs of one seed see the same rows in the same order and begin with the same LoRA and head, so that bases are paired.
"""

import time
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch8_2_5_a_base_of_four_bits import recipes
from pyft.course.ch8_2_5_a_base_of_four_bits.recipes import BASES, MODEL, SEEDS, TASKS, WHOLE
from pyft.data.splits import subset
from pyft.evaluation.stats import pack_bits, unpack_bits
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict

# What is compared, declared before any run is read: every quantised base with the one of 32 bits, on both tasks.
AGAINST_WHOLE = Family("quantised bases", tuple((task, name) for task in TASKS for name in BASES if name != WHOLE))


def run(task: str, base: str, seed: int) -> dict[str, Any]:
    """Fine-tune LoRA on one base: which test texts are classified rightly."""
    splits = corpus_of(task)
    train = subset(splits["train"], TASKS[task].rows, seed)
    test = tested(task)
    set_seed(seed)
    K = len(data.label_names(train.features["label"]))
    model, tokenizer = models.load(MODEL, "sequence-classification", num_labels=K)
    recipes.with_base(model, base)
    begun = time.process_time()
    fine_tune(model, tokenizer, train, train, recipes.RECIPE, seed)  # nothing is measured on the way
    seconds = time.process_time() - begun
    found = predict(model, tokenizer, test["text"], recipes.RECIPE.max_length).argmax(-1).numpy()
    hit = np.array(found == np.array(test["label"]))
    return {
        "task": task,
        "base": base,
        "seed": seed,
        "accuracy": round(float(hit.mean()), 6),
        "answers": pack_bits(hit),
        "tested": len(hit),
        "seconds": round(seconds, 1),
    }


@cache
def corpus_of(task: str) -> Any:
    """The splits of a task's corpus, loaded once."""
    return data.load(TASKS[task].corpus)


def tested(task: str) -> Any:
    """The test rows of all runs."""
    test = corpus_of(task)["test"]
    return subset(test, min(TASKS[task].test, len(test)), 0)


def hits(run: Run) -> NDArray[np.bool_]:
    """Which test texts a stored run classified rightly: (N,)."""
    return unpack_bits(run["answers"], run["tested"])


def plan(_: Sequence[Run] = ()) -> list[tuple[str, str, int]]:
    """Every run, `(task, base, seed)`."""
    return [(task, base, seed) for task in TASKS for seed in range(SEEDS) for base in BASES]


def depends(task: str, base: str, seed: int) -> dict[str, Any]:
    """A run is that of its task, base and recipe, of the model's weights and of the corpus."""
    weights, corpora = _digests(TASKS[task].corpus)
    return {
        "task": TASKS[task],
        "base": BASES[base],
        "LoRA": [recipes.RANK, recipes.ALPHA],
        "recipe": recipes.RECIPE,
        "weights": weights,
        "data": corpora,
    }


@cache
def _digests(corpus: str) -> tuple[dict[str, str], dict[str, str]]:
    return models.weights_digest(MODEL), data_digests(corpus)


EXPERIMENT = Experiment(
    "four-bits", plan, run, depends, about="LoRA on quantised bases, two tasks; half an hour with 2 workers"
)
