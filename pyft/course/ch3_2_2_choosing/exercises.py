"""The exercises of section 3.2.2: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def cost(weights: int, in_layers: int, tokens: int) -> tuple[int, int]:
    return 4 * 4 * weights, 6 * in_layers * tokens


EXERCISES["3.2.2-a"] = Exercise(
    solution=cost,
    cases=[(100, 60, 1000), (7, 5, 3)],
    mistakes=[
        (
            lambda weights, in_layers, tokens: (4 * weights, 6 * in_layers * tokens),
            "These are the bytes of the weights alone. Training keeps the gradient and AdamW's two means as well.",
        ),
        (
            lambda weights, in_layers, tokens: (16 * weights, 2 * in_layers * tokens),
            "This is the way forward only. The way back takes twice as many operations again.",
        ),
        (
            lambda weights, in_layers, tokens: (16 * weights, 6 * weights * tokens),
            "Word embeddings are looked up and not multiplied: count the weights in the layers.",
        ),
        (
            lambda weights, in_layers, tokens: (12 * weights, 6 * in_layers * tokens),
            "One is missing: the weight, its gradient and two means are four numbers.",
        ),
    ],
)


def pieces_a_word(counts: Tensor, pieces: Tensor) -> tuple[Tensor, Tensor]:
    running = counts.sum()
    return (counts * pieces).sum() / running, counts[pieces == 1].sum() / running


EXERCISES["3.2.2-b"] = Exercise(
    solution=pieces_a_word,
    cases=[
        (torch.tensor([10.0, 3.0, 1.0, 1.0]), torch.tensor([1.0, 2.0, 1.0, 4.0])),
        (torch.tensor([2.0, 5.0]), torch.tensor([3.0, 1.0])),
    ],
    mistakes=[
        (
            lambda counts, pieces: (pieces.mean(), (pieces == 1).float().mean()),
            "This counts each distinct word once. In running text a word counts as often as it stands there.",
        ),
        (
            lambda counts, pieces: (pieces_a_word(counts, pieces)[0], (pieces == 1).float().mean()),
            "The first number is right. For the share, too, a word counts as often as it stands there.",
        ),
        (
            lambda counts, pieces: (pieces_a_word(counts, pieces)[0], 1 - pieces_a_word(counts, pieces)[1]),
            "This is the share of the words that are cut. How many stay whole?",
        ),
    ],
)
