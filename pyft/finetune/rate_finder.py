"""Look for a learning rate: raise it step by step and watch the loss (Smith 2017, section 3.3)."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft.errors import PyftError
from pyft.finetune.loop import fine_tune, task_loss
from pyft.profiles import Recipe


class Search(NamedTuple):
    """Rates, one a step, by a constant factor; the smoothed losses; where these fall fastest, before the lowest."""

    rates: list[float]
    losses: list[float]
    steepest: float


def find_rate(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    train: Any,
    seed: int = 0,
    highest: float = 1e-1,
    steps: int = 60,
) -> Search:
    """Raise the rate from a ten-thousandth of `highest` and watch the loss (Smith 2017, section 3.3).

    The model is trained on the way and is of no use afterwards. Stops where the loss is not finite.
    """
    size = 16
    texts = train.select([i % len(train) for i in range(size * steps)])
    recipe = Recipe(epochs=1, batch_size=size, lr=highest, evaluations=0, schedule="exponential", warmup=0.0)
    found: list[float] = []

    def watched(model: PreTrainedModel, x: dict[str, Tensor]) -> Tensor:
        loss = task_loss(model, x)
        found.append(loss.item())
        return loss

    try:
        fine_tune(model, tokenizer, texts, texts.select(range(1)), recipe, seed, objective=watched)
    except PyftError:
        if not found or math.isfinite(found[-1]):
            raise
        found.pop()
    rates = [highest * 10.0 ** (4 * ((t + 1) / (steps + 1) - 1)) for t in range(len(found))]
    smooth = running_mean(found)
    slopes = np.gradient(smooth, np.log(rates))[: int(np.argmin(smooth)) + 1]  # beyond the lowest loss it only recovers
    return Search(rates, smooth, rates[int(np.argmin(slopes))])


def running_mean(losses: Sequence[float], beta: float = 0.8) -> list[float]:
    """Exponential running mean with bias correction, as in Adam."""
    mean, made = 0.0, []
    for t, loss in enumerate(losses, start=1):
        mean = beta * mean + (1 - beta) * loss
        made.append(mean / (1 - beta**t))
    return made
