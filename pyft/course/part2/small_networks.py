"""One small network for all objectives of section 2.1, their losses, its training, and text made of characters.

The network is XLNet's by hand: its content stream alone can be trained on masks as BERT is, its query stream on orders
as XLNet is. What differs between two runs is then the question alone.
"""

import collections
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor, nn

from pyft import finetune
from pyft.maths.encoder import TiedHead, XLNetEncoder, permutation_mask
from pyft.maths.losses import cross_entropy
from pyft.maths.objectives import IGNORED, masked_lm, permutation_lm
from pyft.maths.schedules import linear

LossOf = Callable[..., Tensor]  # of a network, texts (B, T) and a generator


class Network(nn.Module):
    """Two layers, four heads, and logits by the word embeddings; `vocab_size` counts [MASK], the last token."""

    def __init__(self, vocab_size: int, d: int, encoder: Callable[..., Any] = XLNetEncoder, **options: Any) -> None:
        super().__init__()
        self.encoder = encoder(vocab_size, d, 4, 4 * d, 2, dropout=0.0, **options)
        self.head = TiedHead(self.encoder.word)
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.1)


def mlm(net: Network, x: Tensor, generator: Generator | None = None) -> Tensor:
    """The loss of masked language modelling on texts x (B, T), masks as in the paper."""
    V = net.encoder.word.num_embeddings - 1  # the last is [MASK]
    inputs, labels = masked_lm(x, torch.zeros_like(x).bool(), V, V, generator=generator)
    return at_masks(net, inputs, labels)


def all_masked(net: Network, x: Tensor, generator: Generator | None = None) -> Tensor:
    """The same, but every chosen token becomes [MASK]."""
    V = net.encoder.word.num_embeddings - 1
    _, labels = masked_lm(x, torch.zeros_like(x).bool(), V, V, generator=generator)
    return at_masks(net, x.masked_fill(labels != IGNORED, V), labels)


def at_masks(net: Network, inputs: Tensor, labels: Tensor) -> Tensor:
    """The mean loss over the places that carry a label."""
    h = net.encoder(inputs)  # (B, T, d); XLNet's gives both streams
    h, at = h if isinstance(h, Tensor) else h[0], labels != IGNORED
    return cross_entropy(net.head(h[at]), labels[at])


def plm(net: Network, x: Tensor, generator: Generator | None = None) -> Tensor:
    """The loss of permutation language modelling on texts x (B, T)."""
    asked = permutation_lm(x, torch.zeros_like(x).bool(), generator=generator)
    _, g = net.encoder(x, visible=asked.visible, targets=asked.targets)  # (B, M, d)
    return cross_entropy(net.head(g).mT, asked.labels)


def left_to_right(net: Network, x: Tensor, generator: Generator | None = None) -> Tensor:
    """The loss of predicting every token from those before it: one order among the many."""
    order = torch.arange(x.size(1)).expand_as(x)
    _, g = net.encoder(x, visible=permutation_mask(order), targets=order)
    return cross_entropy(net.head(g).mT, x)


def train(
    net: Network, loss_of: LossOf, draw: Callable[[int], Tensor], held_out: Tensor, steps: int, lr: float = 5e-3
) -> list[float]:
    """Train on `steps` batches of 64 texts; return the held-out loss, with the same masks each time, every 50 steps."""
    optimizer = torch.optim.AdamW(finetune.decay_groups(net, 0.01), lr=lr)
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: linear(t + 1, steps + 1, 20))
    curve = []
    for step in range(1, steps + 1):
        loss = loss_of(net, draw(64))
        loss.backward()
        optimizer.step()
        rate.step()
        optimizer.zero_grad()
        if step % 50 == 0:
            with torch.no_grad():
                curve.append(loss_of(net, held_out, Generator().manual_seed(3)).item())
    return curve


class Characters:
    """A corpus as characters: `alphabet` are those seen more than a hundred times; one code more is for all others."""

    T = 32  # characters of a text

    def __init__(self, train: str, unseen: str) -> None:
        frequent = collections.Counter(train)
        self.alphabet = sorted(c for c, n in frequent.items() if n > 100)
        self.V = len(self.alphabet) + 1  # [MASK] comes after
        self.code = {c: i for i, c in enumerate(self.alphabet)}
        self.train = self.encode(train)  # (characters,)
        self.unseen = self.encode(unseen)[: 512 * self.T].view(512, self.T)  # (N, T)

    def encode(self, text: str) -> Tensor:
        """Codes of a text, (characters,)."""
        return torch.tensor([self.code.get(c, self.V - 1) for c in text])

    def counting(self) -> float:
        """The loss (nats) on unseen text of a model that knows how often each character occurs, and nothing else."""
        often = torch.bincount(self.train, minlength=self.V) / len(self.train)
        return -often[self.unseen].log().mean().item()

    def read(self, n: int) -> Tensor:
        """n texts from anywhere in the training text, (n, T)."""
        start = torch.randint(len(self.train) - self.T, (n, 1))
        return self.train[start + torch.arange(self.T)]
