"""The exercises of section 9.5: solutions, and the usual mistakes, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def on_front(cost: Tensor, accuracy: Tensor) -> Tensor:
    no_dearer = cost[None, :] <= cost[:, None]  # [i, j]: j costs no more than i
    no_worse = accuracy[None, :] >= accuracy[:, None]
    apart = (cost[None, :] < cost[:, None]) | (accuracy[None, :] > accuracy[:, None])
    return ~(no_dearer & no_worse & apart).any(1)


_COST = torch.tensor([1.0, 10.0, 10.0, 40.0, 100.0, 60.0])
_ACCURACY = torch.tensor([0.60, 0.70, 0.68, 0.70, 0.80, 0.55])
EXERCISES["9.5-a"] = Exercise(
    solution=on_front,
    cases=[
        (_COST, _ACCURACY),
        (torch.tensor([3.0, 2.0, 1.0]), torch.tensor([0.9, 0.9, 0.9])),
        (torch.tensor([2.0, 2.0, 5.0]), torch.tensor([0.8, 0.8, 0.7])),
    ],
    mistakes=[
        (
            lambda cost, accuracy: accuracy / cost == (accuracy / cost).max(),
            "Accuracy over cost is one way to trade them, and names a single winner. The front leaves the trade open.",
        ),
        (
            lambda cost, accuracy: ~((cost[None, :] < cost[:, None]) & (accuracy[None, :] > accuracy[:, None])).any(1),
            "A way with the same cost and more accuracy dominates too, and so does a cheaper one that is as accurate.",
        ),
        (
            lambda cost, accuracy: (
                ~((cost[None, :] <= cost[:, None]) & (accuracy[None, :] >= accuracy[:, None])).any(1)
            ),
            "Every way costs no more than itself: ask for a real gain in one of the two.",
        ),
    ],
)


def layers_on_average(confidence: Tensor, layers: Tensor, threshold: float) -> float:
    found = layers[-1].repeat(confidence.size(1))
    for c, depth in reversed(list(zip(confidence[:-1], layers[:-1], strict=True))):
        found = torch.where(c >= threshold, depth, found)
    return float(found.double().mean())


_CONFIDENCE = torch.tensor([[0.95, 0.60, 0.70, 0.91], [0.50, 0.92, 0.80, 0.99], [0.90, 0.90, 0.60, 0.99]])
_LAYERS = torch.tensor([2, 4, 6])
EXERCISES["9.5-b"] = Exercise(
    solution=layers_on_average,
    cases=[(_CONFIDENCE, _LAYERS, 0.9), (_CONFIDENCE, _LAYERS, 0.65), (_CONFIDENCE, torch.tensor([1, 3, 12]), 0.99)],
    mistakes=[
        (
            lambda confidence, layers, threshold: (
                (
                    (layers[:, None] * (confidence >= threshold)).sum(0).double()
                    / (confidence >= threshold).sum(0).clamp(min=1)
                )
                .mean()
                .item()
            ),
            "A text leaves once: at the first exit that is sure enough.",
        ),
        (
            lambda confidence, layers, threshold: (
                layers[(confidence >= threshold).int().argmax(0)].double().mean().item()
            ),
            "A text of which no exit is sure goes to the top. `argmax` of nothing but zeros is the first.",
        ),
        (
            lambda confidence, layers, threshold: layers[confidence.argmax(0)].double().mean().item(),
            "You took the surest exit. To know which it is, a text would have to go through all of them.",
        ),
        (
            lambda confidence, layers, threshold: layers_on_average(
                confidence, torch.arange(1, len(layers) + 1), threshold
            ),
            "Count layers, not exits: `layers` says how deep each exit is.",
        ),
    ],
)
