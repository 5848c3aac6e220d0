"""The exercises of section 8.2.3: solutions, and the usual mistakes, each with its hint."""

import math

from torch import Tensor

from pyft.course.exercise_tools import normal
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def merged(W: Tensor, A: Tensor, B: Tensor, alpha: float) -> Tensor:
    r = len(A)
    return W + alpha / r * (B @ A)


_CASES = [
    (normal(4, 4), normal(2, 4, seed=1), normal(4, 2, seed=2), 6.0),
    (normal(5, 5, seed=3), normal(3, 5, seed=4), normal(5, 3, seed=5), 12.0),
]
EXERCISES["8.2.3-a"] = Exercise(
    solution=merged,
    cases=_CASES,
    mistakes=[
        (lambda W, A, B, alpha: W + B @ A, "The scale is missing: what is learnt counts alpha over r times."),
        (
            lambda W, A, B, alpha: W + alpha * (B @ A),
            "You multiply by alpha alone. Divide by the rank, which is the number of rows of A.",
        ),
        (
            lambda W, A, B, alpha: W + alpha / math.sqrt(len(A)) * (B @ A),
            "That is the rank-stabilised scale, with the root. LoRA as it was published divides by r itself.",
        ),
        (
            lambda W, A, B, alpha: W + alpha / len(A) * (B @ A).T,
            "Transposed: W takes x from the right, as B A does. On a square matrix nothing warns you.",
        ),
        (
            lambda W, A, B, alpha: alpha / len(A) * (B @ A),
            "This is what was learnt. The matrix that it belongs to must be added.",
        ),
        (
            lambda W, A, B, alpha: W + alpha / W.shape[0] * (B @ A),
            "You divide by d. The rank is the number of rows of A.",
        ),
    ],
)


def lora_parameters(d: int, L: int, r: int, matrices: int) -> int:
    return L * matrices * 2 * r * d


EXERCISES["8.2.3-b"] = Exercise(
    solution=lora_parameters,
    cases=[(384, 6, 8, 2), (768, 12, 4, 4)],
    mistakes=[
        (
            lambda d, L, r, matrices: L * matrices * r * d,
            "That is one factor for each matrix. A has r rows of d numbers, and B has d rows of r.",
        ),
        (
            lambda d, L, r, matrices: matrices * 2 * r * d,
            "That is one layer. Each of the L layers has its own pair for each matrix.",
        ),
        (lambda d, L, r, matrices: L * 2 * r * d, "That is one matrix a layer. How many of them get a pair?"),
        (
            lambda d, L, r, matrices: L * matrices * d * d,
            "That is what the matrices themselves have. The two factors are thin: r by d, and d by r.",
        ),
        (
            lambda d, L, r, matrices: L * matrices * (2 * r * d + d),
            "There is no bias in A and none in B: nothing is added but their product.",
        ),
    ],
)


def bytes_for_learning(learnt: int, frozen: int) -> int:
    weights = 4 * (learnt + frozen)
    gradients = 4 * learnt
    moments = 2 * 4 * learnt
    return weights + gradients + moments


EXERCISES["8.2.3-c"] = Exercise(
    solution=bytes_for_learning,
    cases=[(1_000, 9_000), (22_700_000, 0)],
    mistakes=[
        (
            lambda learnt, frozen: 16 * (learnt + frozen),
            "You keep gradients and moments for frozen numbers. They have neither.",
        ),
        (lambda learnt, frozen: 16 * learnt, "Frozen numbers have no gradient, but they must still be in memory."),
        (
            lambda learnt, frozen: 4 * frozen + 12 * learnt,
            "One copy is missing. For each number that learns: itself, its gradient, and AdamW's two moments.",
        ),
        (
            lambda learnt, frozen: 4 * frozen + 8 * learnt,
            "AdamW keeps two running means for each number that learns. They need memory like its gradient.",
        ),
        (lambda learnt, frozen: 4 * learnt + frozen, "These are numbers. A number of single precision has four bytes."),
    ],
)
