"""The exercises of section 2.1.2: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def corrupt(ids: Tensor, chosen: Tensor, u: Tensor, words: Tensor, mask_id: int) -> tuple[Tensor, Tensor]:
    masked = chosen & (u < 0.8)
    swapped = chosen & (u >= 0.8) & (u < 0.9)  # the rest of the chosen stay as they are
    inputs = torch.where(swapped, words, ids.masked_fill(masked, mask_id))  # (B, T)
    return inputs, ids.masked_fill(~chosen, -100)  # labels where chosen: the kept ones too


def _corrupt_case(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor, int]:
    g = torch.Generator().manual_seed(seed)  # leaves torch's own generator alone
    ids, words = (torch.randint(5, 50, (2, 20), generator=g) for _ in range(2))
    chosen = torch.rand(2, 20, generator=g) < 0.6
    return ids, chosen, torch.rand(2, 20, generator=g), words, 4


def _inputs(ids: Tensor, chosen: Tensor, u: Tensor, words: Tensor, mask_id: int) -> Tensor:
    return corrupt(ids, chosen, u, words, mask_id)[0]


EXERCISES["2.1.2-a"] = Exercise(
    solution=corrupt,
    cases=[_corrupt_case(0), _corrupt_case(1)],
    mistakes=[
        (
            lambda ids, chosen, u, words, mask_id: (
                ids.masked_fill(chosen, mask_id),
                ids.masked_fill(~chosen, -100),
            ),
            "You mask every chosen token. One in ten becomes another word, and one in ten stays as it is.",
        ),
        (
            lambda ids, chosen, u, words, mask_id: (
                (x := _inputs(ids, chosen, u, words, mask_id)),
                ids.masked_fill(x == ids, -100),
            ),
            "Your labels are where the input changed. A chosen token that stays is predicted too: label all chosen.",
        ),
        (
            lambda ids, chosen, u, words, mask_id: (
                (x := _inputs(ids, chosen, u, words, mask_id)),
                ids.masked_fill(x != mask_id, -100),
            ),
            "Your labels are at [MASK] alone. Tokens that were swapped or kept are predicted too: label all chosen.",
        ),
        (
            lambda ids, chosen, u, words, mask_id: (_inputs(ids, chosen, u, words, mask_id), ids),
            "Your labels are the whole text: the loss would reward copying. Where nothing was chosen, put -100.",
        ),
        (
            lambda ids, chosen, u, words, mask_id: (
                (x := _inputs(ids, chosen, u, words, mask_id)),
                x.masked_fill(~chosen, -100),
            ),
            "Your labels are the inputs after they were changed. The answer is the token that stood there before.",
        ),
        (
            lambda ids, chosen, u, words, mask_id: (
                torch.where(u < 0.8, mask_id, torch.where(u < 0.9, words, ids)),
                ids.masked_fill(~chosen, -100),
            ),
            "You change tokens that were not chosen. Both changes need the mask `chosen`.",
        ),
    ],
)


def asked_for(p: float, copies: int, readings: int) -> tuple[float, float]:
    static = 1 - (1 - p) ** min(copies, readings)  # a copy read again asks for the same tokens
    return static, 1 - (1 - p) ** readings


EXERCISES["2.1.2-b"] = Exercise(
    solution=asked_for,
    cases=[(0.15, 10, 40), (0.4, 5, 3), (0.15, 1, 10)],
    mistakes=[
        (
            lambda p, copies, readings: (1 - (1 - p) ** copies, 1 - (1 - p) ** readings),
            "Nearly. With fewer readings than copies, some copies are never read: take the smaller number.",
        ),
        (
            lambda p, copies, readings: (p, 1 - (1 - p) ** readings),
            "That is one copy. Each has masks of its own; a second reading of the same copy asks nothing new.",
        ),
        (
            lambda p, copies, readings: (min(copies, readings) * p, readings * p),
            "You add the shares, and they can pass one. A token is missed by all draws with probability (1 - p)^n.",
        ),
        (
            lambda p, copies, readings: ((1 - p) ** min(copies, readings), (1 - p) ** readings),
            "That is the share that is never asked for. Take it from one.",
        ),
        (
            lambda p, copies, readings: (1 - (1 - p) ** readings, 1 - (1 - p) ** min(copies, readings)),
            "The two are the wrong way round: return static first, then dynamic.",
        ),
    ],
)
