"""A little language: a walk over a few tokens, in which the next token depends on the present one alone.

Its best possible losses can be computed, so that a network can be held against them. What is hidden in a text follows
from the sums forward and backward (Rabiner 1989, Proceedings of the IEEE 77(2), section III).
"""

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from pyft.maths.losses import cross_entropy
from pyft.maths.objectives import IGNORED, masked_lm, permutation_lm

V, T = 8, 16  # tokens of the language, tokens of a text
MASK = V  # one token more, which the language itself never says
P = (1.5 * torch.randn(V, V, dtype=torch.float64, generator=Generator().manual_seed(0))).softmax(-1)  # (V, V)


def stationary(P: Tensor) -> Tensor:
    """How often each token occurs in a long walk by the table P (V, V): (V,)."""
    return torch.linalg.matrix_power(P, 1000)[0]


OFTEN = stationary(P)  # (V,)
H_COUNT = -(OFTEN * OFTEN.log()).sum().item()  # entropy of a token alone: the line to beat, in nats
H_NEXT = -(OFTEN[:, None] * P * P.log()).sum().item()  # of a token, given the one before


def speak(n: int, generator: Generator | None = None) -> Tensor:
    """n texts of the language, (n, T)."""
    texts = torch.multinomial(OFTEN.expand(n, V), 1, generator=generator)  # (n, 1)
    for _ in range(T - 1):
        following = torch.multinomial(P[texts[:, -1]], 1, generator=generator)
        texts = torch.cat([texts, following], 1)
    return texts


def posterior(seen: Tensor, P: Tensor) -> Tensor:
    """The probability of each token at each place, given all that is seen: (N, T, V).

    `seen` (N, T, V) says how likely each token makes what is seen at a place; all ones: nothing is seen there.
    """
    ahead, behind = seen.clone(), torch.ones_like(seen)
    ahead[:, 0] *= stationary(P)
    for t in range(1, seen.size(1)):
        ahead[:, t] *= ahead[:, t - 1] @ P
        ahead[:, t] /= ahead[:, t].sum(-1, keepdim=True)  # keeps numbers from dwindling
    for t in reversed(range(seen.size(1) - 1)):
        behind[:, t] = (behind[:, t + 1] * seen[:, t + 1]) @ P.T
        behind[:, t] /= behind[:, t].sum(-1, keepdim=True)
    both = ahead * behind
    return both / both.sum(-1, keepdim=True)


def best_mlm(texts: Tensor, p: float = 0.15, generator: Generator | None = None) -> float:
    """The smallest loss (nats a target) that masked language modelling allows on these texts (N, T).

    The reader of a text does not know which tokens were swapped; Bayes' rule allows for it.
    """
    inputs, labels = masked_lm(texts, torch.zeros_like(texts).bool(), MASK, V, p, generator)
    at, visible = labels != IGNORED, inputs != MASK
    same, anything = torch.eye(V, dtype=torch.float64), torch.full((V, V), 1 / V, dtype=torch.float64)
    if_chosen = 0.1 * same + 0.1 * anything  # how a chosen token comes to read so, unmasked
    at_all = (1 - p) * same + p * if_chosen  # the same, not knowing whether it was chosen
    seen, own = torch.ones(2, *texts.shape, V, dtype=torch.float64)
    seen[visible], own[visible] = at_all[:, inputs[visible]].T, if_chosen[:, inputs[visible]].T
    q = posterior(seen, P) / seen * own  # the question itself says that the token was chosen
    q = q / q.sum(-1, keepdim=True)
    return cross_entropy(q[at].log(), labels[at]).item()


def best_plm(texts: Tensor, generator: Generator) -> float:
    """The smallest loss (nats a target) that permutation language modelling allows on these texts (N, T)."""
    asked = permutation_lm(texts, torch.zeros_like(texts).bool(), generator=generator)
    N, M = asked.targets.shape
    visible = asked.visible.gather(1, asked.targets[:, :, None].expand(-1, -1, T))  # (N, M, T)
    seen = F.one_hot(texts, V).double()[:, None].where(visible[..., None], 1.0)  # (N, M, T, V)
    q = posterior(seen.flatten(0, 1), P).unflatten(0, (N, M))
    at = asked.targets[:, :, None, None].expand(-1, -1, 1, V)
    return cross_entropy(q.gather(2, at).squeeze(2).log().mT, asked.labels).item()


def best_left_to_right(texts: Tensor) -> float:
    """The smallest loss (nats a token) from left to right on these texts (N, T)."""
    first, following = OFTEN.log()[texts[:, :1]], P.log()[texts[:, :-1], texts[:, 1:]]
    return -torch.cat([first, following], 1).mean().item()
