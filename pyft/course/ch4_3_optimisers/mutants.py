"""Plausible mistakes in the code of section 4.3, one line each."""

from pyft.course.ch4_3_optimisers import proofs as proofs_optim
from pyft.mutation import Family, Mutant

PROOFS: dict[str, Family] = {
    "schedules": proofs_optim.schedules,
    "SGD": proofs_optim.sgd,
    "Adam": proofs_optim.adam,
    "AdamW": proofs_optim.adamw,
    "algorithm 2": proofs_optim.algorithm_2,
    "misprint": proofs_optim.misprint,
    "without bias correction": proofs_optim.without_correction,
    "resumed": proofs_optim.resumed,
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
        "the outline's AdamW",
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
        "epsilon inside the root",
        "optim",
        "v_hat.sqrt_().add_(eps)",
        "v_hat.add_(eps).sqrt_()",
        "a gradient of zero is divided by the root of epsilon, ten thousand times more",
    ),
    Mutant(
        "epsilon after the quotient",
        "optim",
        "return m_hat, v_hat.sqrt_().add_(eps)",
        "return m_hat + eps * v_hat.sqrt(), v_hat.sqrt_()",
        "`v / sqrt(s) + eps`, in a widely used textbook's Adam (d2l, TensorFlow tab)",
    ),
    Mutant(
        "bias correction frozen at the first step",
        "optim",
        'state["t"] = t = state["t"] + 1',
        'state["t"] = t = 1',
        "t is never counted up (d2l, TensorFlow tab)",
    ),
    Mutant(
        "steps counted from zero",
        "optim",
        'state["t"] = t = state["t"] + 1',
        't, state["t"] = state["t"], state["t"] + 1',
        "the first correction divides by zero",
    ),
    Mutant(
        "no bias correction",
        "optim",
        "if not bias_correction:",
        "if True:",
        "the first BERT code: early steps several times too long",
    ),
    Mutant(
        "no root",
        "optim",
        "return m_hat, v_hat.sqrt_().add_(eps)",
        "return m_hat, v_hat.add_(eps)",
        "the step as a widely read annotated implementation states it (labml)",
    ),
    Mutant(
        "betas swapped",
        "optim",
        "(beta_1, beta_2), m, v =",
        "(beta_2, beta_1), m, v =",
        "the mean remembers long and the square forgets",
    ),
    Mutant(
        "gradient not squared",
        "optim",
        "addcmul_(g, g, value=1 - beta_2)",
        "add_(g.abs(), alpha=1 - beta_2)",
        "the root of the mean size: the step depends on the scale of the loss",
    ),
    Mutant(
        "momentum that does not build up",
        "optim",
        'state["b"].mul_(momentum).add_(g)',
        'state["b"].mul(momentum).add(g)',
        "one underscore missing: the sum is never kept",
        run="BERT, SGD with momentum",
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
