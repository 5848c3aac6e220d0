"""Two ways to a cheaper answer from the same body: a small student of a large teacher, and leaving early."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedModel


def distillation_loss(z: Tensor, teacher: Tensor, y: Tensor, tau: float = 2.0, alpha: float = 0.5) -> Tensor:
    """Learn the teacher's probabilities, softened by the temperature `tau`, and the labels: a number.

    L = alpha tau^2 KL(p_teacher || p) + (1 - alpha) CE(y, z), both p of logits over tau; z and teacher (B, K), y (B).
    tau^2 keeps the gradient of the first part as large as it is without a temperature (Hinton, Vinyals & Dean 2015).
    """
    log_p, q = F.log_softmax(z / tau, -1), F.softmax(teacher / tau, -1)  # (B, K)
    divergence = (q * (q.clamp_min(1e-30).log() - log_p)).sum(-1).mean()
    return alpha * tau**2 * divergence + (1 - alpha) * F.cross_entropy(z, y)


def exits(confidence: Tensor, threshold: float) -> Tensor:
    """At which of E exits each of N texts leaves: the first whose confidence reaches the threshold, or the last.

    confidence (E, N), from the lowest exit up; returns (N), from 0.
    """
    sure = confidence >= threshold  # (E, N)
    sure[-1] = True
    return sure.int().argmax(0)


def mean_layers(left_at: Tensor, layers: Tensor) -> float:
    """How many layers a text went through on average: left_at (N) numbers exits, layers (E) says how deep each is."""
    return float(layers[left_at].double().mean())


def every_second_layer(model: PreTrainedModel) -> PreTrainedModel:
    """Keep the first, third, fifth layer and so on, in place: where DistilBERT starts (Sanh et al. 2019)."""
    body = model.base_model
    body.encoder.layer = body.encoder.layer[::2]
    model.config.num_hidden_layers = len(body.encoder.layer)
    return model


def add_exits(model: PreTrainedModel, layers: tuple[int, ...]) -> PreTrainedModel:
    """Put a linear head on the class token after each of these layers, from 1, in place; the top has its own."""
    model.exit_layers = layers
    model.exit_heads = nn.ModuleList(nn.Linear(model.config.hidden_size, model.config.num_labels) for _ in layers)
    return model


def exit_logits(model: PreTrainedModel, x: dict[str, Tensor]) -> Tensor:
    """Logits of every exit, the top's last: (E, B, K)."""
    x = {name: value for name, value in x.items() if name != "labels"}
    out = model(**x, output_hidden_states=True)
    h = out.hidden_states  # the embeddings', then a layer each: (B, T, d)
    below = [head(h[k][:, 0]) for k, head in zip(model.exit_layers, model.exit_heads, strict=True)]
    return torch.stack([*below, out.logits])
