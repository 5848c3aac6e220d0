"""The exercises of section 8.1.2: solutions, and the usual mistakes, each with its hint."""

import torch
from torch import Tensor

from pyft.course.exercise_tools import normal
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def both_ways(z: Tensor) -> Tensor:
    own = z.diagonal()
    of_images = z.logsumexp(1) - own
    of_texts = z.logsumexp(0) - own
    return (of_images + of_texts).mean() / 2


EXERCISES["8.1.2-a"] = Exercise(
    solution=both_ways,
    cases=[(normal(4, 4),), (3 * normal(6, 6, seed=1),), (normal(2, 2, seed=2) + 2,)],
    mistakes=[
        (
            lambda z: (z.logsumexp(1) - z.diagonal()).mean(),
            "Each image looks for its text. The other half is missing: each text looks for its image.",
        ),
        (
            lambda z: (z.logsumexp(0) - z.diagonal()).mean(),
            "Each text looks for its image. The other half is missing: each image looks for its text.",
        ),
        (
            lambda z: (z.logsumexp(0) + z.logsumexp(1) - 2 * z.diagonal()).mean(),
            "That is the sum of both cross-entropies. CLIP takes their mean.",
        ),
        (
            lambda z: (z.logsumexp((0, 1)) - z.diagonal()).mean(),
            "You take one softmax over the whole table. Take one in each row, and one in each column.",
        ),
        (
            lambda z: (z.logsumexp(0) + z.logsumexp(1)).mean() / 2,
            "The similarities of the pairs are missing: -ln p is the logarithm of the sum, less the pair's own.",
        ),
    ],
)


def zero_shot(images: Tensor, texts: Tensor) -> Tensor:
    directions = torch.nn.functional.normalize(texts, dim=-1).mean(0)  # (K, d)
    return (images @ torch.nn.functional.normalize(directions, dim=-1).T).argmax(1)


_LENGTHS = torch.tensor([1.0, 8.0, 0.2, 3.0, 1.0], dtype=torch.float64)[:, None]
_CASES = [(normal(40, 6, seed=s), _LENGTHS * normal(3, 5, 6, seed=s + 9) ** 3) for s in (1, 2)]
EXERCISES["8.1.2-b"] = Exercise(
    solution=zero_shot,
    cases=_CASES,
    mistakes=[
        (
            lambda images, texts: (images @ texts.mean(0).T).argmax(1),
            "Long vectors win. Give each caption's vector the length one, and each class's mean as well.",
        ),
        (
            lambda images, texts: (images @ torch.nn.functional.normalize(texts, dim=-1).mean(0).T).argmax(1),
            "The means of unit vectors have no length one any more: give it to them before you compare.",
        ),
        (
            lambda images, texts: (images @ torch.nn.functional.normalize(texts[0], dim=-1).T).argmax(1),
            "You use the first phrasing alone. Take the mean over all phrasings.",
        ),
        (
            lambda images, texts: (images @ torch.nn.functional.normalize(texts.mean(0), dim=-1).T).argmax(1),
            "A long vector weighs more in your mean. Give each caption's vector the length one before it.",
        ),
    ],
)


def repeats(N: int, K: int) -> float:
    return (N - 1) / K


EXERCISES["8.1.2-c"] = Exercise(
    solution=repeats,
    cases=[(10, 10), (160, 10), (32, 1000)],
    mistakes=[
        (lambda N, K: N / K, "That counts the pair itself. Only the others are pushed away from it."),
        (lambda N, K: (N - 1) / (K - 1), "All K captions are equally likely for another pair, its own one included."),
        (
            lambda N, K: (N - 1) * (1 - 1 / K),
            "These are the true negatives. Asked for are those with the same caption.",
        ),
        (lambda N, K: N * (N - 1) / (2 * K), "That is for all pairs of pairs in the batch. Asked for is one pair."),
    ],
)
