"""The tasks, methods and recipe of section 8.2.1, and the rates that each method may try."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyft.profiles import Recipe

MODEL = "minilm"  # trained to give sentences of like meaning like vectors
MASKED = "bert-continued"  # MiniLM with a head for masked words, trained on without labels
SIZES = (8, 16, 32, 64)  # labelled texts a class
DRAWS = 10
TRIAL_SIZE, TRIAL_DRAWS = 16, (10, 11)  # on which rates are tried: draws that are not among the ten
MAX_LENGTH = 48
EPOCHS = {8: 12, 16: 8, 32: 5, 64: 3}  # fewer passes over more texts
RECIPE = Recipe(epochs=0, batch_size=16, lr=0.0, evaluations=0, max_length=MAX_LENGTH)  # both are filled in


@dataclass(frozen=True)
class Task:
    """A corpus, how many texts of each class are asked, and the class's name and word."""

    corpus: str
    watched: int  # validation texts a class
    asked: int  # test texts a class
    names: tuple[str, ...]  # of the classes, for the label names
    pattern: str  # stands before the text
    words: tuple[str, ...]  # what may stand at the mask, one a class


TASKS = {
    "product reviews": Task(
        "product-reviews",
        100,
        148,
        ("a negative review, bad product", "a positive review, good product"),
        "it was [MASK]. ",
        ("bad", "good"),
    ),
    "sources of texts": Task(
        "text-source",
        50,
        75,
        ("a film review", "a product review", "a newspaper editorial", "a tweet"),
        "[MASK]: ",
        ("film", "product", "politics", "twitter"),
    ),
}
OTHER = {"product reviews": "sources of texts", "sources of texts": "product reviews"}  # where a task's rates are from

NO_LABELS = ("label names", "pattern, no labels")
FROZEN = ("TF-IDF", "nearest centroid", "head alone", "head alone, continued")
RATES: Mapping[str, tuple[float, float, float]] = {
    "full": (5e-5, 1.5e-4, 4.5e-4),
    "LoRA": (1e-3, 3e-3, 1e-2),
    "contrastive": (3e-5, 1e-4, 3e-4),
    "pattern": (5e-5, 1.5e-4, 4.5e-4),
}
METHODS = (*FROZEN, *RATES)
RIVALS = {  # what each is held against: the head alone on the same encoder
    "label names": "head alone",
    "pattern, no labels": "head alone, continued",
    "TF-IDF": "head alone",
    "nearest centroid": "head alone",
    "full": "head alone",
    "LoRA": "head alone",
    "contrastive": "head alone",
    "pattern": "head alone, continued",
}
