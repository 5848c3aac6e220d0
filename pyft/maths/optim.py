"""Optimisers, written by hand: SGD, Adam, AdamW, and AdamW with a common misprint."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from pyft.errors import PyftError


class Optimiser(torch.optim.Optimizer):
    """What all share: groups of parameters, each with its settings, and one `update` for each parameter.

    State, groups and hooks are torch's, so schedules and `state_dict` work as with `torch.optim`.

    Raises:
        PyftError: a setting out of its range; a gradient that is sparse or complex.
    """

    names: tuple[str, ...] = ()  # of the settings that `update` takes

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with settings of their own; checked here, since every group passes through here."""
        settings = self.defaults | param_group
        for name in ("lr", "momentum", "eps", "weight_decay"):
            if not 0 <= settings.get(name, 0) < float("inf"):
                raise PyftError(f"{name} is {settings[name]}, expected a number, 0 or more")
        if not all(0 <= beta < 1 for beta in settings.get("betas", ())):
            raise PyftError(f"betas are {settings['betas']}, expected two numbers, each from 0 to below 1")
        super().add_param_group(param_group)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; the closure's loss, if there is a closure."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            settings = {name: group[name] for name in self.names}
            for theta in group["params"]:
                g = theta.grad
                if g is None:
                    continue  # frozen, or not used in this step: neither its mean nor its t moves
                if g.layout != torch.strided or g.is_complex():
                    raise PyftError(
                        f"a gradient of shape {tuple(g.shape)} is sparse or complex, expected a dense real one: "
                        "make the embedding with sparse=False"
                    )
                self.update(theta, g, self.state[theta], **settings)
        return loss

    def update(self, theta: Tensor, g: Tensor, state: dict[str, Any], **settings: Any) -> None:
        """Move one parameter, in place."""
        raise NotImplementedError


class SGD(Optimiser):
    """Gradient descent, with momentum as torch has it: no factor on the new gradient (Sutskever et al. 2013)."""

    names = ("lr", "momentum", "weight_decay")

    def __init__(self, params: Any, lr: float = 1e-3, momentum: float = 0.0, weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    def update(
        self, theta: Tensor, g: Tensor, state: dict[str, Any], *, lr: float, momentum: float, weight_decay: float
    ) -> None:
        if weight_decay:
            g = g + weight_decay * theta
        if momentum:
            if not state:
                state["b"] = torch.zeros_like(theta)
            g = state["b"].mul_(momentum).add_(g)  # b = momentum b + g
        theta.sub_(g, alpha=lr)


class Adam(Optimiser):
    """Adam (Kingma & Ba 2015, arXiv 1412.6980, algorithm 1); weight decay is L2, added to the gradient.

    Without bias correction it is the optimiser of the first BERT code, which left it out.
    """

    names = ("lr", "betas", "eps", "weight_decay", "bias_correction")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        bias_correction: bool = True,
    ) -> None:
        super().__init__(
            params,
            {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "bias_correction": bias_correction},
        )

    def update(
        self, theta: Tensor, g: Tensor, state: dict[str, Any], *, lr: float, weight_decay: float, **settings: Any
    ) -> None:
        if weight_decay:
            g = g + weight_decay * theta
        m_hat, root = moments(g, state, **settings)
        theta.addcdiv_(m_hat, root, value=-lr)  # theta = theta - lr m_hat / root


class AdamW(Adam):
    """AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101, algorithm 2), in torch's form.

    The decay comes before the step and takes its factor `lr` from the group, schedule included.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        bias_correction: bool = True,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, bias_correction)

    def update(
        self, theta: Tensor, g: Tensor, state: dict[str, Any], *, lr: float, weight_decay: float, **settings: Any
    ) -> None:
        theta.mul_(1 - lr * weight_decay)
        m_hat, root = moments(g, state, **settings)
        theta.addcdiv_(m_hat, root, value=-lr)


class MisprintedAdamW(AdamW):
    """AdamW with a common misprint: the decay stands inside the adaptive scaling. Not for use.

    Where a gradient has always been zero, the root is `eps` and the weight is multiplied by 1 - lr weight_decay / eps.
    """

    def update(
        self, theta: Tensor, g: Tensor, state: dict[str, Any], *, lr: float, weight_decay: float, **settings: Any
    ) -> None:
        m_hat, root = moments(g, state, **settings)
        theta.addcdiv_(m_hat + weight_decay * theta, root, value=-lr)


def moments(
    g: Tensor, state: dict[str, Any], *, betas: tuple[float, float], eps: float, bias_correction: bool
) -> tuple[Tensor, Tensor]:
    """Take a gradient into the running means; `m_hat` and `sqrt(v_hat) + eps`, both shaped as the gradient."""
    if not state:
        state |= {"t": 0, "m": torch.zeros_like(g), "v": torch.zeros_like(g)}
    (beta_1, beta_2), m, v = betas, state["m"], state["v"]
    state["t"] = t = state["t"] + 1
    m.lerp_(g, 1 - beta_1)  # m = beta_1 m + (1 - beta_1) g
    v.mul_(beta_2).addcmul_(g, g, value=1 - beta_2)  # v = beta_2 v + (1 - beta_2) g^2
    if not bias_correction:
        return m, v.sqrt().add_(eps)
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    return m_hat, v_hat.sqrt_().add_(eps)
