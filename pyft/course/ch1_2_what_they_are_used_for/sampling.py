"""From probabilities of the next sign to a text: temperature, top-k and nucleus, each a function of logits."""

import random
from collections.abc import Callable

import torch
from torch import Tensor

from pyft.course.part1.counts import MARK, STOP, Counts

Cut = Callable[[Tensor], Tensor]  # logits (V) -> logits (V)


def temperature(logits: Tensor, t: float) -> Tensor:
    """Divide by t: below one the likely becomes likelier, above one all come closer. (..., V) -> (..., V)."""
    return logits / t


def top_k(logits: Tensor, k: int) -> Tensor:
    """Keep the k likeliest, and those that are as likely as the last of them; Fan et al. 2018, section 5.4."""
    last = logits.topk(min(k, logits.size(-1))).values[..., -1:]
    return logits.masked_fill(logits < last, -torch.inf)


def nucleus(logits: Tensor, p: float) -> Tensor:
    """Keep the likeliest until they have probability p together, at least one; Holtzman et al. 2020, section 3.1."""
    ordered, place = logits.sort(descending=True)
    share = ordered.softmax(-1)
    likelier = share.cumsum(-1) - share  # what those before it have together; zero for the first
    dropped = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, place, likelier >= p)
    return logits.masked_fill(dropped, -torch.inf)


def logits_of(model: Counts, before: str) -> Tensor:
    """The logarithms of a model's probabilities after `before`, in the order of `model.signs`. (V)."""
    return torch.tensor([model.p(sign, before) for sign in model.signs], dtype=torch.float64).log()


def write(model: Counts, cut: Cut, generator: random.Random, length: int = 150) -> str:
    """A text drawn sign by sign from what `cut` leaves, until it ends or is `length` signs long."""
    row = MARK
    while len(row) <= length:
        shares = cut(logits_of(model, row[max(0, len(row) - model.n + 1) :])).softmax(-1)
        sign = generator.choices(model.signs, shares.tolist())[0]
        if sign == STOP:
            break
        row += sign
    return row[1:]
