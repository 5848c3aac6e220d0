"""The exercises of sections 3.2 and 3.3: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor
from torch.nn import functional as F

from pyft.exercise import Exercise

FINETUNE: dict[str, Exercise] = {}


# --- 3.2 the steps of fine-tuning -------------------------------------------------------------------------------------


def steps(N: int, batch_size: int, epochs: int, warmup: float) -> tuple[int, int]:
    total = epochs * -(-N // batch_size)  # the last batch of an epoch may be small, and is a step all the same
    return total, round(warmup * total)


FINETUNE["3.2-a"] = Exercise(
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


FINETUNE["3.2-b"] = Exercise(
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


FINETUNE["3.2-c"] = Exercise(
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


# --- 3.3 tricks -------------------------------------------------------------------------------------------------------


def layer_rates(lr: float, xi: float, L: int) -> Tensor:
    above = torch.arange(L + 1, -1, -1)  # layers above: embeddings L + 1, first layer L, ..., last 1, head 0
    return lr * xi**above  # (L + 2)


FINETUNE["3.3-a"] = Exercise(
    solution=layer_rates,
    cases=[(1e-1, 0.5, 3), (1.0, 0.8, 6)],
    mistakes=[
        (
            lambda lr, xi, L: lr * xi ** torch.arange(L + 2),
            "Reversed: here the embeddings learn fastest. They come first in the result, and learn slowest.",
        ),
        (
            lambda lr, xi, L: lr * xi ** torch.arange(L, -1, -1),
            "One is missing: there are L layers, the embeddings below them and the head above.",
        ),
        (
            lambda lr, xi, L: lr * xi ** torch.arange(L + 2, 0, -1),
            "The head has the full rate: nothing lies above it.",
        ),
        (
            lambda lr, xi, L: lr * torch.tensor([xi**k for k in [L, *range(L, 0, -1), 0]]),
            "The embeddings lie below the first layer: their rate is one factor lower than its.",
        ),
        (
            lambda lr, xi, L: lr / xi ** torch.arange(L + 1, -1, -1.0),
            "You divide by the factor, so rates grow towards the bottom.",
        ),
        (
            lambda lr, xi, L: lr * (1 - (1 - xi) * torch.arange(L + 1, -1, -1)),
            "You take the same amount away at each layer. Each rate is xi times the one above it.",
        ),
    ],
)


def stopped(losses: Tensor, patience: int) -> tuple[int, int]:
    best = 0
    for t, loss in enumerate(losses):
        if loss < losses[best]:
            best = t
        if t - best >= patience:
            return t, best
    return len(losses) - 1, best


def _in_a_row(losses: Tensor, patience: int) -> tuple[int, int]:
    rises = 0
    for t in range(1, len(losses)):
        rises = rises + 1 if losses[t] >= losses[t - 1] else 0
        if rises >= patience:
            return t, int(losses[: t + 1].argmin())
    return len(losses) - 1, int(losses.argmin())


def _ties_are_better(losses: Tensor, patience: int) -> tuple[int, int]:
    best = 0
    for t, loss in enumerate(losses):
        if loss <= losses[best]:
            best = t
        if t - best >= patience:
            return t, best
    return len(losses) - 1, best


FINETUNE["3.3-b"] = Exercise(
    solution=stopped,
    cases=[
        (torch.tensor([0.9, 0.6, 0.8, 0.7, 0.65, 0.7, 0.2]), 3),
        (torch.tensor([0.9, 0.5, 0.5, 0.6, 0.4, 0.4, 0.5, 0.1]), 2),
        (torch.tensor([0.9, 0.8, 0.7]), 2),
    ],
    mistakes=[
        (
            _in_a_row,
            "You count rises in a row. What counts is how long ago the lowest loss was, no matter what happened since.",
        ),
        (
            lambda losses, patience: (stopped(losses, patience)[0], stopped(losses, patience)[0]),
            "The first number is right. The weights that come back are those of the lowest loss, not the last.",
        ),
        (
            lambda losses, patience: stopped(losses, patience + 1),
            "One too late: training stops when `patience` measurements have brought nothing lower.",
        ),
        (
            lambda losses, patience: (int(losses.argmin()), int(losses.argmin())),
            "You look at all losses. When training stops, the later ones do not exist yet.",
        ),
        (
            lambda losses, patience: (stopped(losses, patience)[0], int(losses.argmin())),
            "You stop at the right time, and then look for the lowest loss among those that were never measured.",
        ),
        (_ties_are_better, "You take an equal loss for a better one. Only a lower one restarts the count."),
    ],
)


def mixed_loss(z: Tensor, y: Tensor, other: Tensor, share: Tensor) -> Tensor:
    own, others = (F.cross_entropy(z, labels, reduction="none") for labels in (y, y[other]))  # (B), (B)
    return (share * own + (1 - share) * others).mean()


def _mixed_case(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    g = torch.Generator().manual_seed(seed)
    B, K = 6, 3
    y, other = torch.randint(K, (B,), generator=g), torch.randperm(B, generator=g)
    return torch.randn(B, K, generator=g), y, other, torch.rand(B, generator=g)


FINETUNE["3.3-c"] = Exercise(
    solution=mixed_loss,
    cases=[_mixed_case(0), _mixed_case(1)],
    mistakes=[
        (
            lambda z, y, other, share: F.cross_entropy(z, y),
            "You forget the other text: it has gone into the logits, and its label counts by its share.",
        ),
        (
            lambda z, y, other, share: mixed_loss(z, y, other, 1 - share),
            "The shares are exchanged: `share` is that of the text itself.",
        ),
        (
            lambda z, y, other, share: (F.cross_entropy(z, y) + F.cross_entropy(z, y[other])) / 2,
            "Both labels count by half here. They count by the share that each text has in the mixture.",
        ),
        (
            lambda z, y, other, share: mixed_loss(z, y, other, share.mean()),
            "One share for all: each row of the batch has its own. Weight before you take the mean.",
        ),
        (
            lambda z, y, other, share: mixed_loss(z, y, other, share) * len(y),
            "That is the sum over the batch; return the mean.",
        ),
        (
            lambda z, y, other, share: (
                share * F.cross_entropy(z, y, reduction="none")
                + (1 - share) * F.cross_entropy(z[other], y[other], reduction="none")
            ).mean(),
            "You take the other row's logits with the other row's label. The mixture is one: its logits, both labels.",
        ),
    ],
)
