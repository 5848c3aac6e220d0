"""The exercises of section 4.3.1: solutions by hand, and the mistakes that people make, each with its hint."""

from collections.abc import Callable

import torch
from torch import Tensor

from pyft.course.exercise_tools import normal
from pyft.course.part4.optimiser_states import FRESH, Step, state
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def adam_step(
    theta: Tensor, g: Tensor, m: Tensor, v: Tensor, t: int, lr: float, beta_1: float, beta_2: float, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    theta = theta - lr * m_hat / (torch.sqrt(v_hat) + eps)
    return theta, m, v


def _adam_like(
    update: Callable[[Tensor, Tensor, float], Tensor], square: bool = True, since: int = 0, corrected: bool = True
) -> Callable[..., Step]:
    """Adam with another last line, `update(m_hat, v_hat, eps)`, or another mean of squares, or another count."""

    def step(
        theta: Tensor, g: Tensor, m: Tensor, v: Tensor, t: int, lr: float, beta_1: float, beta_2: float, eps: float
    ) -> Step:
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * (g**2 if square else g.abs())
        c_1, c_2 = (1 - beta_1 ** (t + since), 1 - beta_2 ** (t + since)) if corrected else (1, 1)
        return theta - lr * update(m / c_1, v / c_2, eps), m, v

    return step


def _quotient(m: Tensor, v: Tensor, eps: float) -> Tensor:
    return m / (torch.sqrt(v) + eps)


EXERCISES["4.3.1-a"] = Exercise(
    solution=adam_step,
    cases=[(*FRESH, 1, 0.1, 0.9, 0.999, 0.01), (*state(0), 3, 0.01, 0.8, 0.9, 0.1)],
    mistakes=[
        (
            _adam_like(_quotient, corrected=False),
            "The bias correction is missing, as in BERT's TensorFlow code: m and v start from zero, "
            "and their first values are too small.",
        ),
        (
            _adam_like(_quotient, since=-1),
            "t counts this step already: on the first one it is 1. With t - 1 the correction there divides by zero.",
        ),
        (
            _adam_like(_quotient, since=1),
            "t counts this step already: on the first one it is 1. Do not add another.",
        ),
        (
            _adam_like(lambda m, v, eps: m / torch.sqrt(v + eps)),
            "Your epsilon stands under the root. In Adam it is added to the root.",
        ),
        (
            _adam_like(lambda m, v, eps: m / (v + eps)),
            "The root is missing: v is a mean of squares, and the step must not depend on the gradient's scale.",
        ),
        (
            _adam_like(_quotient, square=False),
            "Your v averages the size of the gradient. It is a mean of squares, of which the step takes the root.",
        ),
        (
            lambda theta, g, m, v, t, lr, beta_1, beta_2, eps: adam_step(theta, g, m, v, t, -lr, beta_1, beta_2, eps),
            "You step up the slope. Subtract the update.",
        ),
    ],
)


def momentum_step(theta: Tensor, g: Tensor, b: Tensor, lr: float, momentum: float) -> tuple[Tensor, Tensor]:
    b = momentum * b + g
    return theta - lr * b, b


EXERCISES["4.3.1-b"] = Exercise(
    solution=momentum_step,
    cases=[
        (normal(3), normal(3, seed=1), torch.zeros(3).double(), 0.1, 0.9),
        (normal(2, 2, seed=2), normal(2, 2, seed=3), normal(2, 2, seed=4), 0.02, 0.5),
    ],
    mistakes=[
        (
            lambda theta, g, b, lr, momentum: (theta - lr * g, momentum * b + g),
            "You step along the gradient alone. Step along the sum.",
        ),
        (
            lambda theta, g, b, lr, momentum: (theta - lr * b, momentum * b + g),
            "You step along the sum as it was before this gradient came in. Update the sum first.",
        ),
        (
            lambda theta, g, b, lr, momentum: (
                theta - lr * (momentum * b + (1 - momentum) * g),
                momentum * b + (1 - momentum) * g,
            ),
            "This is a running mean, as in Adam. Torch's momentum is a fading sum: the new gradient counts in full.",
        ),
        (
            lambda theta, g, b, lr, momentum: (theta - lr * (b + g), b + g),
            "Your sum never fades: multiply what is left of it by the momentum first.",
        ),
        (
            lambda theta, g, b, lr, momentum: (theta + lr * (momentum * b + g), momentum * b + g),
            "You step up the slope. Subtract the update.",
        ),
    ],
)
