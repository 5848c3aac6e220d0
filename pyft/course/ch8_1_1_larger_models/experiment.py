"""One Transformer in nine widths, on four amounts of text: `pyft bench scale`.

A run reads its text once, with a schedule that ends where the text does: a longer run that is stopped early has not
yet lowered its rate, and looks worse than one that was meant to be short (Hoffmann et al. 2022, section 3.1).
"""

import math
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch8_1_1_larger_models import recipes
from pyft.course.part1 import letters
from pyft.course.part1.networks import Training, Transformer, bits, operations, train

Floats = NDArray[np.float64]
FORECASTS = (  # what is forecast is always the largest model with the most text; declared before any run is read
    ("a straight line", "without the largest size"),
    ("a straight line", "without the two largest"),
    ("a floor", "without the largest size"),
    ("a floor", "without the two largest"),
    ("size and text", "without the largest size"),
    ("size and text", "without the longest runs"),
)


def rows(texts: Sequence[str], T: int) -> list[str]:
    """The texts one behind the other, a space between two, cut into rows of T signs; what is left over is dropped."""
    line = " ".join(texts)
    return [line[i : i + T] for i in range(0, len(line) - T + 1, T)]


def codes(row: str) -> list[int]:
    """The codes of a row's signs; a row has no end, as the text goes on."""
    return letters.encode(row)[:-1]


@cache
def text() -> dict[str, list[str]]:
    """The rows of each split of the film reviews."""
    return {split: rows(texts, recipes.LENGTH) for split, texts in letters.reviews().items()}


def network(d: int) -> Transformer:
    """A Transformer of this width, drawn from torch's generator."""
    return Transformer(letters.V, d, recipes.HEADS, recipes.LAYERS, recipes.LENGTH, dropout=0.0)


def learn(d: int, signs: int, seed: int, lr: float) -> tuple[Transformer, int]:
    """Train a network of width d on so many signs, in an order of the seed's; how many it read."""
    torch.manual_seed(seed)
    net = network(d)
    budget = signs * operations(net, recipes.LENGTH)
    how = Training(lr, recipes.BATCH_SIZE)
    read = train(net, text()["train"], budget, how, seed, codes)
    return net, read


def nats(net: Transformer, some: Sequence[str]) -> Floats:
    """Nats a sign in each row: (N,)."""
    return np.array(bits(net, some, codes)) * math.log(2) / recipes.LENGTH


def run(d: int, signs: int, seed: int, lr: float) -> dict[str, Any]:
    """Train one model: its loss in nats a sign on validation texts and, no trial, on each block of the test text."""
    begun, trial = time.process_time(), seed == recipes.TRIAL_SEED
    net, read = learn(d, signs, seed, lr)
    return {
        "d": d,
        "signs": signs,
        "seed": seed,
        "lr": lr,
        "trial": trial,
        "read": read,
        "readings": round(read / (recipes.LENGTH * len(text()["train"])), 3),
        "validation": round(float(nats(net, text()["validation"]).mean()), 5),
        "nats": [] if trial else [round(float(x), 5) for x in in_blocks(nats(net, text()["test"]))],
        "seconds": round(time.process_time() - begun, 1),
    }


def in_blocks(some: Floats) -> Floats:
    """The means of equally many rows that stand next to each other, (BLOCKS,); what is left over is dropped."""
    each = len(some) // recipes.BLOCKS
    return np.asarray(some[: each * recipes.BLOCKS].reshape(recipes.BLOCKS, each).mean(1))


# --- the plan ---------------------------------------------------------------------------------------------------------


def plan(done: Sequence[Run] = ()) -> list[tuple[int, int, int, float]]:
    """Every run, `(d, signs, seed, lr)`: trials of each width's rates, then all seeds with the best rate."""
    trials = [(d, recipes.TUNED_ON, recipes.TRIAL_SEED, lr) for d in recipes.WIDTHS for lr in recipes.RATES]
    rates = chosen(done)
    return trials + [
        (d, signs, seed, rates[d])
        for seed in range(recipes.SEEDS)
        for d in recipes.WIDTHS
        if d in rates
        for signs in recipes.SIGNS
    ]


def chosen(done: Sequence[Run]) -> Mapping[int, float]:
    """The rate with the lowest loss on validation texts, for each width whose trials are all there."""
    tried = {(r["d"], r["lr"]): r["validation"] for r in done if r["trial"]}

    def best(d: int) -> float:
        return min(recipes.RATES, key=lambda lr: tried[d, lr])

    return {d: best(d) for d in recipes.WIDTHS if all((d, lr) in tried for lr in recipes.RATES)}


def depends(d: int, signs: int, seed: int, lr: float) -> dict[str, Any]:
    """A run is that of its text and of the sizes that all models share."""
    return {
        "shape": [recipes.LAYERS, recipes.HEADS, recipes.LENGTH],
        "training": Training(lr, recipes.BATCH_SIZE),
        "blocks": recipes.BLOCKS,
        "data": data_digests("movie-reviews"),
    }


EXPERIMENT = Experiment(
    "scale", plan, run, depends, threads=1, about="nine sizes, four amounts of text; 20 to 25 minutes with 2 workers"
)
