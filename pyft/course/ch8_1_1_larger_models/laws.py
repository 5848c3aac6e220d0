"""Power laws of a loss, and their fits: a straight line in logarithms, and a sum of powers above a floor.

X is (n, k): in its columns what is scaled, such as parameters and signs; L (n,) are losses in nats.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

Floats = NDArray[np.float64]
LEAST = -15.0  # the lowest ln E that a fit may give, which is no floor to six digits


def straight_line(N: Floats, L: Floats) -> tuple[float, float]:
    """A and alpha of L = A / N^alpha, by least squares in logarithms: (A, alpha)."""
    x, y = np.log(N), np.log(L)
    c = x - x.mean()
    alpha = -(c @ y) / (c @ c)
    return float(np.exp(y.mean() + alpha * x.mean())), float(alpha)


# --- a sum of powers above a floor ------------------------------------------------------------------------------------


def log_terms(theta: Floats, X: Floats) -> Floats:
    """The logarithms of A_j / X_j^alpha_j and of the floor E, (n, k + 1); theta is (ln A_1.., alpha_1.., ln E)."""
    k = X.shape[1]
    a, alpha, e = theta[:k], theta[k : 2 * k], theta[2 * k]
    return np.column_stack([a - alpha * np.log(X), np.full(len(X), e)])


def log_loss(theta: Floats, X: Floats) -> Floats:
    """ln(E + sum_j A_j / X_j^alpha_j), (n,). Without the largest term, no power overflows."""
    terms = log_terms(theta, X)
    largest = terms.max(1)
    return np.asarray(largest + np.log(np.exp(terms - largest[:, None]).sum(1)))


def jacobian(theta: Floats, X: Floats) -> Floats:
    """d log_loss / d theta, (n, 2 k + 1): each term's share, times its own derivative."""
    k = X.shape[1]
    # (n, k + 1); each row adds up to one
    share = np.exp(log_terms(theta, X) - log_loss(theta, X)[:, None])
    return np.column_stack([share[:, :k], -share[:, :k] * np.log(X), share[:, k]])


@dataclass(frozen=True)
class Law:
    """L = E + sum_j A_j / X_j^alpha_j, j the columns of X."""

    A: Floats
    alpha: Floats
    E: float

    @property
    def floorless(self) -> bool:
        """Whether a fit left the floor at its bound."""
        return bool(np.exp(LEAST + 1e-3) >= self.E)

    def loss(self, X: Floats) -> Floats:
        """In nats, (n,)."""
        with np.errstate(divide="ignore"):
            theta = np.array([*np.log(self.A), *self.alpha, np.log(self.E)])
        return np.asarray(np.exp(log_loss(theta, X)))


def fit(X: Floats, L: Floats, start: Law | None = None, most: int | None = None) -> Law:
    """Fit the law by least squares of ln L, from several starts or from one.

    It ends after `most` looks at the law, if that is given, and then goes by scipy's default,
    which takes short steps; otherwise by "dogbox", which arrives at a bound where the default
    creeps towards it for hundreds of steps. Hoffmann et al. 2022, section 3.3, minimise Huber's
    loss of the same residuals. X is divided by its geometric mean on the way: far from one, A
    and alpha can hardly be told apart.
    """
    k, y = X.shape[1], np.log(L)
    middle = np.exp(np.log(X).mean(0))  # (k,)
    x = X / middle
    lowest = [-15.0] * k + [0.0] * k + [LEAST]
    highest = [5.0] * k + [4.0] * k + [float(y.min())]

    def solved(theta: Floats) -> tuple[float, Floats]:
        inside = np.clip(theta, np.add(lowest, 1e-6), np.subtract(highest, 1e-6))
        found = least_squares(
            lambda t: log_loss(t, x) - y,
            inside,
            lambda t: jacobian(t, x),
            bounds=(lowest, highest),
            method="trf" if most else "dogbox",
            max_nfev=most,
            ftol=1e-12,
            xtol=1e-12,
            gtol=1e-12,
        )
        return float(found.cost), found.x

    starts = [_centred(start, middle)] if start else _starts(L, k)
    _, theta = min((solved(theta) for theta in starts), key=lambda pair: pair[0])
    alpha = theta[k : 2 * k]
    return Law(np.exp(theta[:k]) * middle**alpha, alpha, float(np.exp(theta[2 * k])))


def _centred(law: Law, middle: Floats) -> Floats:
    return np.array([*(np.log(law.A) - law.alpha * np.log(middle)), *law.alpha, np.log(law.E)])


def _starts(L: Floats, k: int) -> Sequence[Floats]:
    """Starts in which the floor is a share of the lowest loss, and the powers share what is left in the middle."""
    made = []
    for share, alpha in product((0.2, 0.6, 0.9), (0.2, 0.7)):
        E = share * L.min()
        made.append(np.array([*[np.log((np.median(L) - E) / k)] * k, *[alpha] * k, np.log(E)]))
    return made


def share_for_size(law: Law) -> float:
    """a in N_opt ~ C^a, if C = 6 N D operations are to be spent as well as can be (Hoffmann et al. 2022, equation 4).

    The law's columns are N and D, in this order.
    """
    alpha, beta = law.alpha
    return float(beta / (alpha + beta))
