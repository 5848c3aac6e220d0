"""The bases of section 8.2.5, the tasks, and the recipe that all share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from pyft.maths.four_bits import BLOCK, freeze_in_four_bits, normal_levels, uniform_levels
from pyft.models import efficient
from pyft.profiles import Recipe

MODEL = "bert-continued"  # MiniLM with a head for hidden words, so that what is lost can be measured before training
RANK, ALPHA = 8, 16
SEEDS = 5
WHOLE = "32 bits"
RECIPE = Recipe(epochs=4, batch_size=16, lr=1.5e-3, evaluations=0, max_length=64)  # fixed beforehand


@dataclass(frozen=True)
class Base:
    """How the frozen matrices are kept: levels of so many bits, and how many numbers share a scale."""

    levels: str  # "normal" or "uniform"
    bits: int
    block: int = BLOCK

    def table(self) -> Tensor:
        """The levels themselves: (2^bits)."""
        return {"normal": normal_levels, "uniform": uniform_levels}[self.levels](self.bits)


BASES: Mapping[str, Base | None] = {
    WHOLE: None,
    "NF4": Base("normal", 4),
    "uniform, 4 bits": Base("uniform", 4),
    "normal, 3 bits": Base("normal", 3),
    "normal, 2 bits": Base("normal", 2),
}


@dataclass(frozen=True)
class Task:
    """What is learnt from and tested on: a corpus, and how many rows."""

    corpus: str
    rows: int = 400
    test: int = 1000


TASKS: Mapping[str, Task] = {"film reviews": Task("movie-reviews"), "sources of texts": Task("text-source")}


def with_base(model: Any, name: str) -> Any:
    """The model with LoRA beside queries and values, and its frozen matrices kept as that base keeps them; in place."""
    efficient.lora(model, RANK, ALPHA)
    quantise_encoder(model, name)
    return model


def quantise_encoder(model: Any, name: str) -> None:
    """Keep the frozen matrices of the model's encoder as that base keeps them, in place."""
    base = BASES[name]
    if base is not None:
        freeze_in_four_bits(model.base_model.encoder, base.table(), base.block)
