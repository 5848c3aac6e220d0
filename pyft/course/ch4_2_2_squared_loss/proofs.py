"""The proofs of section 4.2.2: ours against the library's, case by case."""

from collections.abc import Iterator
from functools import partial
from itertools import product

from torch.nn import functional as F

from pyft.course.part4.loss_cases import TOL, both, case_name, differences, logits, value_and_gradient
from pyft.evidence.proofs import Case
from pyft.mutation import Maths


def squared_error(m: Maths) -> Iterator[Case]:
    """Squared error: every shape and reduction, values and gradients; the gradient is 2 (input - target) / N."""
    for reduction, (seed, shape), dtype in product(("mean", "sum", "none"), enumerate([(6,), (2, 3), (1,), ()]), TOL):
        x, y = (logits(seed + s, shape, dtype) for s in (0, 100))
        ours = value_and_gradient(m.losses.mse, x, y, reduction=reduction)
        reference = value_and_gradient(F.mse_loss, x, y, reduction=reduction)
        yield from both(case_name(shape, dtype, reduction), ours, reference, TOL[dtype])
    x, y = logits(0, (6,)), logits(1, (6,))
    _, gradient = value_and_gradient(m.losses.mse, x, y)
    yield "mse, derived gradient", gradient, 2 * (x - y) / 6, 1e-10
    yield "mse, finite differences", gradient, differences(partial(m.losses.mse, target=y), x), 1e-8
