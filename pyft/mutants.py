"""Plausible mistakes in the hand-written mathematics, one line each, and the hunt for them with the page's proofs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pyft import proofs_losses, proofs_optim
from pyft.errors import PyftError
from pyft.evidence import Case, ProofError, same
from pyft.maths import Maths, mutated

Family = Callable[[Maths], Iterator[Case]]  # a family of proofs: cases of ours against the library's


class SurvivedError(AssertionError):
    """No proof noticed a mutant: the proofs have a hole."""


@dataclass(frozen=True)
class Mutant:
    """A mistake: `old` becomes `new` in `pyft/{module}.py`. `note` says what it is, or who published it."""

    name: str
    module: str
    old: str
    new: str
    note: str

    def lines(self) -> tuple[str, str]:
        """The lines that differ, as they were and as they are."""
        old, new = ([line.strip() for line in text.splitlines()] for text in (self.old, self.new))
        was, now = [line for line in old if line not in new], [line for line in new if line not in old]
        return "; ".join(was), "; ".join(now)


def hunt(mutant: Mutant, families: dict[str, Family]) -> str:
    """Which proof catches the mutant, and how: the first that fails. An exception catches it as well.

    Raises:
        SurvivedError: all proofs pass.
        PyftError: the mutant does not fit the source.
    """
    broken = mutated(mutant.module, mutant.old, mutant.new)
    for name, family in families.items():
        try:
            for what, ours, reference, tol in family(broken):
                same(f"{name}, {what}", ours, reference, tol)
        except ProofError as error:
            return str(error)
        except PyftError:
            raise
        except Exception as error:
            return f"{name}: {type(error).__name__}"
    raise SurvivedError(f"mutant {mutant.name!r} survives: {', '.join(families)} all pass on it")


COLUMNS = ("mistake", "what it is", "as it was", "as it is", "caught by")


def table(mutants: list[Mutant], families: dict[str, Family]) -> list[list[str]]:
    """One row a mutant for `plots.table` with `COLUMNS`, each hunted now; how far it was off is left out.

    Raises: as `hunt` does.
    """
    return [[m.name, m.note, *m.lines(), hunt(m, families).split(": largest difference")[0]] for m in mutants]


# --- losses (page 4.2) ------------------------------------------------------------------------------------------------

LOSS_PROOFS: dict[str, Family] = {
    "labels": proofs_losses.cross_entropy,
    "soft targets": proofs_losses.soft_targets,
    "derived gradient": proofs_losses.derived_gradient,
    "large logits": proofs_losses.stable,
    "squared error": proofs_losses.squared_error,
}

LOSSES: list[Mutant] = [
    Mutant(
        "softmax before cross-entropy",
        "losses",
        "log_softmax(z)",
        "log_softmax(z.softmax(-1))",
        "the model's last layer is a softmax, and the loss takes another of it",
    ),
    Mutant(
        "no shift",
        "losses",
        "c = z.amax(-1, keepdim=True).detach()",
        "c = torch.zeros_like(z[..., :1])",
        "exp of the logits as they are: right until one of them overflows",
    ),
    Mutant(
        "labels off by one",
        "losses",
        "y = y.where(kept, 0)",
        "y = y.where(kept, 0).sub(1).clamp(0)",
        "labels that count from zero, taken to count from one",
    ),
    Mutant(
        "ignored positions in the mean",
        "losses",
        "share = w[y] * kept",
        "share = w[y]",
        "they add nothing above the line and are counted below it",
    ),
    Mutant(
        "ignored positions in the loss",
        "losses",
        "loss.masked_fill(~kept, 0)",
        "loss",
        "padding is trained to be class 0",
    ),
    Mutant(
        "weights not in the denominator",
        "losses",
        "share = w[y] * kept",
        "share = 1.0 * kept",
        "a weighted sum divided by a count: another learning rate in every batch",
    ),
    Mutant(
        "smoothing over the wrong classes",
        "losses",
        "label_smoothing / K *",
        "label_smoothing / (K - 1) *",
        "the share spread as if the right class got none of it",
    ),
    Mutant(
        "smoothing added on top",
        "losses",
        "(1 - label_smoothing) * loss",
        "loss",
        "targets that sum to more than one",
    ),
    Mutant(
        "logarithm to base two",
        "losses",
        ".sum(-1, keepdim=True).log()",
        ".sum(-1, keepdim=True).log2()",
        "bits mixed with nats",
    ),
    Mutant(
        "sum instead of mean",
        "losses",
        "return loss.sum() / share.sum()",
        "return loss.sum()",
        "the outline's formula: the learning rate grows with the batch",
    ),
    Mutant(
        "squared error halved",
        "losses",
        "(input - target).square()",
        "(input - target).square() / 2",
        "the textbook's half, for a gradient without the factor two: half the learning rate",
    ),
    Mutant(
        "absolute error",
        "losses",
        "(input - target).square()",
        "(input - target).abs()",
        "finds the median in place of the mean",
    ),
]

# --- optimisers and schedules (page 4.3) ------------------------------------------------------------------------------

OPTIMISER_PROOFS: dict[str, Family] = {
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

OPTIMISERS: list[Mutant] = [
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
    ),
    Mutant(
        "a line that never reaches zero",
        "schedules",
        "(total - step) / max",
        "(total - step + 1) / max",
        "one step too many in the numerator",
    ),
]
