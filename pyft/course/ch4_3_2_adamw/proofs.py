"""The proofs of section 4.3.2: ours against the library's, case by case."""

import copy
import math
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import torch
import transformers

from pyft.course.part4.optimiser_cases import (
    STEPS,
    Settings,
    against_library,
    bowl,
    start_values,
    take_step,
    trajectory,
    zero_gradient,
)
from pyft.evidence.proofs import Case
from pyft.mutation import Maths


def adamw(m: Maths) -> Iterator[Case]:
    """Default decay, none, strong; several rates, betas and epsilons."""
    cases: dict[str, Settings] = {
        "default": {"lr": 0.01},
        "no decay": {"lr": 0.01, "weight_decay": 0.0},
        "betas and epsilon": {"lr": 0.003, "betas": (0.8, 0.95), "eps": 1e-3},
        "strong decay": {"lr": 0.01, "weight_decay": 0.5},
    }
    yield from against_library(m.optim.AdamW, torch.optim.AdamW, cases)


def algorithm_2(m: Maths) -> Iterator[Case]:
    """AdamW against a plain loop over one number, written from Loshchilov & Hutter's algorithm 2.

    The paper subtracts the decay of the old parameter together with the step; torch decays first and then steps. They
    are one and the same, since the step does not look at the parameter again. Decay after the step would differ by
    lr^2 lambda m_hat / (sqrt(v_hat) + eps), which is lr^2 lambda in the first step.
    """
    ours = _numbers(m.optim.AdamW, lr=0.01, weight_decay=0.1)
    yield "algorithm 2", ours, _algorithm_2(0.01, 0.1), 1e-10
    after = {lr: abs(_decay_after(lr, 0.1)[0] - _algorithm_2(lr, 0.1)[0]) for lr in (1e-2, 1e-3)}
    for lr, difference in after.items():  # the first step is lr long, and decay after it takes lr * lambda of that
        yield f"decay after a first step of {lr:g}, over lr^2 lambda", difference / (lr**2 * 0.1), 1.0, 1e-6


def misprint(m: Maths) -> Iterator[Case]:
    """The common misprint against a plain loop over one number; it is not AdamW; a row without gradient explodes."""
    for lr, decay in [(0.01, 0.1), (0.003, 0.5)]:
        ours = _numbers(m.optim.MisprintedAdamW, lr=lr, weight_decay=decay)
        yield f"the misprint, {lr}, {decay}", ours, _misprinted(lr, decay), 1e-10
    settings = {"lr": 0.01, "weight_decay": 0.1}
    printed, torchs = (_numbers(c, **settings)[0] for c in (m.optim.MisprintedAdamW, torch.optim.AdamW))
    # first step: root is |g|, so the misprint subtracts lr lambda theta / |g| where AdamW subtracts lr lambda theta
    g = abs(_scalar_gradient(0, 1.0))
    yield "not AdamW, by the predicted amount", torchs - printed, 0.01 * 0.1 * (1 / g - 1), 1e-8
    rows = trajectory(
        m.optim.MisprintedAdamW, {"lr": 2e-5, "weight_decay": 0.01}, torch.float64, zero_gradient, False, 3
    )
    start = torch.cat([theta.flatten() for theta in start_values(torch.float64)])
    factor = 1 - 2e-5 * 0.01 / 1e-8
    yield (
        "a gradient of zero, factor a step",
        rows / start,
        torch.tensor([[factor**t] for t in (1, 2, 3)]).expand(3, len(start)),
        1e-6,
    )


def resumed(m: Maths) -> Iterator[Case]:
    """Stopped half way and resumed from `state_dict`: the same bits."""
    for make in (m.optim.SGD, m.optim.Adam, m.optim.AdamW, m.optim.MisprintedAdamW):
        settings: Settings = {"lr": 0.01, "weight_decay": 0.1}
        if make is m.optim.SGD:
            settings["momentum"] = 0.9
        whole = trajectory(make, settings, torch.float32, bowl(), False, 20)[-1]
        parameters = [torch.nn.Parameter(theta) for theta in start_values(torch.float32)]
        first = make(parameters, **settings)
        for t in range(10):
            take_step(first, parameters, t, bowl())
        second = make(parameters)  # its settings come from the state
        second.load_state_dict(copy.deepcopy(first.state_dict()))
        for t in range(10, 20):
            last = take_step(second, parameters, t, bowl())
        yield f"{make.__name__}, resumed", last, whole, 0.0


def schedules(m: Maths) -> Iterator[Case]:
    """Every step, of several trainings, past the end too, against transformers'."""
    make = {
        "constant": lambda optimiser, total, warmup: transformers.get_constant_schedule_with_warmup(optimiser, warmup),
        "linear": lambda optimiser, total, warmup: transformers.get_linear_schedule_with_warmup(
            optimiser, warmup, total
        ),
        "cosine": lambda optimiser, total, warmup: transformers.get_cosine_schedule_with_warmup(
            optimiser, warmup, total
        ),
        "inverse_sqrt": lambda optimiser, total, warmup: transformers.get_inverse_sqrt_schedule(optimiser, warmup),
    }
    for name, (total, warmup) in product(make, [(20, 5), (50, 0), (10, 10), (7, 1), (1, 0)]):
        factor = make[name](torch.optim.SGD([torch.zeros(1)], lr=1.0), total, warmup).lr_lambdas[0]
        steps = range(total + 5)
        ours = [getattr(m.schedules, name)(step, total, warmup) for step in steps]
        yield f"{name}, {total} steps, warm-up {warmup}", ours, [factor(step) for step in steps], 1e-12


def _scalar_gradient(t: int, theta: float) -> float:
    """A bowl about 0.3 with a push that changes with the step."""
    return theta - 0.3 + 0.2 * math.cos(3 * t)


def _path(move: Callable[[float, float, float], float]) -> list[float]:
    """Adam's running means and their correction; the step itself is `move(theta, m_hat, root)`."""
    theta, m, v, path = 1.0, 0.0, 0.0, []
    for t in range(1, STEPS + 1):
        g = _scalar_gradient(t - 1, theta)
        m = 0.9 * m + (1 - 0.9) * g
        v = 0.999 * v + (1 - 0.999) * g**2
        theta = move(theta, m / (1 - 0.9**t), math.sqrt(v / (1 - 0.999**t)) + 1e-8)
        path.append(theta)
    return path


def _algorithm_2(lr: float, decay: float) -> list[float]:
    return _path(lambda theta, m_hat, root: theta - lr * (m_hat / root + decay * theta))


def _decay_after(lr: float, decay: float) -> list[float]:
    return _path(lambda theta, m_hat, root: (theta - lr * m_hat / root) * (1 - lr * decay))


def _misprinted(lr: float, decay: float) -> list[float]:
    return _path(lambda theta, m_hat, root: theta - lr / root * (m_hat + decay * theta))


def _numbers(make: Any, **settings: Any) -> list[float]:
    """The path of one parameter that starts at 1."""
    theta = torch.nn.Parameter(torch.ones((), dtype=torch.float64))
    optimiser, path = make([theta], **settings), []
    for t in range(STEPS):
        theta.grad = torch.tensor(_scalar_gradient(t, theta.item()), dtype=torch.float64)
        optimiser.step()
        path.append(theta.item())
    return path
