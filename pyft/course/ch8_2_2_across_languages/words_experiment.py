"""MiniLM with Chinese characters, the cheap way to a second language: `pyft bench new-words`.

A run learns the characters' vectors from Chinese texts without labels, fine-tunes the English model on English reviews
with its words frozen, and then reads Chinese with the new vectors (Artetxe et al. 2020, where the transfer is called
MonoTrans).
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import torch

from pyft import models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch8_2_2_across_languages.languages import plain, texts_of
from pyft.course.ch8_2_2_across_languages.new_words import (
    characters,
    learn,
    speaks,
    start_at_random,
    start_from,
    with_characters,
)
from pyft.course.ch8_2_2_across_languages.recipes import (
    ASKED,
    BASE,
    BASE_RECIPE,
    CHINESE,
    ENGLISH,
    ENGLISH_ROWS,
    EPOCHS,
    MIN_COUNT,
    MODEL,
    RIDGE,
    STARTS,
    STEPS,
    WORDS,
    WORDS_SEEDS,
    WORDS_SIZES,
)
from pyft.evaluation.stats import pack_bits
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict

# What is compared on Chinese test texts without a Chinese label, declared before any run is read: each start, with and
# without learning, with guessing; the two starts with each other; both with the real multilingual
# encoder.
NEW_WORDS = Family(
    "new words",
    tuple(
        [(start, steps, "guessing") for start in STARTS for steps in STEPS]
        + [(STARTS[1], steps, STARTS[0]) for steps in STEPS]
        + [(start, STEPS[-1], "multilingual") for start in STARTS]
    ),
)


def run(start: str, steps: int, seed: int) -> dict[str, Any]:
    """Which Chinese test texts are right without Chinese labels and after some; how well hidden characters are guessed.

    `losses` are the means of the first and of the last tenth of the steps, in nats a character.
    """
    set_seed(seed)
    unlabelled = texts_of(CHINESE, "train")
    some = characters(unlabelled, MIN_COUNT)
    masked, tokenizer = models.load(BASE, "pretraining")
    reader, ids = with_characters(tokenizer, some)
    known = masked.get_input_embeddings().weight.detach()
    if start == STARTS[0]:
        new = start_at_random(known, len(ids), seed)
    else:
        new = start_from(*models.load(MODEL, "sequence-classification"), tokenizer, known, some, RIDGE)
    losses: list[float] = []
    if steps:
        new, losses = learn(masked, reader, ids, new, unlabelled, WORDS, steps, seed)
    model, _ = models.load(BASE, "sequence-classification")
    model.get_input_embeddings().requires_grad_(False)
    english = plain(ENGLISH, "train", ENGLISH_ROWS, seed)
    fine_tune(model, tokenizer, english, english, BASE_RECIPE, seed)
    of_english = hits(model, tokenizer, plain(ENGLISH, "test", ASKED, 0))
    chinese = speaks(model, ids, new)
    asked = plain(CHINESE, "test", ASKED, 0)
    right = {"English alone": hits(chinese, reader, asked)}
    for n in WORDS_SIZES:
        rows, learner = plain(CHINESE, "train", n // 2, seed), speaks(model, ids, new)
        learner.requires_grad_(True)
        fine_tune(learner, reader, rows, rows, replace(BASE_RECIPE, epochs=EPOCHS[n]), seed)
        right[f"both, {n}"] = hits(learner, reader, asked)
    tenth = max(1, len(losses) // 10)
    return {
        "start": start,
        "steps": steps,
        "seed": seed,
        "texts": 2 * ASKED,
        "characters": len(ids),
        "losses": [round(float(np.mean(part)), 4) for part in (losses[:tenth], losses[-tenth:])] if losses else [],
        "English": round(float(of_english.mean()), 6),
        "right": {name: pack_bits(x) for name, x in right.items()},
    }


def hits(model: Any, tokenizer: Any, rows: Any) -> Any:
    """Which texts are classified rightly: (N)."""
    with torch.inference_mode():
        found = predict(model, tokenizer, rows["text"][:], BASE_RECIPE.max_length).argmax(-1).numpy()
    return found == np.array(rows["label"])


def plan(_: Sequence[Run] = ()) -> list[tuple[str, int, int]]:
    """Every run, `(start, steps, seed)`."""
    return [(start, steps, s) for start in STARTS for steps in STEPS for s in range(WORDS_SEEDS)]


def depends(start: str, steps: int, seed: int) -> dict[str, Any]:
    """A run is that of its recipes and sizes, and of the digests of weights and texts."""
    sizes = [ENGLISH_ROWS, ASKED, MIN_COUNT, RIDGE, list(WORDS_SIZES), [EPOCHS[n] for n in WORDS_SIZES]]
    return {"recipe": BASE_RECIPE, "words": WORDS, "sizes": sizes} | _digests()


@cache
def _digests() -> dict[str, Any]:
    weights = {name: models.weights_digest(name) for name in (BASE, MODEL)}
    return {"weights": weights, "data": data_digests(ENGLISH, CHINESE)}


EXPERIMENT = Experiment(
    "new-words", plan, run, depends, about="MiniLM with Chinese characters; half an hour with 2 workers"
)
