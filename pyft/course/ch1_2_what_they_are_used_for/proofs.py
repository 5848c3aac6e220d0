"""The proofs of section 1.2: what is cut off a distribution, against the library; the best span, against all pairs."""

from collections.abc import Callable, Iterator
from itertools import product
from types import ModuleType

import torch
from torch import Tensor
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from pyft.evidence.proofs import Case


def _shares(warper: Callable[..., Tensor], logits: Tensor) -> Tensor:
    return warper(None, logits.clone()).softmax(-1)


def cuts(m: ModuleType) -> Iterator[Case]:
    """Temperature, top-k and nucleus on drawn logits (B, V), flat ones and steep ones; signs that cannot come too."""
    for seed in range(10):
        logits = (1 + seed) * torch.randn(3, 30, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        if seed % 2:
            logits[:, seed : 2 * seed] = -torch.inf
        for t in (0.5, 1.0, 1.7):
            ours = m.temperature(logits, t).softmax(-1)
            yield f"temperature {t}, {seed}", ours, _shares(TemperatureLogitsWarper(t), logits), 1e-12
        for k in (1, 2, 7, 100):
            yield f"top {k}, {seed}", m.top_k(logits, k).softmax(-1), _shares(TopKLogitsWarper(k), logits), 1e-12
        for p in (0.2, 0.5, 0.9, 0.99):
            yield f"nucleus {p}, {seed}", m.nucleus(logits, p).softmax(-1), _shares(TopPLogitsWarper(p), logits), 1e-12


def best_spans(m: ModuleType) -> Iterator[Case]:
    """The best allowed pair among all pairs, tried one by one."""
    for seed in range(20):
        start, end = torch.randn(2, 8, generator=torch.Generator().manual_seed(seed))
        for longest in (1, 3, 8):
            pairs = [(i, j) for i, j in product(range(8), repeat=2) if i <= j < i + longest]
            best = max(pairs, key=lambda pair: float(start[pair[0]] + end[pair[1]]))
            yield f"at most {longest} tokens, {seed}", m.best_span(start, end, longest), best, 0
