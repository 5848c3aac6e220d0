"""The exercises of section 2.5: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def merged(ids: Tensor, a: int, b: int, new: int) -> Tensor:
    found, i = [], 0
    while i < len(ids):
        at = i + 1 < len(ids) and ids[i] == a and ids[i + 1] == b
        found.append(new if at else int(ids[i]))
        i += 2 if at else 1
    return torch.tensor(found)


def _overlapping(ids: Tensor, a: int, b: int, new: int) -> Tensor:
    at = [i + 1 < len(ids) and ids[i] == a and ids[i + 1] == b for i in range(len(ids))]
    gone = [i > 0 and at[i - 1] for i in range(len(ids))]
    return torch.tensor([new if at[i] else int(ids[i]) for i in range(len(ids)) if at[i] or not gone[i]])


def _first_only(ids: Tensor, a: int, b: int, new: int) -> Tensor:
    at = next((i for i in range(len(ids) - 1) if ids[i] == a and ids[i + 1] == b), None)
    return ids if at is None else torch.cat([ids[:at], torch.tensor([new]), ids[at + 2 :]])


def _not_shortened(ids: Tensor, a: int, b: int, new: int) -> Tensor:
    at = torch.zeros(len(ids), dtype=torch.bool)
    at[:-1] = (ids[:-1] == a) & (ids[1:] == b)
    return torch.where(at, new, ids)


EXERCISES["2.5-a"] = Exercise(
    solution=merged,
    cases=[
        (torch.tensor([3, 1, 1, 1, 2, 1, 1]), 1, 1, 9),
        (torch.tensor([4, 5, 4, 5, 5, 4]), 4, 5, 7),
    ],
    mistakes=[
        (
            _overlapping,
            "A token is used twice: of three equal ones in a row the first two are merged, and one is left.",
        ),
        (_first_only, "You merge the first occurrence alone. Every one from left to right is merged."),
        (_not_shortened, "The second half of a merged pair is still there: two tokens become one."),
    ],
)


def best_cut(score: Tensor) -> Tensor:
    best = torch.zeros(len(score), dtype=score.dtype)  # best[e]: of all cuts of the first e letters
    for e in range(1, len(score)):
        best[e] = (best[:e] + score[:e, e]).max()
    return best[-1]


def _greedy(score: Tensor) -> Tensor:
    at, total = 0, torch.zeros((), dtype=score.dtype)
    while at < len(score) - 1:
        ends = [e for e in range(at + 1, len(score)) if torch.isfinite(score[at, e])]
        total, at = total + score[at, ends[-1]], ends[-1]
    return total


def _local(score: Tensor) -> Tensor:
    at, total = 0, torch.zeros((), dtype=score.dtype)
    while at < len(score) - 1:
        e = int(score[at, at + 1 :].argmax()) + at + 1
        total, at = total + score[at, e], e
    return total


def _sum(score: Tensor) -> Tensor:
    best = torch.zeros(len(score), dtype=score.dtype)
    for e in range(1, len(score)):
        best[e] = (best[:e] + score[:e, e]).logsumexp(0)
    return best[-1]


def _scores(pieces: dict[tuple[int, int], float], T: int) -> Tensor:
    score = torch.full((T + 1, T + 1), -torch.inf, dtype=torch.float64)
    for (s, e), value in pieces.items():
        score[s, e] = value
    return score


EXERCISES["2.5-b"] = Exercise(
    solution=best_cut,
    cases=[
        (_scores({(0, 1): -1.0, (1, 2): -1.0, (2, 3): -1.0, (0, 2): -1.5, (1, 3): -1.2, (0, 3): -9.0}, 3),),
        (_scores({(0, 1): -2.0, (1, 2): -3.0, (2, 3): -2.5, (3, 4): -0.5, (0, 2): -2.5, (1, 4): -1.0}, 4),),
    ],
    mistakes=[
        (_greedy, "You take the longest piece each time, as WordPiece does. A shorter one may leave a better rest."),
        (_local, "You take the most probable next piece each time. Keep the best score up to every place instead."),
        (_sum, "That is the probability of the word over all its cuts. The best single cut is asked for: a maximum."),
    ],
)
