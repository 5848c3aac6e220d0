"""The exercises of section 4.1.2: solutions by hand, and the mistakes that people make, each with its hint."""

from torch import Tensor

from pyft.course.exercise_tools import normal
from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def split_heads(x: Tensor, h: int) -> Tensor:
    B, T, d = x.shape
    return x.view(B, T, h, d // h).transpose(1, 2)  # (B, h, T, d_k)


EXERCISES["4.1.2-a"] = Exercise(
    solution=split_heads,
    cases=[(normal(2, 3, 8), 4), (normal(1, 5, 6, seed=1), 2)],
    mistakes=[
        (
            lambda x, h: x.reshape(x.shape[0], h, x.shape[1], -1),
            "The shape is right, the numbers are not: a view cuts each row's numbers in the order of memory, "
            "so that a head holds pieces of few tokens. Split the width first, then move the axis.",
        ),
        (
            lambda x, h: x.reshape(*x.shape[:2], -1, h).permute(0, 3, 1, 2),
            "Your heads take every h-th column. Head i owns d_k columns side by side: the axis of heads comes first "
            "when the width is split.",
        ),
        (
            lambda x, h: x.reshape(*x.shape[:2], h, -1),
            "The width is split, but a matrix product works on the last two axes: "
            "they must be tokens and d_k, with the heads before them.",
        ),
    ],
)


def attention_parameters(d: int, h: int) -> int:
    d_k = d // h
    one_head = 3 * (d * d_k + d_k)  # W_i^Q, W_i^K, W_i^V and their biases
    return h * one_head + d * d + d  # then W^O and its bias: h cancels, 4 (d^2 + d)


EXERCISES["4.1.2-b"] = Exercise(
    solution=attention_parameters,
    cases=[(768, 12), (512, 8), (6, 3)],
    mistakes=[
        (
            lambda d, h: h * 4 * (d * d + d),
            "You give each head the full width. A head has width d / h, so that the number of heads cancels.",
        ),
        (lambda d, h: 4 * d * d, "The four matrices are right. Each has a bias as well."),
        (lambda d, h: 3 * (d * d + d), "Queries, keys and values are right. W^O, after the heads, has parameters too."),
        (
            lambda d, h: 3 * (d * (d // h) + d // h) + d * d + d,
            "That is one head and W^O. There are h heads.",
        ),
    ],
)


def attention_multiply_adds(B: int, T: int, d: int, h: int) -> int:
    d_k = d // h
    projections = 4 * B * T * d * d  # x W for queries, keys, values and output
    scores = B * h * T * T * d_k  # Q K^T in each head
    mixing = B * h * T * T * d_k  # A V in each head
    return projections + scores + mixing  # h cancels; the products equal the projections at T = 2 d


EXERCISES["4.1.2-c"] = Exercise(
    solution=attention_multiply_adds,
    cases=[(1, 2, 4, 2), (2, 128, 768, 12), (1, 512, 64, 4)],
    mistakes=[
        (
            lambda B, T, d, h: 4 * B * T * d * d,
            "Those are the four projections. The products of queries with keys, and of weights with values, "
            "grow with the square of T.",
        ),
        (
            lambda B, T, d, h: 4 * B * T * d * d + 2 * B * h * T * T * d,
            "You count each head at full width. A head's vectors have d / h numbers, so that h cancels.",
        ),
        (
            lambda B, T, d, h: 4 * B * T * d * d + B * T * T * d,
            "One product of size T by T is missing: the scores are one, the weighted sum of the values is the other.",
        ),
        (
            lambda B, T, d, h: 3 * B * T * d * d + 2 * B * T * T * d,
            "A projection is missing: queries, keys and values make three, W^O is the fourth.",
        ),
        (
            lambda B, T, d, h: 2 * (4 * B * T * d * d + 2 * B * T * T * d),
            "Twice too many: these are floating-point operations. A multiplication and its addition are one here.",
        ),
    ],
)
