"""How many numbers a model has, by formula: in its layers, and in the tables that turn signs into vectors and back."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pyft.course.ch8_1_1_larger_models.recipes import LAYERS, LENGTH
from pyft.course.part1 import letters

Floats = NDArray[np.float64]


class Parameters(NamedTuple):
    """Those of the layers, which Kaplan et al. 2020 count, and those of the tables, which they leave out."""

    layers: int
    tables: int

    @property
    def total(self) -> int:
        """What Hoffmann et al. 2022 count."""
        return self.layers + self.tables


def parameters(d: int, V: int = letters.V, T: int = LENGTH, L: int = LAYERS) -> Parameters:
    """Of a Transformer of width d with L layers, 4 d wide inside, for V signs and rows of T.

    A layer has four matrices for attention and two around the inner layer, their biases, and
    two norms. Tables are the vectors of signs and places, and the map back to the signs.
    """
    layer = 4 * (d * d + d) + (4 * d * d + 4 * d) + (4 * d * d + d) + 2 * 2 * d
    return Parameters(L * layer + 2 * d, (V + T) * d + (V * d + V))


def slope_of_counts(d: Floats, V: int = letters.V, T: int = LENGTH, L: int = LAYERS) -> Floats:
    """d ln N / d ln N_total at each width, N the parameters of the layers: by what an exponent is multiplied.

    Both counts are polynomials in d: N = p d^2 + q d, and N_total has (2 V + T) d + V more.
    """
    p, q, more = 12 * L, 13 * L + 2, 2 * V + T
    of_layers = (2 * p * d + q) / (p * d + q)  # d ln N / d ln d
    of_total = d * (2 * p * d + q + more) / (p * d**2 + (q + more) * d + V)
    return np.asarray(of_layers / of_total)
