"""The proofs of section 8.3.4: DP-SGD example by example, the account against published values, attacks and files."""

import math
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from opacus.accountants import RDPAccountant
from opacus.accountants.utils import get_noise_multiplier
from opacus.grad_sample import GradSampleModule
from opacus.optimizers import DPOptimizer
from safetensors.torch import load_file, save_file
from sklearn.metrics import roc_auc_score, roc_curve
from torch import Tensor, nn
from torch.nn import functional as F

from pyft.course.ch8_3_4_privacy_and_security import leaks, pickles, private
from pyft.course.exercise_tools import normal
from pyft.evidence.proofs import Case

K, d, b = 3, 5, 7  # classes, features, examples


class Code(NamedTuple):
    """The modules of this section that are proven."""

    private: Any
    leaks: Any
    pickles: Any


def code() -> Code:
    """The modules as they are."""
    return Code(private, leaks, pickles)


def examples() -> tuple[Tensor, Tensor, Tensor]:
    """A head W (K, d), features X (b, d) of unequal length, classes y (b)."""
    X = normal(b, d, seed=1) * torch.arange(1, b + 1)[:, None] / 2
    return normal(K, d), X, torch.arange(b) % K


def gradient(W: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """By the library: one example through a linear layer, its cross-entropy, and backward: (K, d)."""
    head = nn.Linear(d, K, bias=False, dtype=W.dtype)
    head.weight.data = W.clone()
    F.cross_entropy(head(x[None]), y[None]).backward()
    assert head.weight.grad is not None  # noqa: S101 - for the type checker
    return head.weight.grad


# --- learning ---------------------------------------------------------------------------------------------------------


def gradients(c: Code) -> Iterator[Case]:
    """The gradient of every example by itself; their mean is that of the batch."""
    W, X, y = examples()
    ours = c.private.per_example(W, X, y)
    for i in range(b):
        yield f"example {i}", ours[i], gradient(W, X[i], y[i]), 1e-10
    leaf = W.clone().requires_grad_()
    F.cross_entropy(X @ leaf.T, y).backward()
    yield "their mean", ours.mean(0), leaf.grad, 1e-10


def steps(c: Code) -> Iterator[Case]:
    """A step by hand: each gradient shortened, noise of the right size, over the expected number of examples."""
    W, X, y = examples()
    lengths = sorted(float(gradient(W, X[i], y[i]).norm()) for i in range(b))
    for C, sigma, B, lr in [(lengths[3], 0.0, 7.0, 0.5), (lengths[0] / 2, 1.5, 6.0, 0.1), (lengths[-1], 2.0, 9.0, 1.0)]:
        total = torch.zeros_like(W)
        for i in range(b):
            g = gradient(W, X[i], y[i])
            total += g * min(1.0, C / float(g.norm()))
        total += torch.normal(0.0, sigma * C, W.shape, generator=torch.Generator().manual_seed(3), dtype=W.dtype)
        ours = c.private.private_step(W, X, y, C, sigma, B, lr, torch.Generator().manual_seed(3))
        yield f"C {C:.2f}, noise {sigma}", ours, W - lr * total / B, 1e-9
    for i in range(b):
        rest = torch.arange(b) != i
        both = [
            c.private.private_step(W, X[some], y[some], 0.3, 1.0, 6.0, 1.0, torch.Generator().manual_seed(4))
            for some in (torch.ones(b, dtype=torch.bool), rest)
        ]
        yield f"without example {i}", float((both[0] - both[1]).norm() <= 0.3 / 6 + 1e-12), 1.0, 0.0


def training(c: Code) -> Iterator[Case]:
    """Without noise or limit and with all examples in each step it is plain gradient descent; seeds decide the rest."""
    _, X, y = examples()
    ours = c.private.train(X, y, K, 1.0, 20, c.private.NO_LIMIT, 0.0, 0.05, 0)
    W = torch.zeros(K, d, dtype=X.dtype, requires_grad=True)
    optimiser = torch.optim.SGD([W], lr=0.05)
    for _ in range(20):
        optimiser.zero_grad()
        F.cross_entropy(X @ W.T, y).backward()
        optimiser.step()
    yield "twenty steps", ours, W, 1e-9
    drawn = torch.rand(b, generator=torch.Generator().manual_seed(5)) < 0.5
    one = c.private.train(X, y, K, 0.5, 1, c.private.NO_LIMIT, 0.0, 0.05, 5)
    total = sum(gradient(torch.zeros_like(one), X[i], y[i]) for i in drawn.nonzero().flatten())
    yield "who is drawn", one, -0.05 * total / (0.5 * b), 1e-9
    noisy = [c.private.train(X, y, K, 0.9, 5, 1.0, 1.0, 0.1, seed) for seed in (0, 0, 1)]
    yield "the same seed", noisy[0], noisy[1], 0.0
    yield "another seed", float(torch.equal(noisy[0], noisy[2])), 0.0, 0.0


def opacus_steps(c: Code) -> Iterator[Case]:
    """Steps of Opacus: its gradients by example, its clipping, and its noise from the same generator."""
    W, X, y = (t.float() if t.is_floating_point() else t for t in examples())  # its noise is drawn in single precision
    lengths = sorted(float(gradient(W, X[i], y[i]).norm()) for i in range(b))
    settings = [(lengths[3], 0.0, 7, 0.5), (lengths[0] / 2, 1.5, 6, 0.1), (lengths[-1], 2.0, 9, 1.0), (1, 0.3, 5, 2.0)]
    for C, sigma, B, lr in settings:
        head = nn.Linear(d, K, bias=False)
        head.weight.data = W.clone()
        private_head = GradSampleModule(head)
        optimiser = DPOptimizer(
            torch.optim.SGD(private_head.parameters(), lr=lr),
            noise_multiplier=sigma,
            max_grad_norm=C,
            expected_batch_size=B,
            generator=torch.Generator().manual_seed(3),
        )
        F.cross_entropy(private_head(X.clone().requires_grad_()), y).backward()  # its hooks warn of an input without
        optimiser.step()
        ours = c.private.private_step(W, X, y, C, sigma, float(B), lr, torch.Generator().manual_seed(3))
        yield f"C {C:.2f}, noise {sigma}", ours, head.weight, 1e-5


# --- the account ------------------------------------------------------------------------------------------------------


def opacus_account(c: Code) -> Iterator[Case]:
    """Epsilon of whole trainings by Opacus's accountant, and the noise that it finds for an epsilon."""
    delta = 1e-5
    for q, sigma, steps in [(0.04, 1.5, 2250), (0.05, 1.0, 100), (0.02, 0.8, 400), (0.2, 3.0, 60)]:
        accountant = RDPAccountant()
        accountant.history = [(sigma, q, steps)]
        ours = c.private.epsilon(q, sigma, steps, delta) / accountant.get_epsilon(delta)
        yield f"q {q}, noise {sigma}, {steps} steps", ours, 1.0, 1e-8
    search: dict[str, Any] = {"sample_rate": 0.05, "steps": 100, "accountant": "rdp", "epsilon_tolerance": 1e-4}
    for wanted in (0.5, 2.0, 8.0):
        with warnings.catch_warnings(action="ignore"):  # it begins with much noise, and warns that all orders are small
            theirs = get_noise_multiplier(target_epsilon=wanted, target_delta=delta, **search)
        yield f"noise for {wanted:g}", c.private.noise_for(wanted, 0.05, 100, delta) / theirs, 1.0, 1e-3


def published(c: Code) -> Iterator[Case]:
    """Values in the tests of dp_accounting (rdp_privacy_accountant_test.py) and Opacus (accountants_test.py)."""
    wanted = {1.5: 6.5007e-4, 2.5: 1.0854e-3, 5: 2.1808e-3, 50: 2.3846e-2, 100: 1.6742e2}
    for alpha, value in wanted.items():  # fifty steps, q = 0.01, sigma = 2.5; given to five digits
        yield f"order {alpha:g}", 50 * c.private.renyi(alpha, 0.01, 2.5) / value, 1.0, 1e-4
    constant = dict.fromkeys(range(2, 33), 1.1)
    yield "constant costs", c.private.to_epsilon(constant, 1e-5), 1.32783806176, 1e-8
    yield "a whole training", c.private.epsilon(0.04, 1.5, int(90 / 0.04), 1e-5), 7.32911117143, 1e-6


def divergences(c: Code) -> Iterator[Case]:
    """Whole orders by the binomial sum of Mironov et al.; everybody in every step by the Gaussian's own formula."""
    for q, sigma in [(0.1, 1.0), (0.03, 0.7), (0.01, 3.0), (0.5, 2.0)]:
        for alpha in (2, 3, 10):
            terms = [
                math.comb(alpha, k) * (1 - q) ** (alpha - k) * q**k * math.exp(k * (k - 1) / (2 * sigma**2))
                for k in range(alpha + 1)
            ]
            reference = math.log(math.fsum(terms)) / (alpha - 1)
            yield f"q {q}, noise {sigma}, order {alpha}", c.private.renyi(alpha, q, sigma), reference, 1e-9
    for order in (1.5, 4.0, 20.0):
        yield f"everybody, order {order}", c.private.renyi(order, 1.0, 2.0), order / (2 * 2.0**2), 1e-9
    sigma = c.private.noise_for(2.0, 0.05, 100, 1e-5)
    yield "noise for an epsilon", c.private.epsilon(0.05, sigma, 100, 1e-5), 2.0, 1e-4


# --- attacks and files ------------------------------------------------------------------------------------------------


def exposures(c: Code) -> Iterator[Case]:
    """Exposure by hand: the best of a thousand, the last, the tenth; and its mean over all ranks."""
    scores = -np.arange(1000.0)
    for rank in (1, 10, 1000):
        wanted = math.log2(1000 / rank)
        yield f"rank {rank}", c.leaks.exposure(float(scores[rank - 1]), scores), wanted, 1e-12
    mean = np.mean([c.leaks.exposure(float(s), scores) for s in scores])
    yield "by chance", mean, 1 / math.log(2), 0.01
    yield "a tie is the better rank", c.leaks.exposure(1.0, np.ones(8)), 3.0, 0.0


def curves(c: Code) -> Iterator[Case]:
    """Area and rates against scikit-learn's, with ties; and the calibrated losses, text by text."""
    rng = np.random.default_rng(0)
    for name, digits in (("numbers", 9), ("many ties", 0)):
        inside, outside = np.round(rng.normal(1, 1, 60), digits), np.round(rng.normal(0, 1, 80), digits)
        label, score = np.repeat([1, 0], [60, 80]), np.concatenate([inside, outside])
        yield f"{name}, area", c.leaks.area(inside, outside), roc_auc_score(label, score), 1e-12
        false, true, _ = roc_curve(label, score, drop_intermediate=False)
        ours = c.leaks.roc(inside, outside)
        yield f"{name}, false positives", ours[0], false, 1e-12
        yield f"{name}, true positives", ours[1], true, 1e-12
        for at in (0.0, 0.05, 0.3, 1.0):
            yield f"{name}, found at {at}", c.leaks.true_positives(inside, outside, at), true[false <= at].max(), 1e-12
    losses = rng.normal(size=(4, 6))
    member = np.array([[1, 0, 1, 0, 1, 0], [0, 1, 0, 1, 0, 1], [1, 1, 0, 0, 0, 1], [0, 0, 1, 1, 1, 0]], dtype=bool)
    ours = c.leaks.calibrated(losses, member)
    for s in range(4):
        for n in range(6):
            out = [losses[t, n] for t in range(4) if t != s and not member[t, n]]
            yield f"run {s}, text {n}", ours[s, n], np.mean(out) - losses[s, n], 1e-12


def files(c: Code) -> Iterator[Case]:
    """Tensors of a safetensors file, read by hand, are those that the library reads."""
    made = {"weight": normal(2, 3), "bias": normal(4).float(), "ids": torch.arange(5), "one": torch.tensor([[2.5]])}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save_file(made, path, metadata={"format": "pt"})
        ours, theirs = c.pickles.read_safetensors(path), load_file(path)
    yield "how many", float(len(ours)), float(len(theirs)), 0.0
    for name in theirs:
        yield name, ours[name], theirs[name], 0.0
