"""Plausible mistakes in the code of section 4.3.2, one line each."""

from pyft.course.ch4_3_2_adamw import proofs
from pyft.mutation import Family, Mutant

PROOFS: dict[str, Family] = {
    "schedules": proofs.schedules,
    "AdamW": proofs.adamw,
    "algorithm 2": proofs.algorithm_2,
    "misprint": proofs.misprint,
    "resumed": proofs.resumed,
}
_ADAMW_STEP = """        theta.mul_(1 - lr * weight_decay)
        m_hat, root = moments(g, state, **settings)
        theta.addcdiv_(m_hat, root, value=-lr)
"""
MUTANTS: list[Mutant] = [
    Mutant(
        "decay inside the adaptive scaling",
        "optim",
        _ADAMW_STEP,
        _ADAMW_STEP.replace("theta.mul_(1 - lr * weight_decay)\n        ", "").replace(
            "(m_hat,", "(m_hat + weight_decay * theta,"
        ),
        "the common misprint of AdamW",
    ),
    Mutant(
        "L2 in place of decay",
        "optim",
        "theta.mul_(1 - lr * weight_decay)",
        "g = g + weight_decay * theta",
        "Adam with L2, what AdamW was made to replace",
    ),
    Mutant(
        "decay of the running mean",
        "optim",
        "theta.mul_(1 - lr * weight_decay)",
        "state.get('m', g).mul_(1 - lr * weight_decay)",
        "the right factor on the wrong tensor",
    ),
    Mutant(
        "decay without the learning rate",
        "optim",
        "theta.mul_(1 - lr * weight_decay)",
        "theta.mul_(1 - weight_decay)",
        "the paper's lambda taken for torch's, which is multiplied by the rate",
    ),
    Mutant(
        "warm-up one step early",
        "schedules",
        "step / warmup if",
        "(step + 1) / warmup if",
        "a sensible convention, but not the library's",
    ),
    Mutant(
        "a whole cosine",
        "schedules",
        "math.cos(math.pi * progress)",
        "math.cos(2 * math.pi * progress)",
        "down to zero half way, and up again",
        run="BERT, cosine",
    ),
    Mutant(
        "a line that never reaches zero",
        "schedules",
        "(total - step) / max",
        "(total - step + 1) / max",
        "one step too many in the numerator",
    ),
]
