"""Names in sentences, with and without swapped names in training; published sets, scored: `pyft bench fairness`.

Runs of one seed begin with the same texts and the same head, so that arms are paired. A linear model is the baseline.
"""

import time
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from datasets import Dataset, Features, Value
from numpy.typing import NDArray

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch8_3_3_fairness import naming, recipes, sets
from pyft.course.ch8_3_3_fairness.recipes import (
    ARMS,
    COPIED,
    GROUPS,
    LINEAR,
    NETWORKS,
    PLAIN,
    SEEDS,
    SENTENCES,
)
from pyft.data.artefacts import ARTEFACTS
from pyft.data.splits import subset
from pyft.evaluation.baselines import fit_linear
from pyft.evaluation.stats import pack_bits, unpack_bits
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict

Floats = NDArray[np.float64]
TRAINED, SCORED = "names", "sets"

# What is compared: each group with the others, words of fewer pieces with those of more, and swapped names with both
# controls. Lengths were declared after their shares had been read.
GAPS = Family("each group against the others", tuple((part, group) for part in GROUPS for group in GROUPS[part]))
LENGTHS = Family("stereotypes of fewer pieces against those of more", tuple(NETWORKS))
MITIGATION = Family(
    "swapped names", tuple((what, against) for what in ("names", "accuracy") for against in (COPIED, PLAIN))
)


def run(what: str, name: str, seed: int) -> dict[str, Any]:
    """Train one arm and put names into sentences, or score the published sets with one network."""
    begun = time.process_time()
    found = trained(name, seed) if what == TRAINED else scored(name, seed)
    return {"what": what, "name": name, "seed": seed} | found | {"seconds": round(time.process_time() - begun, 1)}


# --- names ------------------------------------------------------------------------------------------------------------


@cache
def corpus() -> Any:
    """The splits of the reviews, loaded once."""
    return data.load(recipes.CORPUS)


def trained(arm: str, seed: int) -> dict[str, Any]:
    """Which reviews are classified rightly, and what each name does to the scores of our sentences."""
    splits = corpus()
    drawn = subset(splits["train"], recipes.ROWS, seed)
    texts, labels = naming.with_copies(drawn["text"][:], drawn["label"][:], arm, seed)
    score = linear(texts, labels) if arm == LINEAR else tuned(texts, labels, seed)
    reviews = score(splits["test"]["text"][:])  # (N,)
    hit = (reviews > 0) == np.array(splits["test"]["label"][:], dtype=bool)
    found = {"rows": len(texts), "accuracy": round(float(hit.mean()), 6), "answers": pack_bits(hit), "tested": len(hit)}
    return found | {part: of_names(score, part, float(reviews.std())) for part in GROUPS}


def tuned(texts: list[str], labels: list[int], seed: int) -> Any:
    """A fine-tuned model as a function from texts to scores, the log-odds of praise: (N,)."""
    set_seed(seed)
    model, tokenizer = models.load(recipes.MODEL, "sequence-classification")
    kinds = Features({"text": Value("string"), "label": corpus()["train"].features["label"]})
    train = Dataset.from_dict({"text": texts, "label": labels}, features=kinds)
    fine_tune(model, tokenizer, train, train, recipes.RECIPE, seed)  # nothing is measured on the way

    def score(some: Sequence[str]) -> Floats:
        z = predict(model, tokenizer, list(some), recipes.RECIPE.max_length)  # (N, 2)
        return np.asarray((z[:, 1] - z[:, 0]).numpy(), dtype=np.float64)

    return score


def linear(texts: list[str], labels: list[int]) -> Any:
    """A linear model of words and signs as a function from texts to scores: (N,)."""
    return fit_linear({"text": texts, "label": labels}, corpus()["validation"]).decision_function


def of_names(score: Any, part: str, spread: float) -> dict[str, Any]:
    """What names of one part do, in standard deviations of the scores of reviews.

    `score` of each name is the mean over our sentences, `moved` how far it is from the mean of all names, sentence by
    sentence; `flipped` is how often the answer is not that of most names in the same sentence.
    """
    names, _ = naming.tested(part)
    texts = [sentence.format(name=name) for name in names for sentence in SENTENCES]
    z = score(texts).reshape(len(names), len(SENTENCES)) / spread  # (N, sentences)
    most = (z > 0).mean(0) > 0.5  # (sentences)
    return {
        "score": np.round(z.mean(1), 4).tolist(),
        "moved": np.round(np.abs(z - z.mean(0)).mean(1), 4).tolist(),
        "flipped": round(float(((z > 0) != most).mean()), 6),
    }


def hits(run: Run) -> NDArray[np.bool_]:
    """Which reviews a stored run classified rightly: (N,)."""
    return unpack_bits(run["answers"], run["tested"])


# --- published sets ---------------------------------------------------------------------------------------------------


def scored(name: str, seed: int) -> dict[str, Any]:
    """What StereoSet and CrowS-Pairs say of a network, pair by pair; and of names that differ in frequency alone."""
    model, tokenizer = sets.network(name, seed)
    of_kinds = sets.score_stereoset(model, tokenizer)
    stereotype, opposite, unrelated = (of_kinds[kind] for kind in sets.KINDS)
    first = sets.score_pairs(model, tokenizer, sets.crows_pairs()) > 0
    frequency = {
        f"{how}, {which}": [round(float(x), 6) for x in differences]
        for which, split in (("one piece", False), ("pieces", True))
        for how, differences in sets.score_names(model, tokenizer, split).items()
    }
    return {
        "stereotype": pack_bits(stereotype > opposite),
        "language": round(float(np.mean([stereotype > unrelated, opposite > unrelated])), 6),
        "sentences": len(stereotype),
        "first": pack_bits(first),
        "pairs": len(first),
        "frequency": frequency,
    }


# --- the plan ---------------------------------------------------------------------------------------------------------


def plan(_: Sequence[Run] = ()) -> list[tuple[str, str, int]]:
    """Every run, `(what, name, seed)`."""
    of_sets = [(SCORED, name, seed) for name, seeds in NETWORKS.items() for seed in seeds]
    return of_sets + [(TRAINED, arm, seed) for seed in range(SEEDS) for arm in ARMS]


def depends(what: str, name: str, seed: int) -> dict[str, Any]:
    """A run is that of its names and sentences, sizes and recipe, of the model's weights and of the texts."""
    names = {"names": dict(ARTEFACTS["person-names"].members), "groups": GROUPS}
    if what == SCORED:
        return names | {
            "weights": models.weights_digest(recipes.WORDS),
            "data": data_digests("stereoset", "crows-pairs"),
            "sentences": recipes.NEUTRAL,
            "pairs": recipes.PAIRS,
        }
    fine_tuned = {"recipe": recipes.RECIPE, "weights": models.weights_digest(recipes.MODEL)} if name != LINEAR else {}
    return (
        names
        | fine_tuned
        | {
            "data": data_digests(recipes.CORPUS),
            "rows": recipes.ROWS,
            "sentences": SENTENCES,
            "tested": recipes.NAMES,
        }
    )


EXPERIMENT = Experiment(
    "fairness", plan, run, depends, about="names in sentences, two published sets; 25 minutes with 2 workers"
)
