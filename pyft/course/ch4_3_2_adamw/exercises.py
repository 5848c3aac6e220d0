"""The exercises of section 4.3.2: solutions by hand, and the mistakes that people make, each with its hint."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from pyft.course.part4.optimiser_states import FRESH, Step, state
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def adamw_step(
    theta: Tensor,
    g: Tensor,
    m: Tensor,
    v: Tensor,
    t: int,
    lr: float,
    beta_1: float,
    beta_2: float,
    eps: float,
    weight_decay: float,
) -> Step:
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    update = m_hat / (torch.sqrt(v_hat) + eps)
    return theta - lr * update - lr * weight_decay * theta, m, v


def _decayed(last: Callable[[Tensor, Tensor, Tensor, float, float], Tensor]) -> Callable[..., Step]:
    """AdamW with another last line: `last(theta, m_hat, root, lr, weight_decay)`, root of v_hat and epsilon."""

    def step(*args: Any) -> Step:
        theta, g, m, v, t, lr, beta_1, beta_2, eps, weight_decay = args
        m, v = beta_1 * m + (1 - beta_1) * g, beta_2 * v + (1 - beta_2) * g**2
        m_hat, root = m / (1 - beta_1**t), torch.sqrt(v / (1 - beta_2**t)) + eps
        return last(theta, m_hat, root, lr, weight_decay), m, v

    return step


EXERCISES["4.3.2-a"] = Exercise(
    solution=adamw_step,
    cases=[(*FRESH, 1, 0.1, 0.9, 0.999, 0.01, 0.2), (*state(4), 3, 0.2, 0.8, 0.9, 0.1, 0.5)],
    mistakes=[
        (
            lambda theta, g, m, v, t, lr, b_1, b_2, eps, decay: adamw_step(
                theta, g + decay * theta, m, v, t, lr, b_1, b_2, eps, 0.0
            ),
            "This is Adam with an L2 penalty: the decay goes through the means and is scaled with the gradient. "
            "AdamW keeps it out of both.",
        ),
        (
            _decayed(lambda theta, m_hat, root, lr, weight_decay: theta - lr * (m_hat + weight_decay * theta) / root),
            "This is the common misprint: its decay is divided by the root as well. "
            "In AdamW every weight decays at the same rate.",
        ),
        (
            _decayed(lambda theta, m_hat, root, lr, weight_decay: theta - lr * m_hat / root - weight_decay * theta),
            "Your decay does not follow the learning rate. The paper scales it with the schedule, torch with lr: "
            "take lr times weight_decay.",
        ),
        (
            _decayed(
                lambda theta, m_hat, root, lr, weight_decay: (theta - lr * m_hat / root) * (1 - lr * weight_decay)
            ),
            "You decay what Adam's step has given. The decay is that of theta before the step.",
        ),
        (
            _decayed(lambda theta, m_hat, root, lr, weight_decay: theta - lr * m_hat / root),
            "This is Adam: the weights do not decay.",
        ),
        (
            _decayed(
                lambda theta, m_hat, root, lr, weight_decay: theta - lr * m_hat / root + lr * weight_decay * theta
            ),
            "Your weights grow. Subtract the decay.",
        ),
    ],
)


def warmup_linear(step: int, warmup: int, total: int) -> float:
    if step < warmup:
        return step / warmup
    return max(0.0, (total - step) / (total - warmup))


EXERCISES["4.3.2-b"] = Exercise(
    solution=warmup_linear,
    cases=[(step, 10, 100) for step in (0, 1, 9, 10, 11, 55, 99, 100, 120)] + [(0, 0, 20), (5, 0, 20)],
    mistakes=[
        (
            lambda step, warmup, total: (
                (step + 1) / warmup if step < warmup else max(0.0, (total - step) / (total - warmup))
            ),
            "Your warm-up is one step ahead: at step 0 the factor is 0, and it is 1 at step warmup, not before.",
        ),
        (
            lambda step, warmup, total: step / warmup if step < warmup else max(0.0, (total - step) / total),
            "After the warm-up the factor jumps down, as in BERT's TensorFlow code: "
            "the fall has total - warmup steps, so divide by that.",
        ),
        (
            lambda step, warmup, total: step / warmup if step < warmup else max(0.0, 1 - (step - warmup) / total),
            "Your factor never reaches zero: the fall has total - warmup steps, not total.",
        ),
        (
            lambda step, warmup, total: max(0.0, (total - step) / total),
            "The warm-up is missing: the factor must rise from 0 to 1 first.",
        ),
        (
            lambda step, warmup, total: step / warmup if step < warmup else (total - step) / (total - warmup),
            "After the last step your factor is negative, and training would climb. Stop at zero.",
        ),
    ],
)
