"""The exercises of section 3.2: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def steps(N: int, batch_size: int, epochs: int, warmup: float) -> tuple[int, int]:
    total = epochs * -(-N // batch_size)  # the last batch of an epoch may be small, and is a step all the same
    return total, round(warmup * total)


EXERCISES["3.2-a"] = Exercise(
    solution=steps,
    cases=[(1000, 32, 3, 0.1), (330, 16, 4, 0.25), (64, 16, 2, 0.5)],
    mistakes=[
        (
            lambda N, batch_size, epochs, warmup: ((t := epochs * (N // batch_size)), round(warmup * t)),
            "You round down: the texts that are left over at the end of an epoch make a batch too.",
        ),
        (
            lambda N, batch_size, epochs, warmup: ((t := -(-epochs * N // batch_size)), round(warmup * t)),
            "You let a batch run on from one epoch into the next. Round up within an epoch, then multiply.",
        ),
        (
            lambda N, batch_size, epochs, warmup: ((t := -(-N // batch_size)), round(warmup * t)),
            "Those are the steps of one epoch.",
        ),
        (
            lambda N, batch_size, epochs, warmup: (epochs * (s := -(-N // batch_size)), round(warmup * s)),
            "The total is right; the warm-up is a share of all steps, not of those of one epoch.",
        ),
        (
            lambda N, batch_size, epochs, warmup: ((t := epochs * N), round(warmup * t)),
            "You count texts. A step takes a batch of them.",
        ),
        (
            lambda N, batch_size, epochs, warmup: ((t := epochs * -(-N // batch_size)), warmup * t),
            "The total is right. A warm-up lasts a whole number of steps: round it.",
        ),
    ],
)


def padding(lengths: Tensor) -> float:
    filled = lengths.max(dim=1).values * lengths.size(1)  # (batches) tokens after each is filled up
    return 1 - lengths.sum().item() / filled.sum().item()


EXERCISES["3.2-b"] = Exercise(
    solution=padding,
    cases=[
        (torch.tensor([[5, 9, 4, 6], [30, 28, 31, 17]]),),
        (torch.tensor([[12, 3], [8, 7], [40, 22]]),),
    ],
    mistakes=[
        (
            lambda lengths: 1 - lengths.sum().item() / (lengths.max() * lengths.numel()).item(),
            "You fill every batch up to the longest text of all. Each batch has a longest of its own.",
        ),
        (
            lambda lengths: (1 - lengths.float().mean(1) / lengths.max(1).values).mean().item(),
            "You average the shares of the batches. A batch of long texts has more tokens: sum first, divide then.",
        ),
        (
            lambda lengths: (lengths.max(1).values * lengths.size(1)).sum().item() / lengths.sum().item() - 1,
            "That is the padding over the real tokens. Divide by all tokens that go through the model.",
        ),
        (
            lambda lengths: lengths.sum().item() / (lengths.max(1).values * lengths.size(1)).sum().item(),
            "That is the share of real tokens; the padding is the rest.",
        ),
        (
            lambda lengths: 1 - lengths.sum().item() / (lengths.max(0).values * lengths.size(0)).sum().item(),
            "You take the longest down a column. A batch is a row: the maximum goes over dim 1.",
        ),
    ],
)


def macro_f1(counts: Tensor) -> float:
    right = counts.diagonal()  # (K) rows the true label, columns the predicted one
    total = counts.sum(0) + counts.sum(1)  # (K) found and true together
    return (2 * right / total.clamp(min=1)).mean().item()


def _rates(counts: Tensor) -> tuple[Tensor, Tensor]:
    right = counts.diagonal()
    return right / counts.sum(0).clamp(min=1), right / counts.sum(1).clamp(min=1)


EXERCISES["3.2-c"] = Exercise(
    solution=macro_f1,
    cases=[
        (torch.tensor([[50.0, 2.0], [6.0, 5.0]]),),
        (torch.tensor([[8.0, 1.0, 0.0], [2.0, 5.0, 0.0], [1.0, 3.0, 0.0]]),),
    ],
    mistakes=[
        (
            lambda counts: (counts.diagonal().sum() / counts.sum()).item(),
            "That is accuracy, which micro-averaged F1 is too. For the macro average each class has its own F1.",
        ),
        (lambda counts: _rates(counts)[0].mean().item(), "That is the mean precision. F1 needs the recall as well."),
        (lambda counts: _rates(counts)[1].mean().item(), "That is the mean recall. F1 needs the precision as well."),
        (
            lambda counts: (2 * (p := _rates(counts)[0].mean()) * (r := _rates(counts)[1].mean()) / (p + r)).item(),
            "You take F1 of the mean precision and the mean recall. Take the F1 of each class first, then the mean.",
        ),
        (
            lambda counts: (
                ((2 * counts.diagonal() / (counts.sum(0) + counts.sum(1))) * counts.sum(1) / counts.sum()).sum().item()
            ),
            "You weight each class by its size. In the macro average a rare class counts as much as a common one.",
        ),
        (
            lambda counts: (counts.diagonal() / (counts.sum(0) + counts.sum(1) - counts.diagonal())).mean().item(),
            "That is the overlap (Jaccard) of each class. In F1 what is right counts twice, above and below.",
        ),
    ],
)
