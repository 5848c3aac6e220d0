"""One explicit training loop for labels of texts and of words and for ratings, and the metrics that judge it."""

import hashlib
import json
import math
import os
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from accelerate import Accelerator
from datasets import Dataset
from torch import Tensor
from torch.nn import functional as F
from torch.optim import Optimizer
from tqdm import tqdm
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft import checkpoint
from pyft.errors import PyftError, unknown
from pyft.hardware import activation_budget, autocast, make_accelerator, parts
from pyft.inference import in_batches
from pyft.models import digest
from pyft.objectives import IGNORED
from pyft.profiles import FAST_PATH, Recipe
from pyft.schedules import constant, cosine, inverse_sqrt, linear
from pyft.speed import fast_path

SAVE_EVERY = 100  # steps
Objective = Callable[[PreTrainedModel, dict[str, Tensor]], Tensor]
Row = dict[str, Any]  # what a model reads of one text: `input_ids`, and `token_type_ids` where it has segments
Group = dict[str, Any]  # parameters that share their options, as AdamW takes them


def set_seed(seed: int) -> None:
    """Seed every generator in use, Python, NumPy and torch (all devices), and allow torch deterministic kernels only.

    An operation that has none on the device raises `RuntimeError`. A warning instead would be no help: on a GPU torch's
    attention then adds up its gradients in any order.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS may sum in any order
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    # Asked for that, torch also fills all new memory: a tenth of the time, for what no kernel reads.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def exponential(step: int, total: int, warmup: int) -> float:
    """From a ten-thousandth up to 1 at `total` by a constant factor, without warm-up: for the learning-rate finder."""
    return float(10.0 ** (4 * (step / total - 1)))


SCHEDULES = {schedule.__name__: schedule for schedule in (constant, linear, cosine, inverse_sqrt, exponential)}


# --- batches ----------------------------------------------------------------------------------------------------------


def encode(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_length: int) -> list[list[int]]:
    """Token ids of each text, cut to `max_length`, not yet padded."""
    return [row["input_ids"] for row in tokenize(tokenizer, texts, max_length)]


def tokenize(tokenizer: PreTrainedTokenizerBase, texts: Sequence[Any], max_length: int) -> list[Row]:
    """What the model reads of each text (or list of words), cut to `max_length`, not yet padded.

    `words` says of each token which word it begins, -1 if it begins none.
    """
    split = bool(texts) and not isinstance(texts[0], str)
    encoded = tokenizer(list(texts), truncation=True, max_length=max_length, is_split_into_words=split)
    names = [name for name in tokenizer.model_input_names if name != "attention_mask"]
    rows: list[Row] = [{name: encoded[name][i] for name in names} for i in range(len(texts))]
    if split:
        for i, row in enumerate(rows):
            of = encoded.word_ids(i)
            row["words"] = [-1 if w is None or w == before else w for before, w in zip([None, *of], of, strict=False)]
    return rows


def pad(ids: Sequence[Sequence[int]], fill: int, left: bool = False) -> tuple[Tensor, Tensor]:
    """Rows filled up to the longest, behind them or before, and the mask that is 1 on what is theirs; both (B, T)."""
    T = max(map(len, ids))

    def filled(rows: Sequence[Sequence[int]], value: int) -> Tensor:
        padding = [[value] * (T - len(row)) for row in rows]
        return torch.tensor([[*p, *row] if left else [*row, *p] for row, p in zip(rows, padding, strict=True)])

    return filled(ids, fill), filled([[1] * len(row) for row in ids], 0)


def collate(rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase) -> dict[str, Tensor]:
    """What a model is given of some rows, padded where its tokenizer pads: all (B, T), but labels of texts, (B)."""
    fill = {"input_ids": tokenizer.pad_token_id, "token_type_ids": tokenizer.pad_token_type_id, "labels": IGNORED}
    left = tokenizer.padding_side == "left"
    batch = {}
    for name in fill.keys() & rows[0].keys():
        values = [row[name] for row in rows]
        if isinstance(values[0], list):
            batch[name], batch["attention_mask"] = pad(values, fill[name], left)
        else:
            batch[name] = torch.tensor(values)
    return batch


def labelled(rows: list[Row], labels: Sequence[Any]) -> list[Row]:
    """Rows with their `labels`: one a text, or one a word, which stands at the word's first piece."""
    for row, y in zip(rows, labels, strict=True):
        row["labels"] = [IGNORED if w < 0 else y[w] for w in row["words"]] if "words" in row else y
    return rows


def length_grouped_batches(
    lengths: Sequence[int],
    batch_size: int,
    rng: random.Random,
    window: int = 50,
) -> list[list[int]]:
    """Batches of indices, in random order, each of texts of similar length: little padding.

    Shuffle; cut into windows of `window` batches; sort each by length; cut; shuffle batches.
    """
    order = list(range(len(lengths)))
    rng.shuffle(order)
    batches = []
    for start in range(0, len(order), window * batch_size):
        near = sorted(order[start : start + window * batch_size], key=lambda i: lengths[i])
        batches += [near[i : i + batch_size] for i in range(0, len(near), batch_size)]
    rng.shuffle(batches)
    return batches


# --- the loop ---------------------------------------------------------------------------------------------------------


@dataclass
class History:
    """What happened: the loss of every step, and what was measured after some `steps`.

    Measured are the mean training loss since the last time, the validation loss and the validation score: the share of
    right labels, or Pearson's r of ratings. `best` is the step whose weights came back, if the recipe has patience.
    """

    losses: list[float] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_score: list[float] = field(default_factory=list)
    best: int | None = None

    def improved(self) -> bool:
        """Whether the last validation loss is the lowest so far."""
        return self.validation_loss[-1] == min(self.validation_loss)


def fine_tune(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    train: Dataset,
    validation: Dataset,
    recipe: Recipe,
    seed: int = 0,
    folder: Path | None = None,
    objective: Objective | None = None,
    before: Callable[[int, int], None] | None = None,
) -> History:
    """Fine-tune `model` in place on `train`, watching `validation`.

    Both hold `text` and `label`, or `tokens` and `ner_tags`; texts beyond `max_length`
    are cut there. On a GPU it computes in half precision (see `pyft.hardware`). With a
    `folder`, a run that was interrupted goes on from where it last was saved, to the
    same bits: each step is seeded by its own number.

    `objective(model, batch)` is the loss that is trained, a mean over the batch's
    targets; by default that of the task. `before(t, total)` is called before each step.

    Raises:
        PyftError: unfit data, before the first step; later a loss that is not finite.
    """
    check(train, model.config.num_labels, "train")
    check(validation, model.config.num_labels, "validation", classes=1)
    check_length(model, recipe)
    accelerator = make_accelerator()
    model.to(accelerator.device).train()
    run = Run(tokenizer, train, recipe, seed, objective)
    key = run.key(model, validation) if folder else ""
    with fast_path(model, recipe.fast_path, run.rows):
        optimizer = torch.optim.AdamW(groups(model, recipe), lr=recipe.lr, fused=True)
        optimizer = accelerator.prepare(optimizer)
        budget = activation_budget(model, accelerator.device)
        history, best = resumed(folder, model, optimizer, accelerator, key)
        for t in progress(run, history, accelerator.is_main_process):
            if before:
                before(t, run.total)
            loss = train_step(run, t, model, optimizer, accelerator, budget)
            history.losses.append(loss)
            if t + 1 in run.measured_at:
                measure(history, model, tokenizer, validation, recipe)
                if recipe.patience and history.improved():
                    best, history.best = checkpoint.weights(model), t + 1
            if folder and accelerator.is_main_process and run.saved_at(t + 1):
                notes = saved_notes(history, accelerator, key)
                checkpoint.save(folder, model, optimizer, notes, best)
            if out_of_patience(history, recipe):
                break
        if best:
            checkpoint.restore(model, best)
    return history


def train_step(
    run: "Run",
    t: int,
    model: PreTrainedModel,
    optimizer: Optimizer,
    accelerator: Accelerator,
    budget: float,
) -> float:
    """Learn from the batch of step t, and return its loss.

    The batch goes through in parts, whose gradients add up to the batch's: as many as
    the recipe asks for, as processes share the work (`accelerate launch`), and as fit
    into the `budget`, bytes for activations.

    Raises:
        PyftError: a loss that is not finite; the weights are as they were.
    """
    batch, loss = run.steps[t], 0.0
    rank, world = accelerator.process_index, accelerator.num_processes
    set_lr(optimizer, run.recipe, t, run.total)
    torch.manual_seed((run.seed * 1_000_003 + t) * world + rank)  # dropout
    mine = batch[rank::world]  # none, if there are more processes than texts
    T, least = run.longest(batch), run.recipe.accumulate
    for part in parts(mine or batch[:1], T, model.config, budget, least):
        x = run.batch(part, accelerator.device)  # (b, T)
        with accelerator.autocast():
            mean = run.objective(model, x)  # ()
        share = mean * (run.share(part, batch) if mine else 0.0)  # of the mean
        accelerator.backward(share)
        loss += share.item()
    loss = summed(model, loss, accelerator)
    if not math.isfinite(loss):
        raise PyftError(_not_finite(loss, t, run))
    accelerator.clip_grad_norm_(model.parameters(), run.recipe.max_norm)
    optimizer.step()
    optimizer.zero_grad()
    return loss


class Run:
    """What a run does, known before its first step: its objective, its rows, and which of them each step takes."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        train: Dataset,
        recipe: Recipe,
        seed: int,
        objective: Objective | None = None,
    ) -> None:
        texts, labels = columns(train)
        self.rows = labelled(tokenize(tokenizer, train[texts], recipe.max_length), train[labels])
        self.lengths = [len(row["input_ids"]) for row in self.rows]
        self.targets = torch.tensor(
            [sum(y != IGNORED for y in row["labels"]) if "words" in row else 1 for row in self.rows]
        )  # (N)
        rng = random.Random(seed)
        self.steps = [
            batch
            for _ in range(recipe.epochs)
            for batch in length_grouped_batches(self.lengths, recipe.batch_size, rng)
        ]
        self.total = len(self.steps)
        self.measured_at = {round(self.total * k / recipe.evaluations) for k in range(1, recipe.evaluations + 1)}
        self.objective = objective or partial(task_loss, label_smoothing=recipe.label_smoothing)
        self.tokenizer, self.recipe, self.seed = tokenizer, recipe, seed

    def batch(self, part: Sequence[int], where: torch.device) -> dict[str, Tensor]:
        """What the model reads of these rows, on that device: (b, T)."""
        rows = [self.rows[i] for i in part]
        return {name: x.to(where) for name, x in collate(rows, self.tokenizer).items()}

    def longest(self, batch: Sequence[int]) -> int:
        """Tokens of the longest text."""
        return max(self.lengths[i] for i in batch)

    def share(self, part: Sequence[int], batch: Sequence[int]) -> float:
        """Of the batch's targets, how much is in a part of it."""
        return float(self.targets[list(part)].sum() / self.targets[list(batch)].sum())

    def epoch(self, t: int) -> int:
        """The epoch of step t, from 0."""
        return t * self.recipe.epochs // self.total

    def saved_at(self, steps: int) -> bool:
        """Whether the run is saved after so many steps."""
        return steps in self.measured_at or steps % SAVE_EVERY == 0

    def key(self, model: PreTrainedModel, validation: Dataset) -> str:
        """Which run it is: weights, rows, what it is watched on, recipe and seed."""
        watched = [validation[name][:] for name in columns(validation)]
        parts = json.dumps([digest(model), repr(self.recipe), self.seed, self.rows, watched])
        return hashlib.sha256(parts.encode()).hexdigest()


def progress(run: Run, history: History, shown: bool = True) -> Iterator[int]:
    """The steps that are left, with a bar that shows the last loss and the time left."""
    done = len(history.losses)
    disable = None if shown else True  # None: shown on a terminal alone
    with tqdm(total=run.total, initial=done, desc="fine-tuning", unit="step", disable=disable) as bar:
        for t in range(run.total if out_of_patience(history, run.recipe) else done, run.total):
            yield t
            bar.update()
            bar.set_postfix(loss=f"{history.losses[-1]:.3f}")


def task_loss(model: PreTrainedModel, x: dict[str, Tensor], label_smoothing: float = 0.0) -> Tensor:
    """Mean squared error if the model has one output, else the cross-entropy of texts or of words: ()."""
    y = x.pop("labels")  # (b) or (b, T)
    z = model(**x).logits.float()  # (b, K) or (b, T, K); of half-precision logits torch makes half-precision losses
    if model.config.num_labels == 1:
        return F.mse_loss(z.squeeze(-1), y)
    return F.cross_entropy(z.flatten(0, -2), y.flatten(), ignore_index=IGNORED, label_smoothing=label_smoothing)


class Scheduled(Protocol):
    """What a learning-rate schedule is read from: a recipe, or a plan of pretraining."""

    @property
    def schedule(self) -> str:
        """A name of `SCHEDULES`."""

    @property
    def warmup(self) -> float:
        """As a share of all steps."""


def lr_factor(recipe: Scheduled, t: int, total: int, begin: int = 0) -> float:
    """The factor on the learning rate at step t, from 0, of weights that begin to learn at step `begin`.

    Raises:
        PyftError: a schedule that does not exist.
    """
    if recipe.schedule not in SCHEDULES:
        raise unknown("schedule", recipe.schedule, list(SCHEDULES))
    if t < begin:
        return 0.0
    # From one: at 0 the rate is 0, and the step would be wasted.
    return SCHEDULES[recipe.schedule](t + 1 - begin, total + 1 - begin, round(recipe.warmup * total))


def set_lr(optimizer: Optimizer, recipe: Scheduled, t: int, total: int) -> None:
    """Give every parameter group its rate for step t: its `peak` times the factor; it learns from its `begin` on."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * lr_factor(recipe, t, total, group.get("begin", 0))


def groups(model: PreTrainedModel, recipe: Recipe) -> list[Group]:
    """Parameter groups for AdamW: `decay_groups`, and within them a group for each depth if rates decay with it.

    The rate of a layer is `layer_decay` times that of the one above it, from the head, which has the recipe's
    (Howard & Ruder 2018, section 3.2, "discriminative fine-tuning"). `peak` is what the schedule multiplies.
    """
    found = decay_groups(model, recipe.weight_decay, biases=recipe.decay_biases)
    if recipe.layer_decay == 1:
        return [group | {"peak": recipe.lr} for group in found]
    depth = depths(model)
    return [group | {"peak": recipe.lr * recipe.layer_decay**k} for k, group in split_groups(found, depth.__getitem__)]


def split_groups(groups: Sequence[Group], key: Callable[[Tensor], int]) -> Iterator[tuple[int, Group]]:
    """Each parameter group cut in several, one for each value of `key` in it, with that value."""
    for group in groups:
        for value in sorted({key(p) for p in group["params"]}):
            yield value, group | {"params": [p for p in group["params"] if key(p) == value]}


def depths(model: PreTrainedModel) -> dict[Tensor, int]:
    """How many layers lie above each parameter: 0 for the head, 1 for the last layer, L + 1 for embeddings."""
    L = model.config.num_hidden_layers
    body = {id(p) for p in model.base_model.parameters()}

    def depth(name: str, p: Tensor) -> int:
        layer = re.search(r"\.layer\.(\d+)\.", name)
        if layer:
            return L - int(layer.group(1))
        return L + 1 if id(p) in body and "pooler" not in name else 0

    return {p: depth(name, p) for name, p in model.named_parameters()}


def decay_groups(model: torch.nn.Module, weight_decay: float, biases: bool = False) -> list[Group]:
    """Parameter groups for AdamW: matrices decay, biases and LayerNorm gains (one dimension) only if asked for."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": weight_decay if biases else 0.0},
    ]


def summed(model: PreTrainedModel, loss: float, accelerator: Accelerator) -> float:
    """Gradients, in place, and the loss, added up over the processes that share a batch."""
    if accelerator.num_processes == 1:
        return loss
    for p in model.parameters():
        if p.grad is not None:
            p.grad = accelerator.reduce(p.grad, reduction="sum")
    total = torch.tensor([loss], dtype=torch.float64, device=accelerator.device)
    return accelerator.reduce(total, reduction="sum").item()


def out_of_patience(history: History, recipe: Recipe) -> bool:
    """Whether the last `patience` measurements brought no lower validation loss."""
    found = history.validation_loss
    return bool(recipe.patience and found) and len(found) - 1 - found.index(min(found)) >= recipe.patience


def resumed(
    folder: Path | None,
    model: PreTrainedModel,
    optimizer: Optimizer,
    accelerator: Accelerator,
    key: str,
) -> tuple[History, dict[str, Tensor]]:
    """What an earlier call has left in the folder, with the best weights so far; or a new history and none."""
    saved = checkpoint.resume(folder, model, optimizer, key=key) if folder else None
    if saved is None:
        return History(), {}
    notes, best = saved
    if accelerator.scaler:
        accelerator.scaler.load_state_dict(notes["scale"])
    return History(**notes["history"]), best


def saved_notes(history: History, accelerator: Accelerator, key: str) -> dict[str, Any]:
    """What `resumed` must find besides tensors: which run it is, its history, and the scale of its loss in float16."""
    scale = accelerator.scaler.state_dict() if accelerator.scaler else {}
    return {"key": key, "history": asdict(history), "scale": scale}


def measure(
    history: History, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, validation: Dataset, recipe: Recipe
) -> None:
    """Add a point to the history; the model is in training mode before and after."""
    texts, labels = columns(validation)
    predicted = predict(model, tokenizer, validation[texts], recipe.max_length, fast=recipe.fast_path)
    if texts == "text":
        z, y = predicted, torch.tensor(validation[labels])  # (N, K), (N)
    else:
        z = torch.cat(predicted)  # (words, K)
        y = torch.tensor([y for z, tags in zip(predicted, validation[labels], strict=True) for y in tags[: len(z)]])
    if model.config.num_labels == 1:
        z = z.squeeze(-1)  # (N)
        loss, score = F.mse_loss(z, y.float()), torch.corrcoef(torch.stack([z, y.float()]))[0, 1]
    else:
        loss, score = F.cross_entropy(z, y), (z.argmax(-1) == y).float().mean()
    history.train_loss.append(float(np.mean(history.losses[history.steps[-1] if history.steps else 0 :])))
    history.steps.append(len(history.losses))
    history.validation_loss.append(loss.item())
    history.validation_score.append(score.item())


def predict(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[Any],
    max_length: int = 128,
    batch_size: int = 64,
    fast: Sequence[str] = FAST_PATH,
) -> Any:
    """Logits for N texts, in their order, without dropout and without gradients: (N, K).

    For N lists of words, a list of N tensors (words, K). Words beyond `max_length` tokens have none. `fast` names parts
    of the fast path (`pyft.speed`).
    """
    rows = tokenize(tokenizer, texts, max_length)
    where = next(model.parameters()).device

    def logits(batch: list[int]) -> list[Tensor]:  # (K) or (words, K) each
        x = {k: v.to(where) for k, v in collate([rows[i] for i in batch], tokenizer).items()}
        Z, real = model(**x).logits.float().cpu(), x["attention_mask"].bool().cpu()
        if Z.ndim == 2:
            return list(Z)
        return [z[at][torch.tensor(rows[i]["words"]) >= 0] for i, z, at in zip(batch, Z, real, strict=True)]

    with fast_path(model, fast), autocast(where):
        found = in_batches(model, logits, [len(row["input_ids"]) for row in rows], batch_size)
    return torch.stack(found) if found and found[0].ndim == 1 else found


def columns(data: Dataset) -> tuple[str, str]:
    """Names of the columns that hold what is read and what is predicted."""
    return ("tokens", "ner_tags") if "tokens" in data.column_names else ("text", "label")


def check(data: Dataset, num_labels: int, split: str, classes: int = 2) -> None:
    """Refuse data that cannot be trained on, naming the row. `num_labels` of 1 asks for ratings. Raises `PyftError`."""
    if data is None or len(data) == 0:
        raise PyftError(f"split {split!r} is empty: expected at least one row with columns `text` and `label`.")
    texts, labels = columns(data)
    if {texts, labels} - set(data.column_names):
        raise PyftError(f"split {split!r}: expected columns `{texts}` and `{labels}`, found {data.column_names}.")
    found: set[float] = set()
    for row, (text, label) in enumerate(zip(data[texts], data[labels], strict=True)):
        words, tags = ([text], [label]) if texts == "text" else (text, label)
        if not words or not all(isinstance(w, str) and w.strip() for w in words):
            raise PyftError(f"split {split!r}, row {row}: the text is empty. Drop the row, or give it a text.")
        if len(words) != len(tags):
            raise PyftError(f"split {split!r}, row {row}: {len(words)} words, {len(tags)} tags. Give each word one.")
        for tag in tags:
            if num_labels == 1:
                fit = isinstance(tag, float) and math.isfinite(tag)
                wanted = "a finite number with a decimal point"
            else:
                fit = isinstance(tag, int) and 0 <= tag < num_labels
                wanted = f"a whole number from 0 to {num_labels - 1}"
            if not fit:
                raise PyftError(f"split {split!r}, row {row}: label {tag!r}, expected {wanted}.")
        found.update(tags)
    if len(found) < classes:
        raise PyftError(
            f"split {split!r} has one label only: nothing can be learned from it. Expected at least {classes}."
        )


def check_length(model: PreTrainedModel, recipe: Recipe) -> None:
    """Refuse a `max_length` for which the model has no positions. Raises `PyftError`."""
    positions = getattr(model.config, "max_position_embeddings", 0)
    positions = positions if positions > 0 else math.inf  # XLNet's are relative
    if model.config.model_type == "roberta":  # counts from the padding's number on
        positions -= model.config.pad_token_id + 1
    if not 3 <= recipe.max_length <= positions:
        raise PyftError(
            f"max_length is {recipe.max_length}, expected 3 to {positions:g}: "
            "two special tokens and a word, and no more than the model has positions."
        )


def _not_finite(loss: float, t: int, run: Run) -> str:
    rows = ", ".join(str(i) for i in run.steps[t][:8])
    return (
        f"the loss is {loss} at step {t} (epoch {run.epoch(t)}), in the batch of train rows {rows}, … "
        "What was saved before is kept. "
        f"Try a lower learning rate than {run.recipe.lr:g} or a smaller max_norm than {run.recipe.max_norm:g}."
    )
