"""Three small networks that give the next sign from those before it, and their training under a budget of operations.

All map the signs that were read, (B, T), to logits of what comes next, (B, T, V): at each place from that place and
those on its left, never from the right.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pyft.course.part1 import letters
from pyft.finetune.parameter_groups import decay_groups
from pyft.maths.encoder import PreNormLayer
from pyft.maths.objectives import IGNORED
from pyft.maths.schedules import linear


class FeedForward(nn.Module):
    """The last n signs, each as a vector of d numbers, go through one hidden layer; Bengio et al. 2003, section 2."""

    def __init__(self, V: int, n: int, d: int, d_h: int, dropout: float) -> None:
        super().__init__()
        self.n, self.vectors = n, nn.Embedding(V, d)
        self.hidden, self.out = nn.Linear(n * d, d_h), nn.Linear(d_h, V)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T) -> (B, T, V)."""
        c = F.pad(self.vectors(x), (0, 0, self.n - 1, 0))  # (B, n - 1 + T, d), zeros before the text
        window = c.unfold(1, self.n, 1).flatten(2)  # (B, T, d n)
        return self.out(self.dropout(torch.tanh(self.hidden(window))))


class Recurrent(nn.Module):
    """A state that every sign changes, and that is all the network knows of the text so far; an LSTM.

    Hochreiter & Schmidhuber 1997; on characters Sutskever et al. 2011, on words Mikolov et al. 2010.
    """

    def __init__(self, V: int, d: int, d_h: int, dropout: float) -> None:
        super().__init__()
        self.vectors, self.lstm = nn.Embedding(V, d), nn.LSTM(d, d_h, batch_first=True)
        self.out, self.dropout = nn.Linear(d_h, V), nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T) -> (B, T, V)."""
        states, _ = self.lstm(self.dropout(self.vectors(x)))  # (B, T, d_h)
        return self.out(self.dropout(states))


class Transformer(nn.Module):
    """Every sign looks at all signs before it, without a state in between; Vaswani et al. 2017, its decoder alone.

    Layers are those of section 4.1.3, with the norm first; each place sees itself and its left.
    """

    def __init__(self, V: int, d: int, h: int, L: int, max_length: int, dropout: float) -> None:
        super().__init__()
        self.vectors, self.places = nn.Embedding(V, d), nn.Embedding(max_length, d)
        self.layers = nn.ModuleList(PreNormLayer(d, h, 4 * d, 1e-5, dropout) for _ in range(L))
        self.norm, self.out = nn.LayerNorm(d), nn.Linear(d, V)
        self.attention_width = L * d
        for table in (self.vectors, self.places):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T) -> (B, T, V)."""
        T = x.size(1)
        left = torch.ones(T, T, dtype=torch.bool, device=x.device).tril()  # a place sees itself and its left
        y = self.vectors(x) + self.places.weight[:T]  # (B, T, d)
        for layer in self.layers:
            y = layer(y, left)
        return self.out(self.norm(y))


# --- what a pass costs ------------------------------------------------------------------------------------------------


def operations(net: nn.Module, T: float) -> float:
    """Operations of training on one sign of a text of T: six for each weight that multiplies, and what attention does.

    Kaplan et al. 2020, section 2.1, whose term of attention is here trebled too. A table of vectors is looked up and
    multiplies nothing, unless it is the output weights as well. An LSTM's matrices are parameters like others.
    """
    tables = {id(m.weight) for m in net.modules() if isinstance(m, nn.Embedding)}
    tied = getattr(net, "tied", None)
    N = sum(p.numel() for p in net.parameters() if p.dim() == 2 and (id(p) not in tables or p is tied))
    return 6 * N + 12 * T * getattr(net, "attention_width", 0)


# --- training and testing ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Training:
    """How a network is trained."""

    lr: float  # peak rate of AdamW
    batch_size: int = 16  # texts
    warmup: float = 0.1  # share of the budget
    weight_decay: float = 0.01
    max_norm: float = 1.0  # gradient clipping


Encode = Callable[[str], list[int]]


def loss(net: nn.Module, wanted: Tensor) -> Tensor:
    """The sum of -ln p over all that is asked for in wanted (B, T)."""
    logits = net(letters.read_before(wanted))  # (B, T, V)
    return F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=IGNORED, reduction="sum")


def train(
    net: nn.Module,
    texts: Sequence[str],
    budget: float,
    how: Training,
    seed: int,
    encode: Encode = letters.encode,
) -> int:
    """Train until the budget of operations is spent; returns how many signs (or pieces) were read on the way.

    The texts are read again and again, in another order each time; padding costs nothing here.
    """
    rows = [encode(text) for text in texts]
    lengths = [len(row) for row in rows]
    each = operations(net, sum(lengths) / len(lengths))
    optimizer = torch.optim.AdamW(decay_groups(net, how.weight_decay), lr=how.lr)
    shuffled, read = random.Random(seed), 0
    order: list[int] = []
    torch.manual_seed(seed)
    net.train()
    while (spent := read * each) < budget:
        for group in optimizer.param_groups:
            group["lr"] = how.lr * linear(int(1000 * spent / budget) + 1, 1001, int(1000 * how.warmup))
        if len(order) < how.batch_size:
            order += shuffled.sample(range(len(rows)), len(rows))
        batch, order = order[: how.batch_size], order[how.batch_size :]
        wanted = letters.pad([rows[i] for i in batch])
        asked = sum(lengths[i] for i in batch)
        (loss(net, wanted) / asked).backward()
        nn.utils.clip_grad_norm_(net.parameters(), how.max_norm)
        optimizer.step()
        optimizer.zero_grad()
        read += asked
    net.eval()
    return read


def bits(net: nn.Module, texts: Sequence[str], encode: Encode = letters.encode, batch_size: int = 64) -> list[float]:
    """-log2 of the probability of each text, its end included."""
    rows = [encode(text) for text in texts]
    found = [0.0] * len(rows)
    by_length = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    for start in range(0, len(rows), batch_size):
        batch = by_length[start : start + batch_size]
        wanted = letters.pad([rows[i] for i in batch])
        with torch.inference_mode():
            logits = net(letters.read_before(wanted))
            nats = F.cross_entropy(logits.mT, wanted, ignore_index=IGNORED, reduction="none").sum(1)  # (B)
        for i, value in zip(batch, nats.tolist(), strict=True):
            found[i] = value / math.log(2)
    return found
