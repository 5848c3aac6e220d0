"""The exercises of section 3.1.1: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def bert_parameters(V: int, P: int, d: int, L: int) -> int:
    embeddings = (V + P + 2) * d + 2 * d  # words, positions, two segments; the gain and bias of LayerNorm
    attention = 4 * (d * d + d) + 2 * d  # queries, keys, values, output; LayerNorm
    feed_forward = 2 * 4 * d * d + 4 * d + d + 2 * d  # to 4 d and back; LayerNorm
    return embeddings + L * (attention + feed_forward) + d * d + d  # and the pooler


EXERCISES["3.1.1-a"] = Exercise(
    solution=bert_parameters,
    cases=[(30522, 512, 768, 12), (30522, 512, 1024, 24), (100, 16, 8, 2)],
    mistakes=[
        (
            lambda V, P, d, L: bert_parameters(V, P, d, L) - d * d - d,
            "The pooler is missing: a layer of d × d weights and d biases behind the last layer.",
        ),
        (
            lambda V, P, d, L: bert_parameters(V, P, d, L) - (2 + 4 * L) * d,
            "LayerNorm is missing: d gains and d biases behind the embeddings, and twice in each layer.",
        ),
        (
            lambda V, P, d, L: bert_parameters(V, P, d, L) - 2 * d,
            "The two segments are missing: they are vectors of d numbers, too.",
        ),
        (
            lambda V, P, d, L: bert_parameters(V, P, d, L) - 9 * d * L,
            "Each linear layer has a bias: four times d in attention, 4 d and d in the feed-forward network.",
        ),
    ],
)


def embed(words: Tensor, positions: Tensor, segments: Tensor, ids: Tensor, second: Tensor) -> Tensor:
    T = ids.size(1)
    return words[ids] + positions[:T] + segments[second]  # (B, T, d)


def _table(rows: int, seed: int) -> Tensor:
    """Normal numbers that leave torch's own generator alone."""
    return torch.randn(rows, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


_TABLES = _table(9, 0), _table(6, 1), _table(2, 2)
_IDS, _SECOND = torch.tensor([[1, 5, 2, 7, 2], [1, 8, 8, 2, 0]]), torch.tensor([[0, 0, 0, 1, 1], [0, 0, 0, 0, 0]])
EXERCISES["3.1.1-b"] = Exercise(
    solution=embed,
    cases=[(*_TABLES, _IDS, _SECOND), (*_TABLES, _IDS[:, :3], _SECOND[:, 2:])],
    mistakes=[
        (
            lambda words, positions, segments, ids, second: words[ids] + positions[ids.clamp(max=5)] + segments[second],
            "A position is the place in the row, and does not depend on which word stands there.",
        ),
        (
            lambda words, positions, segments, ids, second: words[ids] + segments[second],
            "Positions are missing: without them the order of the words is not seen.",
        ),
        (
            lambda words, positions, segments, ids, second: words[ids] + positions[: ids.size(1)],
            "Segments are missing: `second` is one for tokens of the second text, and `segments` has a row for each.",
        ),
        (
            lambda words, positions, segments, ids, second: (
                words[ids] + positions[1 : ids.size(1) + 1] + segments[second]
            ),
            "The first token has position zero in BERT. Counting from elsewhere is RoBERTa's way.",
        ),
    ],
)
