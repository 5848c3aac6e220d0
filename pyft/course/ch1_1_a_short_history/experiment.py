"""Five ways to guess the next sign of one text: `pyft bench history`, kept in `book/results/bench/history.json`.

A seed draws the reviews that all of them learn from, and whatever else is drawn. The networks spend the same budget of
operations, and all are asked for the same signs of the same reviews.
"""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pyft import models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch1_1_a_short_history import recipes
from pyft.course.part1 import letters
from pyft.course.part1.counts import KneserNey
from pyft.course.part1.networks import Encode, FeedForward, Recurrent, Training, Transformer, bits, train
from pyft.course.part1.pieces import Pieces, decoder
from pyft.errors import unknown
from pyft.evaluation.verdicts import Family, Floats, Verdict, compare_influences

SEEDS = 3
TRIAL_SEED = 1000  # whose reviews no reported run learns from as they are
NETWORKS = ("feed-forward", "recurrent", "transformer", "from scratch", "pretrained")
MODELS = ("counts", *NETWORKS)

# Declared before any run is read: each step of the history against the one before, and what the pretraining adds.
STEPS = Family(
    "each against the one before it in time",
    (
        ("feed-forward", "counts"),
        ("recurrent", "feed-forward"),
        ("transformer", "recurrent"),
        ("pretrained", "transformer"),
        ("pretrained", "from scratch"),
        ("pretrained", "counts"),
    ),
)


def run(name: str, seed: int, lr: float) -> dict[str, Any]:
    """One model on the seed's reviews: the bits of every test review, and what they took.

    A trial of a learning rate spends a part of the budget, and sees no test review.
    """
    splits, trial = letters.reviews(), seed == TRIAL_SEED
    texts = letters.draw(splits["train"], recipes.TEXTS, seed)
    validation, test = splits["validation"], [] if trial else splits["test"][: recipes.TESTED]
    begun = time.monotonic()
    if name == "counts":
        found = count(texts, validation, test)
    else:
        budget = recipes.BUDGET * (recipes.TRIAL if trial else 1)
        found = learn(name, texts, validation, test, seed, lr, budget)
    return {
        "model": name,
        "seed": seed,
        "lr": lr,
        "trial": trial,
        "validation": round(sum(found.pop("validation")) / letters.size(validation), 4),  # bits a sign
        "bits": [round(x, 1) for x in found.pop("test")],  # of each review
        **found,
        "seconds": round(time.monotonic() - begun, 1),
    }


def count(texts: Sequence[str], validation: Sequence[str], test: Sequence[str]) -> dict[str, Any]:
    """Kneser-Ney counts of the order that gives the validation texts the fewest bits."""
    made = {n: KneserNey(texts, n, letters.LETTERS) for n in recipes.ORDERS}
    costs = {n: [model.bits(text) for text in validation] for n, model in made.items()}
    n = min(costs, key=lambda order: sum(costs[order]))
    of_test = [made[n].bits(text) for text in test]
    return {"validation": costs[n], "test": of_test, "n": n, "read": letters.size(texts)}


def learn(
    name: str,
    texts: Sequence[str],
    validation: Sequence[str],
    test: Sequence[str],
    seed: int,
    lr: float,
    budget: float,
) -> dict[str, Any]:
    """A network after the budget is spent."""
    torch.manual_seed(seed)
    net, encode = network(name, texts)
    read = train(net, texts, budget, Training(lr), seed, encode)
    once = sum(len(encode(text)) for text in texts)
    return {
        "validation": bits(net, validation, encode),
        "test": bits(net, test, encode),
        "read": read,
        "readings": round(read / once, 3),
        "parameters": sum(p.numel() for p in net.parameters()),
    }


def network(name: str, texts: Sequence[str]) -> tuple[nn.Module, Encode]:
    """A network as training begins, and how it reads a text. What is drawn is drawn from torch's generator.

    Raises:
        PyftError: an unknown name.
    """
    if name not in NETWORKS:
        raise unknown("network", name, list(NETWORKS))
    if name in ("pretrained", "from scratch"):
        pieces = Pieces(texts, models.tokenizer("bert"))
        return decoder(pieces, name == "pretrained", recipes.DROPOUT), pieces.encode
    kinds = {"feed-forward": FeedForward, "recurrent": Recurrent, "transformer": Transformer}
    return kinds[name](letters.V, **recipes.SIZES[name], dropout=recipes.DROPOUT), letters.encode


def saved(before: Floats, after: Floats, size: NDArray[np.int64]) -> Verdict:
    """The bits a sign by which `after` is cheaper than `before`, both (S, N) bits of N reviews of `size` signs (N)."""
    spared = before - after  # (S, N)
    a_sign = spared.sum(-1) / size.sum()  # (S)
    return compare_influences(a_sign, (spared - a_sign[:, None] * size) / size.sum())


def plan(done: Sequence[Run] = ()) -> list[tuple[str, int, float]]:
    """Every run, `(model, seed, learning rate)`: trials of each network's rates, then the seeds with the best rate."""
    tried = {(r["model"], r["lr"]): r["validation"] for r in done if r["trial"]}
    trials = [(name, TRIAL_SEED, lr) for name in NETWORKS for lr in recipes.RATES[name]]

    def best(name: str) -> float:
        return min(recipes.RATES[name], key=lambda lr: tried[name, lr])

    tuned = [name for name in NETWORKS if all((name, lr) in tried for lr in recipes.RATES[name])]
    rates = {"counts": 0.0} | {name: best(name) for name in tuned}
    return trials + [(name, seed, rates[name]) for seed in range(SEEDS) for name in MODELS if name in rates]


def depends(name: str, seed: int, lr: float) -> dict[str, Any]:
    """A run is that of the reviews, the budget, its model's size, and of the weights it begins with."""
    found: dict[str, Any] = {"texts": recipes.TEXTS, "tested": recipes.TESTED, "data": data_digests("movie-reviews")}
    if name == "counts":
        return found | {"orders": recipes.ORDERS}
    found |= {"budget": recipes.BUDGET, "training": Training(lr), "dropout": recipes.DROPOUT}
    found |= {"trial": recipes.TRIAL} if seed == TRIAL_SEED else {}
    if name in recipes.SIZES:
        return found | {"size": recipes.SIZES[name]}
    return found | {"weights": models.weights_digest("minilm")}


EXPERIMENT = Experiment(
    "history", plan, run, depends, threads=1, about="counts, three small networks and a pretrained one on one text"
)
