"""What our code costs compared with the library's, in time and in memory: `pyft bench maths`.

Seconds belong to one machine. What a page may rely on is a ratio of times that were taken by turns, in one run.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import median
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from pyft.benchmarks.experiment import Experiment, Found, Run
from pyft.benchmarks.timing import Work, count_flops, ratio, saved_bytes, time_by_turns, training_pass
from pyft.maths import flops
from pyft.maths.attention import MultiHeadAttention
from pyft.maths.encoder import BertEncoder, FeedForward
from pyft.maths.optim import AdamW
from pyft.maths.state_dicts import from_bert

LIMITS = {"MultiHeadAttention": 1.15, "BertEncoder": 1.15, "AdamW": 1.3}  # our seconds over the library's


class Size(NamedTuple):
    """How much `pyft bench maths` does. As it stands: 32 texts of 64 tokens, MiniLM's size (Wang et al. 2020)."""

    B: int = 32
    T: int = 64
    d: int = 384
    h: int = 12
    d_ff: int = 1536
    num_layers: int = 6
    V: int = 30522
    repetitions: int = 25
    encoder_repetitions: int = 11  # dear, and longer times waver less
    growth_batch: int = 4
    growth_lengths: tuple[int, ...] = (64, 128, 256, 512, 1024)
    growth_repetitions: int = 5


SIZE = Size()


def over_limit(found: Found) -> list[str]:
    """A line for each ratio that is above its limit for certain: with its whole interval."""
    return [
        f"{r['what']} takes {interval(r)} times as long as {r['reference']}, at most {r['limit']} is allowed"
        for r in found["runs"]
        if r["what"] in LIMITS and r["low"] > r["limit"]
    ]


def interval(r: Mapping[str, Any]) -> str:
    """`1.08 (1.07 to 1.11)`."""
    return f"{r['ratio']:.2f} ({r['low']:.2f} to {r['high']:.2f})"


def result(what: str, seconds: dict[str, list[float]], reference: str) -> dict[str, Any]:
    """The ratio that has a limit, those to all rivals, and the seconds that they come from."""
    against = {name: ratio(seconds, name) for name in seconds if name != "ours"}
    return {"reference": reference, "limit": LIMITS[what], **against[reference], "against": against, "seconds": seconds}


def attention(size: Size) -> dict[str, Any]:
    """Forward and backward pass of `MultiHeadAttention` against `nn.MultiheadAttention`, with weights and without.

    The faster of the two is the reference. Ours returns the weights of every head, the library's their mean.
    """
    x = torch.randn(size.B, size.T, size.d, requires_grad=True)
    ours = MultiHeadAttention(size.d, size.h)
    theirs = nn.MultiheadAttention(size.d, size.h, batch_first=True)
    rivals = {
        "ours": training_pass(ours, lambda: ours(x, x, x)[0], x),
        "nn.MultiheadAttention": training_pass(theirs, lambda: theirs(x, x, x)[0], x),
        "nn.MultiheadAttention without weights": training_pass(
            theirs, lambda: theirs(x, x, x, need_weights=False)[0], x
        ),
    }
    seconds = time_by_turns(rivals, size.repetitions)
    reference = min((name for name in seconds if name != "ours"), key=lambda name: median(seconds[name]))
    return result("MultiHeadAttention", seconds, reference)


def encoder(size: Size) -> dict[str, Any]:
    """Forward and backward pass of `BertEncoder` against the library's `BertModel`: same weights, ids and mask.

    The reference has eager attention, step by step as ours; the fused one, sdpa, is timed as well. There is no
    dropout: its random numbers cost both the same, and would hide a difference.
    """
    ids = torch.randint(size.V, (size.B, size.T))
    mask = torch.arange(size.T) < torch.randint(size.T // 2, size.T, (size.B, 1))  # every text is padded
    eager, sdpa = (bert_model(size, kind) for kind in ("eager", "sdpa"))
    ours = BertEncoder(size.V, size.d, size.h, size.d_ff, size.num_layers, dropout=0.0)
    ours.load_state_dict(from_bert(eager.state_dict()))
    sdpa.load_state_dict(eager.state_dict())
    rivals = {
        "ours": training_pass(ours, lambda: ours(ids, mask)),
        "BertModel, eager": training_pass(eager, lambda: eager(ids, mask.long())[0]),
        "BertModel, sdpa": training_pass(sdpa, lambda: sdpa(ids, mask.long())[0]),
    }
    return result("BertEncoder", time_by_turns(rivals, size.encoder_repetitions), "BertModel, eager")


def bert_model(size: Size, attn_implementation: str) -> Any:
    """The library's encoder of this size, without dropout and pooler."""
    config = BertConfig(
        vocab_size=size.V,
        hidden_size=size.d,
        num_hidden_layers=size.num_layers,
        num_attention_heads=size.h,
        intermediate_size=size.d_ff,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        attn_implementation=attn_implementation,
    )
    return BertModel(config, add_pooling_layer=False)


def optimiser(size: Size) -> dict[str, Any]:
    """A step of `AdamW` on the encoder's parameters against torch's on lists of them (foreach), and the fused one."""
    parameters = list(BertEncoder(size.V, size.d, size.h, size.d_ff, size.num_layers).parameters())
    for theta in parameters:
        theta.grad = torch.randn_like(theta)
    rivals: dict[str, Work] = {
        "ours": AdamW(parameters).step,
        "torch.optim.AdamW, foreach": torch.optim.AdamW(parameters, foreach=True).step,
        "torch.optim.AdamW, fused": torch.optim.AdamW(parameters, fused=True).step,
    }
    return result("AdamW", time_by_turns(rivals, size.repetitions), "torch.optim.AdamW, foreach")


RATIOS = {"MultiHeadAttention": attention, "BertEncoder": encoder, "AdamW": optimiser}

# --- growth with length -----------------------------------------------------------------------------------------------


def growth(size: Size) -> dict[str, Any]:
    """Forward and backward pass of attention and of the feed-forward network on longer and longer texts.

    For each length: operations and bytes kept for the backward pass, by formula and as measured; median seconds, and
    what the operations would take if all were done at the best rate that was seen (`seconds_at_best`).
    """
    B, d, h, d_ff, lengths = size.growth_batch, size.d, size.h, size.d_ff, size.growth_lengths
    attend, feed = MultiHeadAttention(d, h), FeedForward(d, d_ff)
    return {
        "T": list(lengths),
        "attention": {
            "flops": [flops.attention(B, T, T, d).training for T in lengths],
            "bytes": [flops.attention_activation_bytes(B, T, d, h) for T in lengths],
            **measure_growth(size, attend, lambda x: attend(x, x, x)[0]),
        },
        "feed-forward": {
            "flops": [flops.feed_forward(B, T, d, d_ff).training for T in lengths],
            "bytes": [flops.feed_forward_activation_bytes(B, T, d, d_ff) for T in lengths],
            **measure_growth(size, feed, feed),
        },
    }


def measure_growth(size: Size, module: nn.Module, forward: Callable[[Tensor], Tensor]) -> dict[str, Any]:
    """The measured side of `growth` for one module; lengths take turns."""
    texts = [torch.randn(size.growth_batch, T, size.d, requires_grad=True) for T in size.growth_lengths]
    passes = [training_pass(module, partial(forward, x), x) for x in texts]
    times = time_by_turns(dict(zip(map(str, size.growth_lengths), passes, strict=True)), size.growth_repetitions)
    seconds = [median(t) for t in times.values()]
    operations = [count_flops(work) for work in passes]
    best = max(n / s for n, s in zip(operations, seconds, strict=True))  # operations a second
    return {
        "flops_measured": operations,
        "bytes_measured": [saved_bytes(module, partial(forward, x)) for x in texts],
        "seconds": seconds,
        "seconds_at_best": [float(f"{n / best:.4g}") for n in operations],
    }


# --- the experiment ---------------------------------------------------------------------------------------------------


def run(what: str) -> Run:
    """One of `RATIOS`, or `growth`."""
    torch.manual_seed(0)
    found = growth(SIZE) if what == "growth" else RATIOS[what](SIZE)
    if what in RATIOS:
        print(f"{what} takes {interval(found)} times as long as {found['reference']}; limit {found['limit']}")
    return {"what": what, "size": SIZE._asdict()} | found


def plan(_: Sequence[Run] = ()) -> list[tuple[str]]:
    """Every ratio, and the growth with length."""
    return [(what,) for what in (*RATIOS, "growth")]


def depends(what: str) -> dict[str, Any]:
    """A run is that of its size, and a ratio is held against its limit."""
    return {"size": SIZE._asdict(), "limit": LIMITS.get(what)}


EXPERIMENT = Experiment(
    "maths",
    plan,
    run,
    depends,
    about="time and memory of the hand-written mathematics beside the library's; a minute",
    threads=1,  # with more, a pass waits for the slowest, and what other programs do would be timed as ours
    timed=True,
    over_limit=over_limit,
)
