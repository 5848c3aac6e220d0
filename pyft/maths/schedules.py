"""Learning-rate schedules: the factor on the learning rate before each step.

All take the step (from 0), the number of steps of the whole training and the number of steps of the warm-up, so that
one can stand for another. They are those of `transformers`, with its convention: the factor before the first step of a
warm-up is 0, so the first step moves nothing (only the running means of the optimiser).
"""

import math

from pyft.errors import PyftError


def rise(step: int, total: int, warmup: int) -> float:
    """From 0 at step 0 straight up to 1 at step `warmup`, then 1; what all schedules begin with.

    Raises:
        PyftError: not whole numbers of steps with 0 <= step and 0 <= warmup <= total.
    """
    if any(n != int(n) for n in (step, total, warmup)) or step < 0 or not 0 <= warmup <= total:
        raise PyftError(
            f"step {step}, total {total}, warmup {warmup}: expected whole numbers of steps, warmup at most total. "
            "For a warm-up that is a share of the training write round(share * total)."
        )
    return step / warmup if step < warmup else 1.0


def constant(step: int, total: int, warmup: int) -> float:
    """Up to 1, then 1 (`get_constant_schedule_with_warmup`); raises as `rise` does."""
    return rise(step, total, warmup)


def linear(step: int, total: int, warmup: int) -> float:
    """Up to 1, then straight down to 0 at `total` (`get_linear_schedule_with_warmup`); raises as `rise` does.

    The schedule of BERT (Devlin et al. 2019, appendix A.2).
    """
    return rise(step, total, warmup) * min(1.0, max(0.0, (total - step) / max(1, total - warmup)))


def cosine(step: int, total: int, warmup: int) -> float:
    """Up to 1, then half a cosine down to 0 at `total` (`get_cosine_schedule_with_warmup`); raises as `rise` does.

    Loshchilov & Hutter 2017 (arXiv 1608.03983, equation 5) without restarts. Past `total` it rises again.
    """
    progress = max(0, step - warmup) / max(1, total - warmup)
    return rise(step, total, warmup) * 0.5 * (1 + math.cos(math.pi * progress))


def inverse_sqrt(step: int, total: int, warmup: int) -> float:
    """Up to 1, then down as one over the root of the step (`get_inverse_sqrt_schedule`); raises as `rise` does.

    Vaswani et al. 2017, section 5.3, scaled to a peak of 1. Without a warm-up the root begins at 10,000, as there.
    """
    timescale = warmup or 10_000
    return rise(step, total, warmup) * math.sqrt(timescale / max(timescale, step + timescale - warmup))
