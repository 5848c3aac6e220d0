"""The learning rate of each step, by the name of its schedule."""

from typing import Protocol

from torch.optim import Optimizer

from pyft.errors import unknown
from pyft.maths.schedules import constant, cosine, inverse_sqrt, linear


def exponential(step: int, total: int, warmup: int) -> float:
    """From a ten-thousandth up to 1 at `total` by a constant factor, without warm-up: for the learning-rate finder."""
    return float(10.0 ** (4 * (step / total - 1)))


SCHEDULES = {schedule.__name__: schedule for schedule in (constant, linear, cosine, inverse_sqrt, exponential)}


class Scheduled(Protocol):
    """What a learning-rate schedule is read from: a recipe, or a plan of pretraining."""

    @property
    def schedule(self) -> str:
        """A name of `SCHEDULES`."""

    @property
    def warmup(self) -> float:
        """As a share of all steps."""


def lr_factor(recipe: Scheduled, t: int, total: int, begin: int = 0) -> float:
    """The factor on the learning rate at step t, from 0, of weights that begin to learn at step `begin`.

    Raises:
        PyftError: a schedule that does not exist.
    """
    if recipe.schedule not in SCHEDULES:
        raise unknown("schedule", recipe.schedule, list(SCHEDULES))
    if t < begin:
        return 0.0
    # From one: at 0 the rate is 0, and the step would be wasted.
    return SCHEDULES[recipe.schedule](t + 1 - begin, total + 1 - begin, round(recipe.warmup * total))


def set_lr(optimizer: Optimizer, recipe: Scheduled, t: int, total: int) -> None:
    """Give every parameter group its rate for step t: its `peak` times the factor; it learns from its `begin` on."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * lr_factor(recipe, t, total, group.get("begin", 0))
