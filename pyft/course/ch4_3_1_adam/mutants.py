"""Plausible mistakes in the code of section 4.3.1, one line each."""

from pyft.course.ch4_3_1_adam import proofs
from pyft.mutation import Family, Mutant

PROOFS: dict[str, Family] = {
    "SGD": proofs.sgd,
    "Adam": proofs.adam,
    "without bias correction": proofs.without_correction,
}
MUTANTS: list[Mutant] = [
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
        "v / sqrt(s) + eps, in a widely used textbook's Adam (d2l, TensorFlow tab)",
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
        "a slip in one sentence of a widely read annotated implementation (labml)",
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
]
