"""The texts, tasks, budgets and recipes of section 8.2.4."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyft.profiles import Recipe

MODEL = "bert-continued"  # it has a head for hidden words, and has read neither of the two sets of texts
SEEDS = 5

# --- before fine-tuning: hidden words ---------------------------------------------------------------------------------

TEXTS = 1500  # of a training split, drawn by the seed, without their labels
TOKENS = 90_000  # that are learnt from, special ones counted
LENGTH = 64  # tokens of a row
ADAPTATION_RATE = 1e-4
HELD_OUT, HELD_OUT_LENGTH = 128, 48  # texts of a test split, tokens of each, to measure the loss on hidden words


# --- fine-tuning ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Labels:
    """How many labelled texts there are, and how often each is seen."""

    rows: int
    epochs: int


@dataclass(frozen=True)
class Task:
    """A corpus of texts to sort, with few labels and with many."""

    corpus: str
    few: Labels
    many: Labels

    def labels(self, amount: str) -> Labels:
        """Those of "few" or "many"."""
        found: Labels = getattr(self, amount)
        return found


TASKS: Mapping[str, Task] = {
    "news": Task("reuters-r8", few=Labels(48, 8), many=Labels(300, 3)),
    "posts": Task("newsgroups", few=Labels(100, 8), many=Labels(500, 3)),
}
AMOUNTS = ("few", "many")
NONE = "none"
ARMS = (NONE, *TASKS)  # what is read before fine-tuning: nothing, or the texts of one of the tasks
TESTED = 400  # test texts
RECIPE = Recipe(epochs=0, batch_size=8, lr=2e-4, evaluations=0, max_length=32)  # the epochs are the task's


def other(task: str) -> str:
    """The other task, whose texts are the control."""
    return next(name for name in TASKS if name != task)
