"""What every prediction shares: no dropout, no gradients, and batches of texts of similar length."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import nn

T = TypeVar("T")


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Switch dropout off within, and back to what it was behind."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def in_batches(
    model: nn.Module, forward: Callable[[list[int]], Iterable[T]], lengths: Sequence[int], batch_size: int
) -> list[T]:
    """What `forward` gives for each of N texts, in their order.

    It is called with the indices of one batch after the other, in order of `lengths` (N): little padding. Within, the
    model has neither dropout nor gradients.
    """
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    found: dict[int, T] = {}
    with evaluation_mode(model), torch.inference_mode():
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            found.update(zip(batch, forward(batch), strict=True))
    return [found[i] for i in range(len(order))]
