"""The exercises of section 1.2: solutions, and the usual mistakes, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def nucleus_shares(p: Tensor, mass: float) -> Tensor:
    ordered, place = p.sort(descending=True)
    likelier = ordered.cumsum(0) - ordered  # what those before it have together
    kept = torch.where(likelier < mass, ordered, 0.0)
    return torch.zeros_like(p).scatter(0, place, kept / kept.sum())


_P = torch.tensor([0.1, 0.45, 0.05, 0.25, 0.15])
_Q = torch.tensor([0.7, 0.02, 0.2, 0.08])
EXERCISES["1.2-a"] = Exercise(
    solution=nucleus_shares,
    cases=[(_P, 0.6), (_Q, 0.5), (_P, 0.88)],
    mistakes=[
        (
            lambda p, mass: torch.where(p >= mass, p, 0.0) / torch.where(p >= mass, p, 0.0).sum().clamp(min=1e-9),
            "You keep what is likelier than `mass` by itself. Add up from the likeliest on, until `mass` is reached.",
        ),
        (
            lambda p, mass: _kept_below(p, mass),
            "The one that reaches `mass` belongs to the nucleus. Look at what those before it have together.",
        ),
        (
            lambda p, mass: nucleus_shares(p, mass) * _total(p, mass),
            "What is kept no longer adds up to one. Divide by its sum.",
        ),
        (
            lambda p, mass: nucleus_shares(p, mass).sort(descending=True).values,
            "These are in the order of their size. Put each back where it came from.",
        ),
    ],
)


def _kept_below(p: Tensor, mass: float) -> Tensor:
    ordered, place = p.sort(descending=True)
    kept = torch.where(ordered.cumsum(0) <= mass, ordered, 0.0)
    return torch.zeros_like(p).scatter(0, place, kept / kept.sum().clamp(min=1e-9))


def _total(p: Tensor, mass: float) -> Tensor:
    return p[nucleus_shares(p, mass) > 0].sum()


def span(start: Tensor, end: Tensor, longest: int) -> tuple[int, int]:
    total = start[:, None] + end  # (T, T)
    allowed = torch.ones_like(total).triu().tril(longest - 1) > 0  # i <= j < i + longest
    at = int(total.masked_fill(~allowed, -torch.inf).argmax())
    return at // len(start), at % len(start)


_START = torch.tensor([0.5, 3.0, 0.0, 1.0, 2.5])
_END = torch.tensor([2.0, 0.5, 1.5, 0.0, 3.0])
_LATE = torch.tensor([1.0, 0.0, 0.0, 4.0])
_EARLY = torch.tensor([5.0, 1.0, 2.5, 0.5])
EXERCISES["1.2-b"] = Exercise(
    solution=span,
    cases=[(_START, _END, 2), (_LATE, _EARLY, 4), (_START, _END, 3), (_EARLY, _LATE, 3)],
    mistakes=[
        (
            lambda start, end, longest: (int(start.argmax()), int(end.argmax())),
            "Each end is the best by itself, and the answer may end before it begins. Choose the best allowed pair.",
        ),
        (
            lambda start, end, longest: span(start, end, len(start)),
            "Your answer may be too long: it has at most `longest` tokens.",
        ),
        (
            lambda start, end, longest: span(start, end, longest + 1),
            "One token too many: from i to i + longest are longest + 1 of them.",
        ),
        (
            lambda start, end, longest: (int(start.argmax()), _end_after(start, end, longest)),
            "You fix the beginning first. A second-best beginning may have a better end: compare the sums of pairs.",
        ),
    ],
)


def _end_after(start: Tensor, end: Tensor, longest: int) -> int:
    i = int(start.argmax())
    return i + int(end[i : i + longest].argmax())
