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
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm
from transformers import DataCollatorForLanguageModeling, PreTrainedModel, PreTrainedTokenizerBase

from pyft import checkpoint, data, kept, models, transplant
from pyft.artefacts import ARTEFACTS
from pyft.errors import PyftError, unknown
from pyft.evidence import dump, provenance, write_atomically
from pyft.finetune import Group, collate, decay_groups, length_grouped_batches, set_lr, set_seed, split_groups
from pyft.hardware import device
from pyft.objectives import IGNORED, permutation_lm

Batch = dict[str, Tensor]
Document = list[list[int]]  # token ids of each of its sentences, without special tokens

WORK = Path(__file__).resolve().parent.parent / "_build" / "pretrain"
SOURCES = ("movie-reviews", "product-reviews", "editorials", "tweets", "sms-spam", "conll2003")


# --- text -------------------------------------------------------------------------------------------------------------


def texts() -> list[list[str]]:
    """Documents of the English corpora's training splits, each a list of its sentences, in their order.

    A text that stands in the validation or test split of any corpus is left out, wherever it is. Editorials and product
    reviews were published by the sentence, and the other splits have taken some: what comes next is the next that is
    left. Tweets, messages and film reviews are documents of one sentence.
    """
    corpora = {name: data.load(name) for name in [*SOURCES, "text-source"]}
    held_out = {
        data.fold(text)
        for corpus in corpora.values()
        for split in ("validation", "test")
        for text in _sentences(corpus[split])
    }
    documents: dict[tuple[str, str], list[str]] = {}
    for name in SOURCES:
        train = corpora[name]["train"]
        keys = train["document"] if "document" in train.column_names else [_document(name, row) for row in train["id"]]
        for key, text in zip(keys, _sentences(train), strict=True):
            if data.fold(text) not in held_out:
                documents.setdefault((name, str(key)), []).append(text)
    return list(documents.values())


def _sentences(split: Any) -> list[str]:
    return [" ".join(t) for t in split["tokens"]] if "tokens" in split.column_names else list(split["text"])


def _document(corpus: str, key: str) -> str:
    """Editorials and product reviews are numbered by document and sentence, `12_3`; the others by text."""
    return key.split("_")[0] if corpus in ("editorials", "product-reviews") else key


def tokenized(documents: Sequence[Sequence[str]], tokenizer: PreTrainedTokenizerBase) -> list[Document]:
    """Token ids of each sentence of each document."""
    flat = tokenizer([s for document in documents for s in document], add_special_tokens=False)["input_ids"]
    rest = iter(flat)
    return [[next(rest) for _ in document] for document in documents]


# --- rows of three objectives -----------------------------------------------------------------------------------------


def blocks(
    documents: Sequence[Document], tokenizer: PreTrainedTokenizerBase, T: int, rng: random.Random
) -> list[dict[str, Any]]:
    """Full sentences: documents in random order, end to end, a separator between two, cut into rows of T tokens.

    Liu et al. 2019, section 4.2: rows cross the borders of documents. What is left at the end is dropped.
    """
    order = list(documents)
    rng.shuffle(order)
    stream = [token for document in order for ids in [*document, [tokenizer.sep_token_id]] for token in ids]
    length = T - tokenizer.num_special_tokens_to_add()
    starts = range(0, len(stream) - length + 1, length)
    around = tokenizer("")  # [CLS] [SEP], or XLNet's [SEP] [CLS]
    before = 0 if tokenizer.padding_side == "left" else 1

    def row(name: str, values: list[int]) -> list[int]:
        return [*around[name][:before], *values, *around[name][before:]]

    rows = []
    for start in starts:
        made = {"input_ids": row("input_ids", stream[start : start + length])}
        if "token_type_ids" in around:
            made["token_type_ids"] = row("token_type_ids", [0] * length)
        rows.append(made)
    return rows


def pairs(
    documents: Sequence[Document], tokenizer: PreTrainedTokenizerBase, T: int, rng: random.Random
) -> list[dict[str, Any]]:
    """Two segments a row; the second follows the first, or not, and then `next_sentence_label` is 1.

    As Devlin et al. 2019 made theirs (appendix A.2): sentences are gathered until a row is full, and cut in two at a
    sentence; or the second part is taken from another document. A single sentence has nothing that follows it.
    """
    length = T - tokenizer.num_special_tokens_to_add(pair=True)
    order = list(documents)
    rng.shuffle(order)
    rows = []
    for number, document in enumerate(order):
        rest = list(document)
        while rest:
            chunk: Document = [rest.pop(0)]
            while rest and sum(map(len, chunk)) + len(rest[0]) <= length:
                chunk.append(rest.pop(0))
            cut = rng.randrange(1, len(chunk)) if len(chunk) > 1 else 1
            other = len(chunk) == 1 or rng.random() < 0.5
            first = [token for ids in chunk[:cut] for token in ids][: length - 1]
            if other:
                rest = chunk[cut:] + rest  # not used here, so it comes again
                elsewhere = order[(number + rng.randrange(1, len(order))) % len(order)]
                after = elsewhere[rng.randrange(len(elsewhere)) :]
            else:
                after = chunk[cut:]
            second = [token for ids in after for token in ids][: length - len(first)]
            ids = [tokenizer.cls_token_id, *first, tokenizer.sep_token_id, *second, tokenizer.sep_token_id]
            types = [0] * (len(first) + 2) + [1] * (len(second) + 1)
            rows.append({"input_ids": ids, "token_type_ids": types, "next_sentence_label": int(other)})
    return rows


# --- objectives -------------------------------------------------------------------------------------------------------


class Bert:
    """Masked words and next sentences. The masks are static: drawn once, the same in every epoch."""

    def __init__(self, documents: Sequence[Document], tokenizer: PreTrainedTokenizerBase, T: int, seed: int) -> None:
        self.tokenizer, self.rows = tokenizer, pairs(documents, tokenizer, T, random.Random(seed))
        torch.manual_seed(seed)
        masked = DataCollatorForLanguageModeling(tokenizer)
        for row in self.rows:
            drawn = masked([{"input_ids": row["input_ids"]}])
            row["input_ids"], row["labels"] = drawn["input_ids"][0].tolist(), drawn["labels"][0].tolist()

    def batch(self, rows: Sequence[dict[str, Any]]) -> Batch:
        """Also `next_sentence_label` (B)."""
        following = torch.tensor([row["next_sentence_label"] for row in rows])
        return collate(rows, self.tokenizer) | {"next_sentence_label": following}

    def losses(self, model: PreTrainedModel, x: Batch) -> dict[str, Tensor]:
        """Both losses in nats, each a mean over its targets; their sum is trained."""
        y, following = x.pop("labels"), x.pop("next_sentence_label")
        hidden = model.bert(**x)  # (B, T, d), (B, d)
        at = y != IGNORED
        words = model.cls.predictions(hidden.last_hidden_state[at])  # (M, V): the masked places alone
        return {
            "mlm": F.cross_entropy(words, y[at]),
            "nsp": F.cross_entropy(model.cls.seq_relationship(hidden.pooler_output), following),
        }


class Roberta:
    """Masked words of full sentences. The masks are dynamic: drawn each time a row is seen."""

    def __init__(self, documents: Sequence[Document], tokenizer: PreTrainedTokenizerBase, T: int, seed: int) -> None:
        self.rows = blocks(documents, tokenizer, T, random.Random(seed))
        self.batch = DataCollatorForLanguageModeling(tokenizer)

    def losses(self, model: PreTrainedModel, x: Batch) -> dict[str, Tensor]:
        """The loss in nats, a mean over the masked words."""
        y = x.pop("labels")
        at = y != IGNORED
        return {"mlm": F.cross_entropy(model.lm_head(model.roberta(**x).last_hidden_state[at]), y[at])}


class XLNet:
    """Words in a drawn order, each from those before it: a sixth of them, in spans.

    Not with the library's collator: it masks the targets in the content stream too, so that none sees another
    (section 2.1.4).
    """

    def __init__(self, documents: Sequence[Document], tokenizer: PreTrainedTokenizerBase, T: int, seed: int) -> None:
        self.rows = blocks(documents, tokenizer, T, random.Random(seed))
        self.special = torch.tensor(tokenizer.all_special_ids)

    def batch(self, rows: Sequence[dict[str, Any]]) -> Batch:
        """Words as they are, `perm_mask` (B, T, T), and `target_mapping` (B, M, T) with the `labels` (B, M)."""
        ids = torch.tensor([row["input_ids"] for row in rows])  # (B, T)
        asked = permutation_lm(ids, torch.isin(ids, self.special))
        return {
            "input_ids": ids,
            "token_type_ids": torch.tensor([row["token_type_ids"] for row in rows]),
            "perm_mask": asked.perm_mask,
            "target_mapping": asked.target_mapping,
            "labels": asked.labels,
        }

    def losses(self, model: PreTrainedModel, x: Batch) -> dict[str, Tensor]:
        """The loss in nats, a mean over the targets."""
        y = x.pop("labels")  # (B, M)
        at = y != IGNORED
        return {"plm": F.cross_entropy(model.lm_loss(model.transformer(**x).last_hidden_state[at]), y[at])}


class Align:
    """XLNet's hidden states against those of the BERT that it was made of: squared error over variance, every layer."""

    def __init__(self, documents: Sequence[Document], tokenizer: PreTrainedTokenizerBase, T: int, seed: int) -> None:
        self.bert = models.minilm().to(device())
        self.moved = [m.float().to(device()) for m in transplant.displacements(self.bert, transplant.DAMPING)]
        self.special = tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id
        self.rows = [{"input_ids": ids[: T - 2]} for document in documents for ids in document if ids]

    def pair(self, rows: Sequence[dict[str, Any]]) -> transplant.Pair:
        """The rows as both models read them."""
        return transplant.pair([row["input_ids"] for row in rows], *self.special)

    batch = pair

    def losses(self, model: PreTrainedModel, x: transplant.Pair) -> dict[str, Tensor]:
        """The mean over layers."""
        errors = transplant.errors(model.transformer, self.bert, x, self.moved)
        return {"align": torch.stack(errors[1:]).mean()}


# --- the loop ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """How continued pretraining is run."""

    objective: Callable[..., Any]
    tokens: int  # the budget, special tokens counted, padding not
    lr: float  # peak learning rate
    T: int = 64  # tokens a row at most
    batch_size: int = 16  # rows
    schedule: str = "linear"  # of the learning rate, from `pyft.schedules`
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
    "xlnet-continued": replace(CONTINUED, objective=XLNet, dropout=0.1 * transplant.QUIET),
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
    if continued and models.kept_file(architecture).is_file():
        model.load_state_dict(kept.load(models.kept_file(architecture), base))
    documents = tokenized(texts(), tokenizer)
    frozen = freeze_words(model)
    if plan.objective is Align:
        place_words(model, documents, tokenizer, plan)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = plan.dropout
    objective = plan.objective(documents, tokenizer, plan.T, plan.seed)
    log = train(model, objective, plan, (work or WORK) / name)
    file = models.kept_file(name)
    kept.save(file, model.state_dict(), body, frozen)
    model.load_state_dict(kept.load(file, base))
    run = {
        "plan": asdict(plan) | {"objective": plan.objective.__name__},
        "rows": len(objective.rows),
        "log": {column: [entry[column] for entry in log] for column in log[0]},
        "text": hashlib.sha256(json.dumps(documents).encode()).hexdigest(),
        "digest": models.digest(model),
        "provenance": provenance(),
    }
    if architecture == "xlnet":
        run["agreement"] = nearness(model, tokenizer)
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
    pairs = [transplant.pair(sentences[start : start + 32], *special) for start in range(0, min(n, len(sentences)), 32)]
    transplant.fit_positions(model.transformer.eval(), models.minilm(), pairs)


def nearness(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, n: int = 128) -> list[float]:
    """`transplant.agreement` of an XLNet with MiniLM, words first, on film reviews of the validation split."""
    bert, held_out = models.minilm(), list(data.load("movie-reviews")["validation"]["text"])[:n]
    ids = [row[:62] for row in tokenizer(held_out, add_special_tokens=False)["input_ids"]]
    moved = [m.float() for m in transplant.displacements(bert, transplant.DAMPING)]
    special = tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id
    found = transplant.agreement(model.eval().transformer.cpu(), bert, transplant.pair(ids, *special), moved)
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
            losses = objective.losses(model, moved(objective.batch(rows), where))
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


def moved(batch: Any, where: torch.device) -> Any:
    """Move a batch to a device."""
    if isinstance(batch, Mapping):
        return {name: moved(x, where) for name, x in batch.items()}
    return type(batch)(*(moved(x, where) for x in batch)) if isinstance(batch, tuple) else batch.to(where)
