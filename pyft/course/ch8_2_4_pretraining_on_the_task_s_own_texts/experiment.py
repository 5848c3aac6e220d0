"""Reading a task's own texts before its labels, against nothing and against other texts: `pyft bench adaptation`.

A run is one reading, and then every task with few labels and with many. All runs of a seed see the same labelled texts
in the same order and begin with the same head, so that they are paired by seed.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch8_2_4_pretraining_on_the_task_s_own_texts import recipes
from pyft.course.ch8_2_4_pretraining_on_the_task_s_own_texts.adaptation import (
    adapt,
    corpus_of,
    hidden_word_loss,
    unlabelled,
)
from pyft.course.ch8_2_4_pretraining_on_the_task_s_own_texts.recipes import AMOUNTS, ARMS, MODEL, NONE, SEEDS, TASKS
from pyft.data.splits import subset
from pyft.evaluation.stats import pack_bits, unpack_bits
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict

# What is compared, declared before any run is read: the task's own texts with nothing, and with the other task's.
AGAINST = (NONE, "other texts")
OWN_TEXTS = Family(
    "a task's own texts", tuple((task, amount, against) for task in TASKS for amount in AMOUNTS for against in AGAINST)
)


def run(arm: str, seed: int) -> dict[str, Any]:
    """Read the texts of a task or none; the loss on hidden words of both, then which test texts are sorted rightly."""
    set_seed(seed)
    model, tokenizer = models.load(MODEL, "pretraining")
    begun = time.process_time()
    if arm != NONE:
        adapt(model, tokenizer, unlabelled(arm, seed, recipes.TEXTS), recipes.TOKENS, seed)
    read = time.process_time() - begun
    losses = {task: round(hidden_word_loss(model, task, recipes.HELD_OUT), 6) for task in TASKS}
    right = {
        f"{task}, {amount}": fine_tuned(model, tokenizer, task, amount, seed) for task in TASKS for amount in AMOUNTS
    }
    return {
        "arm": arm,
        "seed": seed,
        "loss": losses,
        "accuracy": {name: round(float(hit.mean()), 6) for name, hit in right.items()},
        "answers": {name: pack_bits(hit) for name, hit in right.items()},
        "tested": {name: len(hit) for name, hit in right.items()},
        "seconds": {"read": round(read, 1), "all": round(time.process_time() - begun, 1)},
    }


def fine_tuned(model: Any, tokenizer: Any, task: str, amount: str, seed: int) -> NDArray[np.bool_]:
    """Fine-tune a copy of the model's body: which test texts it sorts rightly, (N,)."""
    splits, labels = corpus_of(task), TASKS[task].labels(amount)
    train = subset(splits["train"], labels.rows, seed)
    test = subset(splits["test"], recipes.TESTED, 0)
    set_seed(seed)
    K = len(data.label_names(train.features["label"]))
    classifier = models.with_head(model.base_model, "sequence-classification", num_labels=K)
    recipe = replace(recipes.RECIPE, epochs=labels.epochs)
    fine_tune(classifier, tokenizer, train, train, recipe, seed)  # nothing is measured on the way
    found = predict(classifier, tokenizer, test["text"], recipe.max_length).argmax(-1).numpy()
    return np.array(found == np.array(test["label"]))


def hits(run: Run, task: str, amount: str) -> NDArray[np.bool_]:
    """Which test texts a stored run sorted rightly: (N,)."""
    name = f"{task}, {amount}"
    return unpack_bits(run["answers"][name], run["tested"][name])


# --- the plan ---------------------------------------------------------------------------------------------------------


def plan(_: Sequence[Run] = ()) -> list[tuple[str, int]]:
    """Every run, `(arm, seed)`."""
    return [(arm, seed) for seed in range(SEEDS) for arm in ARMS]


def depends(arm: str, seed: int) -> dict[str, Any]:
    """A run is that of its tasks, recipe and sizes, of the model's weights and of both corpora."""
    weights, corpora = _digests()
    return {
        "tasks": TASKS,
        "recipe": recipes.RECIPE,
        "tested": recipes.TESTED,
        "reading": [recipes.TEXTS, recipes.TOKENS, recipes.LENGTH, recipes.ADAPTATION_RATE] if arm != NONE else [],
        "held out": [recipes.HELD_OUT, recipes.HELD_OUT_LENGTH],
        "weights": weights,
        "data": corpora,
    }


@cache
def _digests() -> tuple[dict[str, str], dict[str, str]]:
    return models.weights_digest(MODEL), data_digests(*(task.corpus for task in TASKS.values()))


EXPERIMENT = Experiment(
    "adaptation", plan, run, depends, about="a task's own texts before its labels; half an hour with 2 workers"
)
