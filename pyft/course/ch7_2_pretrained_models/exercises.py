"""The exercises of section 7.2: solutions, and the usual mistakes, each with its hint."""

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def parameters_of_a_layer(d: int, d_ff: int) -> int:
    attention = 4 * (d * d + d)
    feed_forward = d * d_ff + d_ff + d_ff * d + d
    norms = 2 * 2 * d
    return attention + feed_forward + norms


def _without_output(d: int, d_ff: int) -> int:
    return parameters_of_a_layer(d, d_ff) - (d * d + d)


def _without_biases(d: int, d_ff: int) -> int:
    return 4 * d * d + 2 * d * d_ff


def _without_norms(d: int, d_ff: int) -> int:
    return parameters_of_a_layer(d, d_ff) - 4 * d


EXERCISES["7.2-a"] = Exercise(
    solution=parameters_of_a_layer,
    cases=[(768, 3072), (384, 1536), (10, 30)],
    mistakes=[
        (_without_output, "Attention has four matrices: for queries, keys, values, and for what comes out."),
        (_without_biases, "The matrices alone are not all: there are biases, and two norms with gain and offset."),
        (_without_norms, "Two LayerNorms are missing, each with a gain and an offset of width d."),
    ],
)


def operations(T: int, d: int, d_ff: int) -> int:
    return 8 * d * d + 4 * d * d_ff + 4 * T * d


def _multiply_adds(T: int, d: int, d_ff: int) -> int:
    return operations(T, d, d_ff) // 2


def _without_scores(T: int, d: int, d_ff: int) -> int:
    return 8 * d * d + 4 * d * d_ff


def _of_the_text(T: int, d: int, d_ff: int) -> int:
    return T * operations(T, d, d_ff)


EXERCISES["7.2-b"] = Exercise(
    solution=operations,
    cases=[(128, 768, 3072), (512, 384, 1536), (3, 4, 8)],
    mistakes=[
        (_multiply_adds, "A multiplication and an addition are two operations."),
        (_without_scores, "Scores and weighted sums are products, too: of each token with all T, twice."),
        (_of_the_text, "This is the whole text. Divide by its number of tokens."),
    ],
)
