"""Images of digits and their names in words, learnt together: `pyft bench image-text`.

A run is one training. Without a digit held out it answers for three ways to phrase the names; with one held out it is
asked for that digit among all ten.
"""

import time
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from pyft import models
from pyft.benchmarks.experiment import Experiment, Run
from pyft.course.ch8_1_2_images_and_texts import recipes
from pyft.course.ch8_1_2_images_and_texts.digits import digest, digits
from pyft.course.ch8_1_2_images_and_texts.recipes import ARMS, PHRASINGS, SEEDS, TOWERS
from pyft.course.ch8_1_2_images_and_texts.towers import learn, learn_softmax
from pyft.evaluation.verdicts import Family

Digits = NDArray[np.int64]

# What is compared, declared before any run is read: an arm and a phrasing, with another.
NAMED = Family(
    "naming digits",
    (
        (("words", "seen"), ("linear", "")),
        (("words", "seen"), ("softmax", "")),
        (("MiniLM", "seen"), ("softmax", "")),
        (("random batches", "seen"), ("words", "seen")),
        (("MiniLM", "new frames"), ("words", "new frames")),
        (("MiniLM", "new frames"), ("MiniLM", "seen")),
        (("words", "new frames"), ("words", "seen")),
        (("MiniLM", "numerals"), ("words", "numerals")),
    ),
)
HELD_OUT = Family("a digit held out, against guessing", TOWERS)


def run(arm: str, held: int | None, seed: int) -> dict[str, Any]:
    """Train once: the digit that each test image is taken for, by phrasing."""
    begun = time.process_time()
    x, y = digits()["train"]
    pixels, _ = digits()["test"]
    if arm == "softmax":
        net = learn_softmax(x, y, seed, recipes.STEPS)
        with torch.inference_mode():
            named = {"": net(pixels).argmax(1)}
    else:
        both = learn(x, y, arm, seed, held, recipes.STEPS)
        asked = list(PHRASINGS) if held is None else ["seen"]
        named = {phrasing: both.cosines(pixels, phrasing).argmax(1) for phrasing in asked}
    return {
        "arm": arm,
        "held": held,
        "seed": seed,
        "answers": {name: "".join(map(str, found.tolist())) for name, found in named.items()},
        "seconds": round(time.process_time() - begun, 1),
    }


def answers(run: Run, phrasing: str) -> Digits:
    """The digit that a stored run takes each test image for: (N,)."""
    return np.array([int(k) for k in run["answers"][phrasing]])


@cache
def linear() -> tuple[Digits, float]:
    """Logistic regression on the pixels: its answers on the test images, (N,), and the strength that was chosen."""
    parts = {part: (x.numpy(), y.numpy()) for part, (x, y) in digits().items()}
    fitted = [LogisticRegression(C=C, max_iter=2000).fit(*parts["train"]) for C in recipes.STRENGTHS]
    best = fitted[int(np.argmax([model.score(*parts["validation"]) for model in fitted]))]
    return best.predict(parts["test"][0]), float(best.C)


def plan(_: Sequence[Run] = ()) -> list[tuple[str, int | None, int]]:
    """Every run, `(arm, digit held out, seed)`."""
    whole: list[tuple[str, int | None, int]] = [(arm, None, seed) for seed in range(SEEDS) for arm in ARMS]
    return whole + [(arm, held, seed) for seed in range(SEEDS) for arm in TOWERS for held in range(10)]


def depends(arm: str, held: int | None, seed: int) -> dict[str, Any]:
    """A run is that of the images, the captions and the sizes, and of MiniLM's weights where they read captions."""
    return {
        "images": digest(),
        "parts": [recipes.TRAIN, recipes.VALIDATION],
        "captions": [] if arm == "softmax" else PHRASINGS,
        "size": [recipes.HIDDEN, recipes.WIDTH],
        "training": [recipes.GROUPS, recipes.STEPS, recipes.LR],
        "weights": models.weights_digest("minilm") if arm == "MiniLM" else {},
    }


EXPERIMENT = Experiment(
    "image-text", plan, run, depends, threads=1, about="images of digits and their names; five minutes"
)
