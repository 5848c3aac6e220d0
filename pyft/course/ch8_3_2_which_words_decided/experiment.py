"""Explanations of a classifier's decisions by seven methods, and three tests of each: `pyft bench explanations`.

Each run fine-tunes a classifier by its seed and explains what it says of the same sentences, right or wrong.
"""

import time
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch8_3_2_which_words_decided import faithful, recipes, words
from pyft.course.ch8_3_2_which_words_decided.recipes import METHODS, RANDOM, SEEDS
from pyft.data.splits import subset
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict

MASK, FILLED = "[MASK]", "filled in"
FILLS = (MASK, FILLED)
RIVALS = tuple(name for name in METHODS if name != RANDOM)
# What is compared, declared before any run is read: every method with scores drawn at random, by the area between the
# curves of insertion and deletion, with both fills; and how much it keeps of its scores when all weights are random.
CURVES = Family("areas between the curves", tuple((name, fill) for name in RIVALS for fill in FILLS))
SANITY = Family("scores on random weights", RIVALS)


def run(seed: int) -> dict[str, Any]:
    """One classifier: the scores of every method, its curves with both fills, and what random weights leave of it."""
    begun = time.process_time()
    mlm, tokenizer = models.load(recipes.MODEL, "pretraining")
    model, accuracy = classifier(mlm, tokenizer, seed)
    g = torch.Generator().manual_seed(seed)
    fills = {MASK: words.masks(tokenizer), FILLED: words.fill_ins(mlm, tokenizer, g)}
    found: dict[str, Any] = {"seed": seed, "accuracy": accuracy, "labels": [], "scores": {}, "gaps": {}, "curves": {}}
    kept: dict[str, list[Any]] = {}
    for sentence in recipes.texts():
        text = words.read(tokenizer, sentence)
        label = predicted(model, text)
        found["labels"].append(label)
        for name, method in METHODS.items():
            scores = method(model, tokenizer, text, label, g)
            found["scores"].setdefault(name, []).append(_rounded(scores))
            for fill, put in fills.items():
                down, up = curves(words.value(model, text, label, put), scores, 1 if fill == MASK else recipes.DRAWS)
                gap = round(faithful.area(up) - faithful.area(down), 4)
                found["gaps"].setdefault(fill, {}).setdefault(name, []).append(gap)
                kept.setdefault(f"{fill}, deletion, {name}", []).append(down.numpy())
                kept.setdefault(f"{fill}, insertion, {name}", []).append(up.numpy())
    found["curves"] = {name: _rounded(np.mean(some, axis=0)) for name, some in kept.items()}
    found["sanity"] = {level: on_random_weights(model, tokenizer, level, found, g) for level in faithful.LEVELS}
    return found | {"seconds": round(time.process_time() - begun, 1)}


def classifier(mlm: Any, tokenizer: Any, seed: int) -> tuple[Any, float]:
    """A classifier of film reviews on the masked language model's body, and its accuracy on test texts."""
    splits = data.load(recipes.CORPUS)
    set_seed(seed)
    model = models.with_head(mlm.base_model, "sequence-classification", num_labels=2)
    train, test = subset(splits["train"], recipes.ROWS, seed), subset(splits["test"], recipes.TESTED, 0)
    fine_tune(model, tokenizer, train, train, recipes.RECIPE, seed)  # nothing is measured on the way
    guess = predict(model.eval(), tokenizer, test["text"], recipes.RECIPE.max_length).argmax(-1).numpy()
    return model.cpu(), round(float(np.mean(guess == np.array(test["label"]))), 6)


def predicted(model: Any, text: words.Text) -> int:
    """The label that the classifier gives a text."""
    with torch.no_grad():
        return int(model(**text.x).logits[0].argmax())


def curves(v: Any, scores: torch.Tensor, draws: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Deletion and insertion by these scores, means over draws of what is put in the place of hidden words."""
    both = [(faithful.deletion(v, scores), faithful.insertion(v, scores)) for _ in range(draws)]
    down, up = (torch.stack(some).mean(0) for some in zip(*both, strict=True))
    return down, up


def on_random_weights(
    model: Any, tokenizer: Any, level: str, found: dict[str, Any], g: torch.Generator
) -> dict[str, list[float]]:
    """How far each method's scores on partly random weights agree with those of the model, text by text."""
    drawn = faithful.randomised(model, level, found["seed"])
    agree: dict[str, list[float]] = {name: [] for name in METHODS}
    for i, sentence in enumerate(recipes.texts()[: recipes.SANE]):
        text, label = words.read(tokenizer, sentence), found["labels"][i]
        for name, method in METHODS.items():
            scores = method(drawn, tokenizer, text, label, g).numpy()
            agree[name].append(round(faithful.agreement(scores, found["scores"][name][i]), 4))
    return agree


def _rounded(x: Any) -> list[float]:
    return [round(float(value), 4) for value in x]


def plan(_: Sequence[Run] = ()) -> list[tuple[int]]:
    """Every run, `(seed,)`."""
    return [(seed,) for seed in range(SEEDS)]


def depends(seed: int) -> dict[str, Any]:
    """A run is that of its recipe and sizes, of the model's weights and of the corpus."""
    weights, corpora = _digests()
    return {
        "recipe": recipes.RECIPE,
        "rows": [recipes.ROWS, recipes.TESTED],
        "texts": ["half of each label", recipes.TEXTS, recipes.SHORTEST, recipes.LONGEST, recipes.SANE, recipes.DRAWS],
        "asked": [recipes.STEPS, recipes.SAMPLES, recipes.ORDERS],
        "methods": list(METHODS),
        "curves": [*faithful.SHARES, *faithful.LEVELS],
        "weights": weights,
        "data": corpora,
    }


@cache
def _digests() -> tuple[dict[str, str], dict[str, str]]:
    return models.weights_digest(recipes.MODEL), data_digests(recipes.CORPUS)


EXPERIMENT = Experiment(
    "explanations",
    plan,
    run,
    depends,
    about="seven explanations of a classifier's decisions, and three tests of each; twenty minutes with 2 workers",
)
