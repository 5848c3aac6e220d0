"""What section 8.3.1 proves of `tricks`: gradients are those of the plain step, and less is kept for them."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint
from transformers import BertConfig, BertForSequenceClassification

from pyft.benchmarks.timing import count_flops, saved_bytes
from pyft.course.proof_tools import L, V, d, d_ff, h, parameter_gradients, projection, randomise, texts
from pyft.evidence.proofs import Case
from pyft.maths.objectives import IGNORED


def layer(dtype: torch.dtype = torch.float64, p: float = 0.3) -> nn.Sequential:
    """A feed-forward layer with dropout, its numbers drawn."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(d, d_ff), nn.GELU(), nn.Dropout(p), nn.Linear(d_ff, d)).to(dtype)


def drawn(*shape: int, seed: int = 1) -> Tensor:
    """Normal numbers in double precision."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def step(f: Any, part: nn.Module, x: Tensor, seed: int = 5) -> dict[str, Tensor]:
    """Output and all gradients of one pass through `f`, a function of x, and what torch draws afterwards."""
    part.zero_grad()
    torch.manual_seed(seed)
    leaf = x.clone().requires_grad_()
    y = f(leaf)
    between = torch.rand(3)  # other layers draw too, before this one's backward pass
    y.backward(projection(y))
    return {"output": y, "dx": leaf.grad, "drawn": between, "afterwards": torch.rand(3)} | {
        name: g.clone() for name, g in parameter_gradients(part).items()
    }


def again(m: ModuleType) -> Iterator[Case]:
    """One layer, with dropout: output, gradients and random numbers of the plain layer and of torch's checkpoint."""
    part, x = layer().train(), drawn(4, d)
    ours = step(lambda x: m.Recomputed.apply(part, x), part, x)
    for name, reference in (
        ("plain", step(part, part, x)),
        ("torch", step(lambda x: checkpoint(part, x, use_reentrant=False), part, x)),
    ):
        for what, value in reference.items():
            yield f"{name}, {what}", ours[what], value, 1e-12


def bert(p: float) -> Any:
    """A small BERT with a head, all of its numbers drawn."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=V, hidden_size=d, num_attention_heads=h, intermediate_size=d_ff, num_hidden_layers=L,
        max_position_embeddings=16, num_labels=3, hidden_dropout_prob=p, attention_probs_dropout_prob=p,
        attn_implementation="eager",
    )  # fmt: skip
    return randomise(BertForSequenceClassification(config)).train()


def classified(model: Any) -> Tensor:
    """The loss of three texts of unequal length; the same dropout each time."""
    torch.manual_seed(3)
    ids, real, segments = texts()
    torch.manual_seed(4)
    y: Tensor = model(
        input_ids=ids, attention_mask=real.long(), token_type_ids=segments, labels=torch.tensor([0, 1, 2])
    ).loss
    return y


def in_bert(m: ModuleType) -> Iterator[Case]:
    """A BERT whose layers are computed again: loss, gradients, what is kept, what it costs; the layers afterwards."""
    model = bert(0.2)
    classified(model).backward()
    plain = {name: g.clone() for name, g in parameter_gradients(model).items()}
    kept, cost = saved_bytes(model, lambda: classified(model)), count_flops(lambda: classified(model).backward())
    model.zero_grad()
    with m.recomputed(model.bert.encoder.layer):
        loss = classified(model)
        loss.backward()
        ours = {name: g.clone() for name, g in parameter_gradients(model).items()}
        less, more = saved_bytes(model, lambda: classified(model)), count_flops(lambda: classified(model).backward())
    yield "loss", loss, classified(model), 1e-5
    for name, g in plain.items():
        yield name, ours[name], g, 1e-4
    yield "less is kept", float(less < kept / 2), 1.0, 0.0
    yield "a forward pass more", more - cost, count_flops(lambda: layers_forward(model)), 0.0
    yield (
        "the layers are themselves again",
        float(any("forward" in vars(x) for x in model.bert.encoder.layer)),
        0.0,
        0.0,
    )


def layers_forward(model: Any) -> None:
    """The encoder's layers alone, forwards."""
    with torch.no_grad():
        model.bert.encoder(torch.zeros(3, 7, d))


def in_parts(m: ModuleType) -> Iterator[Case]:
    """Parts of unequal size, of texts and of words with places that do not count: the gradient of the whole batch."""
    part = nn.Linear(d, 4).double()
    x, y = drawn(10, d), torch.arange(10) % 4
    words, tags = drawn(6, 5, d, seed=2), torch.arange(30).view(6, 5) % 4
    tags = tags.masked_fill(torch.arange(5) >= torch.tensor([1, 5, 2, 5, 1, 3])[:, None], IGNORED)

    def loss(batch: tuple[Tensor, Tensor]) -> Tensor:
        return F.cross_entropy(part(batch[0]).flatten(0, -2), batch[1].flatten(), ignore_index=IGNORED)

    for name, batch, cuts in (
        ("texts", (x, y), (7, 2, 1)),
        ("words", (words, tags), (1, 3, 2)),
        ("one", (x, y), (10,)),
    ):
        part.zero_grad()
        reference = loss(batch)
        reference.backward()
        whole = [g.clone() for g in parameter_gradients(part).values()]
        part.zero_grad()
        parts = list(zip(*(t.split(cuts) for t in batch), strict=True))
        found = m.accumulate(loss, parts, [int((t != IGNORED).sum()) for _, t in parts])
        yield f"{name}, loss", found, reference, 1e-12
        for p, g in zip(part.parameters(), whole, strict=True):
            yield f"{name}, gradient", p.grad, g, 1e-12


def half_gradient(m: ModuleType, tiny: float, scale: float) -> tuple[Tensor, Tensor]:
    """A gradient that goes back through 16 bits, and the true one: of a loss that is `tiny` times a sum."""
    w, x = nn.Parameter(drawn(d, seed=3).float()), drawn(6, d, seed=4).float()
    m.scaled_backward((x.half() @ w.half()).float().sum() * tiny, [w], scale)
    return w.grad, x.half().float().sum(0) * tiny  # type: ignore[return-value]


def scaled(m: ModuleType) -> Iterator[Case]:
    """In float16: an ordinary loss needs no scale; of a tiny one all gradients are lost, and scaled all are back."""
    for name, tiny, scale in (("ordinary", 1.0, 1.0), ("ordinary, scaled", 1.0, 64.0), ("tiny, scaled", 1e-9, 2.0**24)):
        found, true = half_gradient(m, tiny, scale)
        yield name, found / tiny, true / tiny, 0.02  # eleven bits; sums of six numbers
    yield "tiny, lost", half_gradient(m, 1e-9, 1.0)[0], torch.zeros(d), 0.0
    unused = nn.Parameter(torch.ones(2))
    w = nn.Parameter(torch.ones(2))
    m.scaled_backward(w.sum(), [w, unused], 8.0)
    yield "a parameter that is not used", w.grad, torch.ones(2), 0.0
