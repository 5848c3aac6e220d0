"""The methods of section 8.2.3 with the rates that each may try, the tasks, and the recipe that all share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pyft.maths.lora import DoRA
from pyft.maths.sizes import Size
from pyft.models import efficient
from pyft.profiles import Recipe

MODEL = "bert-continued"  # MiniLM with a head for masked words, so that what is forgotten can be measured
SIZE = Size()
SEEDS = 5
RECIPE = Recipe(epochs=4, batch_size=16, lr=0.0, evaluations=0, max_length=64)  # the rate is the method's


@dataclass(frozen=True)
class Task:
    """What is learnt from and tested on: a corpus, and how many rows of each split."""

    corpus: str
    rows: int
    watched: int = 300  # of the validation split
    test: int = 1000
    kind: str = "sequence-classification"


TASKS = {
    "film reviews": Task("movie-reviews", rows=400),
    "sources of texts": Task("text-source", rows=400),
    "names": Task("conll2003", rows=600, kind="token-classification"),
}


@dataclass(frozen=True)
class Method:
    """How a model is prepared, three rates to try, and where what is learnt lies."""

    prepare: Callable[[Any], Any]
    rates: tuple[float, float, float]
    where: str


def _low_rank(**options: Any) -> Callable[[Any], Any]:
    return lambda model: efficient.lora(model, SIZE.r, 2 * SIZE.r, **options)


OWN, MATRICES, LAYERS, TEXT = "its own numbers", "beside matrices", "between layers", "beside the text"
METHODS: Mapping[str, Method] = {
    "full": Method(lambda model: model, (3e-5, 1e-4, 3e-4), OWN),
    "head alone": Method(efficient.head_alone, (1e-3, 3e-3, 1e-2), OWN),
    "BitFit": Method(efficient.biases_alone, (1e-3, 3e-3, 1e-2), OWN),
    "LayerNorm": Method(efficient.layer_norms_alone, (1e-3, 3e-3, 1e-2), OWN),
    "LoRA": Method(_low_rank(), (5e-4, 1.5e-3, 5e-3), MATRICES),
    "LoRA, all matrices": Method(_low_rank(targets=efficient.ALL_MATRICES), (3e-4, 1e-3, 3e-3), MATRICES),
    "DoRA": Method(_low_rank(kind=DoRA), (5e-4, 1.5e-3, 5e-3), MATRICES),
    "Houlsby adapters": Method(lambda m: efficient.adapters(m, SIZE.bottleneck), (5e-4, 1.5e-3, 5e-3), LAYERS),
    "Pfeiffer adapters": Method(
        lambda m: efficient.adapters(m, SIZE.bottleneck, both=False), (5e-4, 1.5e-3, 5e-3), LAYERS
    ),
    "(IA)³": Method(efficient.ia3, (3e-3, 1e-2, 3e-2), MATRICES),
    "prefix": Method(lambda m: efficient.prefix_tuning(m, SIZE.vectors), (3e-3, 1e-2, 3e-2), TEXT),
    "prompt": Method(lambda m: efficient.prompt_tuning(m, SIZE.vectors), (3e-3, 1e-2, 3e-2), TEXT),
}
