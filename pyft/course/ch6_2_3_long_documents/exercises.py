"""The exercises of section 6.2.3: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def from_windows(z: Tensor, of: Tensor) -> Tensor:
    p = z.softmax(-1)  # (N, K)
    D = int(of.max()) + 1
    total = torch.zeros(D, p.shape[1], dtype=p.dtype).index_add(0, of, p)  # (D, K)
    return total / of.bincount(minlength=D)[:, None]


def _mean(p: Tensor, of: Tensor) -> Tensor:
    return torch.stack([p[of == d].mean(0) for d in range(int(of.max()) + 1)])


def _windows(seed: int, *sizes: int) -> tuple[Tensor, Tensor]:
    g = torch.Generator().manual_seed(seed)
    of = torch.cat([torch.full((n,), d) for d, n in enumerate(sizes)])
    return 3 * torch.randn(len(of), 2, generator=g, dtype=torch.float64), of


EXERCISES["6.2.3-a"] = Exercise(
    solution=from_windows,
    cases=[_windows(0, 3, 1, 4), _windows(1, 1, 2), (torch.zeros(3, 3).double(), torch.tensor([0, 1, 1]))],
    mistakes=[
        (
            lambda z, of: _mean(z, of).softmax(-1),
            "You average logits and take the softmax afterwards, so that one very sure window rules the document. "
            "Average probabilities.",
        ),
        (lambda z, of: _mean(z, of), "These are mean logits. Turn each window's logits into probabilities first."),
        (
            lambda z, of: _mean(z.softmax(-1), of) * of.bincount()[:, None],
            "This is the sum over windows. Divide by the number of windows of each document.",
        ),
        (
            lambda z, of: torch.stack([z.softmax(-1)[of == d][0] for d in range(int(of.max()) + 1)]),
            "This is the first window alone, the head.",
        ),
        (
            lambda z, of: _mean(z.softmax(-1), of) * of.bincount()[:, None] / (len(of) / (int(of.max()) + 1)),
            "You divide by the mean number of windows. Each document has a number of its own.",
        ),
    ],
)


def words_that_fit(sizes: Tensor, n: int) -> Tensor:
    return (sizes.cumsum(0) <= n).sum()


EXERCISES["6.2.3-b"] = Exercise(
    solution=words_that_fit,
    cases=[
        (torch.tensor([1, 2, 1, 3, 1]), 4),
        (torch.tensor([2, 2, 2, 1]), 5),
        (torch.tensor([1, 5, 1, 1]), 3),
        (torch.tensor([1, 1]), 9),
    ],
    mistakes=[
        (
            lambda sizes, n: (sizes.cumsum(0) < n).sum(),
            "A word that ends exactly at the limit still has room: at most n tokens, not fewer than n.",
        ),
        (
            lambda sizes, n: torch.tensor(min(n, len(sizes))),
            "You count words as one token each. Add up how many tokens they have.",
        ),
        (
            lambda sizes, n: (sizes <= n).sum(),
            "You ask each word whether it fits alone. Words share the room: add up from the start.",
        ),
        (
            lambda sizes, n: sizes.cumsum(0)[sizes.cumsum(0) <= n].max(),
            "This is how many tokens are used. Return how many words.",
        ),
        (
            lambda sizes, n: (sizes.cumsum(0) <= n - 2).sum(),
            "You leave room for the special tokens. Here n is what the words alone may have.",
        ),
    ],
)
