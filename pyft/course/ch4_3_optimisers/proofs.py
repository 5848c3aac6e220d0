"""The proofs of section 4.3: ours against the library's, case by case."""

import copy
import math
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import torch
import transformers
from torch import Tensor

from pyft.evidence.proofs import Case
from pyft.mutation import Maths, precision

TOL = {torch.float64: 1e-10, torch.float32: 1e-4}
STEPS = 200
Settings = dict[str, Any]
Gradients = Callable[[int, Tensor], Tensor | None]


def _start(dtype: torch.dtype, seed: int = 0) -> list[Tensor]:
    """Parameters of several shapes, with values about 1."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(6,), (3, 4), ()]
    return [torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype) for shape in shapes]


def _bowl(seed: int = 0) -> Gradients:
    """The gradient of a bowl, steeper in some directions than in others, with noise that depends on the step alone."""
    generator = torch.Generator().manual_seed(seed)
    noise = 0.3 * torch.randn(STEPS, 12, generator=generator, dtype=torch.float64)  # (steps, largest parameter)
    steep = torch.logspace(-2, 0, 12, dtype=torch.float64)

    def gradient(t: int, theta: Tensor) -> Tensor:
        n = theta.numel()
        return (steep[:n].view(theta.shape) * (theta - 0.5 + noise[t, :n].view(theta.shape))).to(theta.dtype)

    return gradient


def _zero(t: int, theta: Tensor) -> Tensor:
    return torch.zeros_like(theta)


def _sometimes(t: int, theta: Tensor) -> Tensor | None:
    """No gradient in two steps of three, for some shapes only: their means and their t fall behind."""
    return None if theta.ndim == 2 and t % 3 else theta - 0.5 + 0.3 * (-1) ** t


def _trajectory(
    make: Callable[..., Any], settings: Settings, dtype: torch.dtype, gradients: Gradients, grouped: bool, steps: int
) -> Tensor:
    """All parameters after every step, side by side, (steps, n)."""
    parameters = [torch.nn.Parameter(theta) for theta in _start(dtype)]
    groups = [{"params": parameters[:1], "lr": 0.02, "weight_decay": 0.3}, {"params": parameters[1:]}]
    optimiser = make(groups if grouped else parameters, **settings)
    return torch.stack([_step(optimiser, parameters, t, gradients) for t in range(steps)])


def _step(optimiser: Any, parameters: list[Any], t: int, gradients: Gradients) -> Tensor:
    for theta in parameters:
        theta.grad = gradients(t, theta.detach())
    optimiser.step()
    return torch.cat([theta.detach().flatten() for theta in parameters])


def _against(ours: Any, reference: Any, cases: dict[str, Settings]) -> Iterator[Case]:
    """Each setting on the bowl; then, with the last setting, what must hold whatever the setting."""
    for (what, settings), dtype in product(cases.items(), TOL):
        a, b = (_trajectory(make, settings, dtype, _bowl(), False, STEPS) for make in (ours, reference))
        yield f"{what}, {precision(dtype)}, first step", a[0], b[0], TOL[dtype]
        yield f"{what}, {precision(dtype)}, {STEPS} steps", a, b, TOL[dtype]
    settings = list(cases.values())[-1]
    for what, gradients, grouped in [
        ("gradients of zero", _zero, False),
        ("missing gradients", _sometimes, False),
        ("parameter groups", _bowl(1), True),
    ]:
        a, b = (_trajectory(make, settings, torch.float64, gradients, grouped, STEPS) for make in (ours, reference))
        yield what, a, b, TOL[torch.float64]


def sgd(m: Maths) -> Iterator[Case]:
    """Plain, with momentum, with decay, with both."""
    cases: dict[str, Settings] = {
        "plain": {"lr": 0.1},
        "momentum": {"lr": 0.05, "momentum": 0.9},
        "decay": {"lr": 0.1, "weight_decay": 0.1},
        "momentum and decay": {"lr": 0.05, "momentum": 0.5, "weight_decay": 0.1},
    }
    yield from _against(m.optim.SGD, torch.optim.SGD, cases)


def adam(m: Maths) -> Iterator[Case]:
    """Several rates, betas and epsilons; a large epsilon shows on which side of the root it stands."""
    cases: dict[str, Settings] = {
        "plain": {"lr": 0.01},
        "betas": {"lr": 0.01, "betas": (0.5, 0.9)},
        "large epsilon": {"lr": 0.01, "eps": 0.1},
        "L2": {"lr": 0.01, "weight_decay": 0.1},
    }
    yield from _against(m.optim.Adam, torch.optim.Adam, cases)


def adamw(m: Maths) -> Iterator[Case]:
    """Default decay, none, strong; several rates, betas and epsilons."""
    cases: dict[str, Settings] = {
        "default": {"lr": 0.01},
        "no decay": {"lr": 0.01, "weight_decay": 0.0},
        "betas and epsilon": {"lr": 0.003, "betas": (0.8, 0.95), "eps": 1e-3},
        "strong decay": {"lr": 0.01, "weight_decay": 0.5},
    }
    yield from _against(m.optim.AdamW, torch.optim.AdamW, cases)


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
    """The outline's formula against a plain loop over one number; it is not AdamW; a row without gradient explodes."""
    for lr, decay in [(0.01, 0.1), (0.003, 0.5)]:
        ours = _numbers(m.optim.MisprintedAdamW, lr=lr, weight_decay=decay)
        yield f"the outline's formula, {lr}, {decay}", ours, _outline(lr, decay), 1e-10
    settings = {"lr": 0.01, "weight_decay": 0.1}
    printed, torchs = (_numbers(c, **settings)[0] for c in (m.optim.MisprintedAdamW, torch.optim.AdamW))
    # first step: root is |g|, so the misprint subtracts lr lambda theta / |g| where AdamW subtracts lr lambda theta
    g = abs(_scalar_gradient(0, 1.0))
    yield "not AdamW, by the predicted amount", torchs - printed, 0.01 * 0.1 * (1 / g - 1), 1e-8
    rows = _trajectory(m.optim.MisprintedAdamW, {"lr": 2e-5, "weight_decay": 0.01}, torch.float64, _zero, False, 3)
    start = torch.cat([theta.flatten() for theta in _start(torch.float64)])
    factor = 1 - 2e-5 * 0.01 / 1e-8
    yield (
        "a gradient of zero, factor a step",
        rows / start,
        torch.tensor([[factor**t] for t in (1, 2, 3)]).expand(3, len(start)),
        1e-6,
    )


def without_correction(m: Maths) -> Iterator[Case]:
    """Without bias correction step t is (1 - beta_1^t) / sqrt(1 - beta_2^t) times as long."""
    for make in (m.optim.Adam, m.optim.AdamW):
        moved = {}
        for corrected in (True, False):
            settings = {"lr": 0.01, "weight_decay": 0.0, "eps": 0.0, "bias_correction": corrected}
            path = _trajectory(make, settings, torch.float64, lambda t, theta: torch.ones_like(theta), False, 50)
            moved[corrected] = path.diff(dim=0, prepend=torch.cat([x.flatten() for x in _start(torch.float64)])[None])
        t = torch.arange(1, 51, dtype=torch.float64)[:, None]  # (steps, 1)
        factor = (1 - 0.9**t) / (1 - 0.999**t).sqrt()
        yield f"{make.__name__}, longer steps", moved[False] / moved[True], factor.expand_as(moved[True]), 1e-8


def resumed(m: Maths) -> Iterator[Case]:
    """Stopped half way and resumed from `state_dict`: the same bits."""
    for make in (m.optim.SGD, m.optim.Adam, m.optim.AdamW, m.optim.MisprintedAdamW):
        settings: Settings = {"lr": 0.01, "weight_decay": 0.1}
        if make is m.optim.SGD:
            settings["momentum"] = 0.9
        whole = _trajectory(make, settings, torch.float32, _bowl(), False, 20)[-1]
        parameters = [torch.nn.Parameter(theta) for theta in _start(torch.float32)]
        first = make(parameters, **settings)
        for t in range(10):
            _step(first, parameters, t, _bowl())
        second = make(parameters)  # its settings come from the state
        second.load_state_dict(copy.deepcopy(first.state_dict()))
        for t in range(10, 20):
            last = _step(second, parameters, t, _bowl())
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


def _outline(lr: float, decay: float) -> list[float]:
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
