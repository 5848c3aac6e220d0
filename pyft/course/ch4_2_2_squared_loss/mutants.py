"""Plausible mistakes in the code of section 4.2.2, one line each."""

from pyft.course.ch4_2_2_squared_loss import proofs
from pyft.mutation import Family, Mutant

PROOFS: dict[str, Family] = {"squared error": proofs.squared_error}
MUTANTS: list[Mutant] = [
    Mutant(
        "squared error halved",
        "losses",
        "(input - target).square()",
        "(input - target).square() / 2",
        "the textbook's half, for a gradient without the factor two: half the learning rate",
        run="BERT, ratings",
    ),
    Mutant(
        "absolute error",
        "losses",
        "(input - target).square()",
        "(input - target).abs()",
        "finds the median in place of the mean",
        run="BERT, ratings",
    ),
]
