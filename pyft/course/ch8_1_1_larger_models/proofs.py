"""The proofs of section 8.1.1: slopes, fits and derivatives against libraries; parameters by count."""

from collections.abc import Iterator
from types import ModuleType

import numpy as np
import torch
from scipy.optimize import minimize_scalar

from pyft.course.ch8_1_1_larger_models import recipes
from pyft.course.ch8_1_1_larger_models.counts import Floats, parameters, slope_of_counts
from pyft.course.part1 import letters
from pyft.course.part1.networks import Transformer
from pyft.evidence.proofs import Case

KNOWN = (  # A, alpha, E of laws that a fit has to find again
    ([4.0], [0.4], 1.2),
    ([30.0], [0.9], 0.3),
    ([3.0, 60.0], [0.3, 0.45], 1.1),
    ([400.0, 2000.0], [0.5, 0.6], 1.6),
)


def sizes(k: int) -> Floats:
    """Sizes as in the runs: parameters alone, (9, 1), or with signs, (36, 2)."""
    N = np.array([float(parameters(d).layers) for d in recipes.WIDTHS])
    if k == 1:
        return N[:, None]
    D = np.array(recipes.SIGNS, dtype=float)
    return np.column_stack([np.repeat(N, len(D)), np.tile(D, len(N))])


def lines(m: ModuleType) -> Iterator[Case]:
    """A straight line in logarithms is numpy's, with noise and without, and finds a power law again."""
    rng, N = np.random.default_rng(0), sizes(1)[:, 0]
    for noise in (0.0, 0.01, 0.2):
        L = 6 * N**-0.12 * np.exp(noise * rng.normal(size=len(N)))
        A, alpha = m.straight_line(N, L)
        slope, height = np.polyfit(np.log(N), np.log(L), 1)
        yield f"noise {noise}, alpha", alpha, -slope, 1e-10
        yield f"noise {noise}, A", np.log(A), height, 1e-9
        if not noise:
            yield "the law again", [A, alpha], [6, 0.12], 1e-9


def losses(m: ModuleType) -> Iterator[Case]:
    """The law as it is written down, in places where no power overflows."""
    for A, alpha, E in KNOWN:
        X = sizes(len(A))
        law = m.Law(np.array(A), np.array(alpha), E)
        plain = E + sum(a * X[:, j] ** -p for j, (a, p) in enumerate(zip(A, alpha, strict=True)))
        yield f"{len(A)} powers, floor {E}", law.loss(X), plain, 1e-12
    huge = m.log_loss(np.array([800.0, 0.5, 0.0]), np.array([[1.0], [4.0]]))
    yield "no overflow", huge, [800.0, 800.0 - 0.5 * np.log(4)], 1e-9


def derivatives(m: ModuleType) -> Iterator[Case]:
    """The derivative by each number of the law is that of torch's autograd."""
    for A, alpha, E in KNOWN:
        X = sizes(len(A)) / 1000
        theta = np.array([*np.log(A), *alpha, np.log(E)])

        def log_loss(t: torch.Tensor, X: Floats = X) -> torch.Tensor:
            k, x = X.shape[1], torch.from_numpy(np.log(X))
            return torch.cat([t[:k] - t[k : 2 * k] * x, t[2 * k].expand(len(x), 1)], 1).logsumexp(1)

        reference = torch.autograd.functional.jacobian(log_loss, torch.from_numpy(theta))
        yield f"{len(A)} powers, floor {E}", m.jacobian(theta, X), reference, 1e-10


def fits(m: ModuleType) -> Iterator[Case]:
    """Without noise the law comes back; the best split of a budget is the one that a search finds."""
    for A, alpha, E in KNOWN:
        X = sizes(len(A))
        law = m.Law(np.array(A), np.array(alpha), E)
        found = m.fit(X, law.loss(X))
        yield f"{A}: exponents", found.alpha, alpha, 1e-4
        yield f"{A}: floor", found.E, E, 1e-4
        yield f"{A}: losses", found.loss(X), law.loss(X), 1e-6
        yield f"{A}: from a start", m.fit(X, law.loss(X), start=found).alpha, alpha, 1e-4
    law = m.Law(np.array([400.0, 2000.0]), np.array([0.34, 0.28]), 1.7)

    def best(C: float) -> float:
        """ln of the N of the lowest loss, where N D = C / 6."""
        cost = lambda n: float(law.loss(np.array([[np.exp(n), C / 6 / np.exp(n)]]))[0])  # noqa: E731
        return float(minimize_scalar(cost, bounds=(5, np.log(C) - 5), method="bounded", options={"xatol": 1e-9}).x)

    yield "how the best size grows", (best(1e22) - best(1e18)) / np.log(1e4), m.share_for_size(law), 1e-3


def counted() -> Iterator[Case]:
    """Parameters by formula are those of the network, and the slope of the two counts is that of a small step."""
    for d in (8, 12, 32):
        net = Transformer(letters.V, d, recipes.HEADS, recipes.LAYERS, recipes.LENGTH, dropout=0.0)
        tables = [net.vectors, net.places, net.out]
        outside = sum(p.numel() for part in tables for p in part.parameters())
        yield f"width {d}, tables", parameters(d).tables, outside, 0
        yield f"width {d}, all", parameters(d).total, sum(p.numel() for p in net.parameters()), 0
    for V, T in ((letters.V, recipes.LENGTH), (recipes.GPT2_VOCABULARY, recipes.GPT2_LENGTH)):
        for d in (16, 512, 4096):
            up, down = parameters(d + 1, V, T), parameters(d - 1, V, T)
            step = np.log(up.layers / down.layers) / np.log(up.total / down.total)
            yield f"{V} signs, width {d}, slope", slope_of_counts(np.array(float(d)), V, T), step, 5e-3
