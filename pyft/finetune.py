"""One explicit training loop for labels of texts and of words, and the metrics that judge it."""

import math
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F
from tqdm import tqdm

from pyft.errors import PyftError
from pyft.hardware import autocast, parts, room, scaler
from pyft.profiles import Recipe
from pyft.schedules import linear

Row = dict[str, Any]  # what a model reads of one text: `input_ids`, and `token_type_ids` where it has segments
IGNORED = -100  # the label of what is no target: padding, special tokens, a word's later pieces


def set_seed(seed: int) -> None:
    """Seed every generator in use: Python, NumPy and torch (all devices); ask torch for deterministic kernels."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS may sum in any order
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True, warn_only=True)


def device() -> torch.device:
    """The GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


# --- batches ----------------------------------------------------------------------------------------------------------


def encode(tokenizer: Any, texts: Sequence[str], max_length: int) -> list[list[int]]:
    """Token ids of each text, cut to `max_length`, not yet padded."""
    return [row["input_ids"] for row in tokenize(tokenizer, texts, max_length)]


def tokenize(tokenizer: Any, texts: Sequence[Any], max_length: int) -> list[Row]:
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


def pad(ids: Sequence[Sequence[int]], fill: int, left: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows filled up to the longest, behind them or before, and the mask that is 1 on what is theirs; both (B, T)."""
    T = max(map(len, ids))

    def filled(rows: Sequence[Sequence[int]], value: int) -> torch.Tensor:
        padding = [[value] * (T - len(row)) for row in rows]
        return torch.tensor([[*p, *row] if left else [*row, *p] for row, p in zip(rows, padding, strict=True)])

    return filled(ids, fill), filled([[1] * len(row) for row in ids], 0)


def collate(rows: Sequence[Row], tokenizer: Any) -> dict[str, torch.Tensor]:
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


def buckets(
    lengths: Sequence[int],
    batch_size: int,
    rng: random.Random,
    window: int = 50,
) -> list[list[int]]:
    """Batches of indices, shuffled, each of texts of like length: little padding.

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
    """What happened: mean training loss since the last evaluation, validation loss and accuracy, by step."""

    steps: list[int] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)


def decay_groups(model: torch.nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Parameter groups for AdamW: matrices decay, biases and LayerNorm gains (one dimension) do not."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


def fine_tune(
    model: Any,
    tokenizer: Any,
    train: Any,
    validation: Any,
    recipe: Recipe,
    seed: int = 0,
) -> History:
    """Fine-tune `model` in place on `train` (`text` and `label`, or `tokens` and `ner_tags`), watching `validation`.

    On a GPU in half precision; and there a batch that memory does not hold goes through in parts, whose gradients add
    up to the batch's (see `pyft.hardware`).

    Raises:
        PyftError: before the first step on unfit data, later on a loss that is not finite.
    """
    check(train, model.config.num_labels, "train")
    check(validation, model.config.num_labels, "validation", classes=1)
    where = device()
    model.to(where).train()
    rows = labelled(tokenize(tokenizer, train[columns(train)[0]], recipe.max_length), train[columns(train)[1]])
    groups = decay_groups(model, recipe.weight_decay)
    optimizer = torch.optim.AdamW(groups, lr=recipe.lr, fused=True)
    rng = random.Random(seed)
    total = recipe.epochs * math.ceil(len(rows) / recipe.batch_size)
    warmup = round(recipe.warmup * total)
    lengths = [len(row["input_ids"]) for row in rows]
    targets = torch.tensor([sum(y != IGNORED for y in np.atleast_1d(row["labels"])) for row in rows])  # (N)
    scale, space = scaler(where), room(model, where)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda t: linear(t + 1, total + 1, warmup),  # from one: at 0 the rate is 0, and the step wasted
    )
    points = range(1, recipe.evaluations + 1)
    measure_at = {round(total * k / recipe.evaluations) for k in points}
    history, losses, step = History(), [], 0
    with tqdm(total=total, desc="fine-tuning", unit="step", disable=None) as bar:
        for epoch in range(recipe.epochs):
            for batch in buckets(lengths, recipe.batch_size, rng):
                loss = 0.0
                for part in parts(batch, max(lengths[i] for i in batch), model.config, space):
                    x = {k: v.to(where) for k, v in collate([rows[i] for i in part], tokenizer).items()}  # (b, T)
                    y = x.pop("labels")  # (b) or (b, T)
                    with autocast(where):
                        logits = model(**x).logits  # (b, K) or (b, T, K)
                        mean = F.cross_entropy(logits.flatten(0, -2), y.flatten(), ignore_index=IGNORED)  # ()
                    share = mean * (targets[part].sum() / targets[batch].sum()).item()  # its part of the batch's mean
                    scale.scale(share).backward()
                    loss += share.item()
                if not math.isfinite(loss):
                    raise PyftError(_not_finite(loss, step, epoch, batch, recipe))
                scale.unscale_(optimizer)
                torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.max_norm)
                scale.step(optimizer)
                scale.update()
                schedule.step()
                optimizer.zero_grad()
                losses.append(loss)
                step += 1  # our own count: a bar that is switched off counts nothing
                bar.update()
                bar.set_postfix(loss=f"{loss:.3f}")
                if step in measure_at:
                    measure(history, step, losses, model, tokenizer, validation, recipe)
                    losses.clear()
    return history


def measure(
    history: History, step: int, losses: list[float], model: Any, tokenizer: Any, validation: Any, recipe: Recipe
) -> None:
    """Add a point to the history; the model is in training mode before and after."""
    texts, labels = columns(validation)
    predicted = predict(model, tokenizer, validation[texts], recipe.max_length)
    if texts == "text":
        logits, y = predicted, torch.tensor(validation[labels])  # (N, K), (N)
    else:
        logits = torch.cat(predicted)  # (words, K)
        y = torch.tensor([y for z, tags in zip(predicted, validation[labels], strict=True) for y in tags[: len(z)]])
    history.steps.append(step)
    history.train_loss.append(float(np.mean(losses)))
    history.validation_loss.append(F.cross_entropy(logits, y).item())
    history.validation_accuracy.append((logits.argmax(-1) == y).float().mean().item())


def predict(model: Any, tokenizer: Any, texts: Sequence[Any], max_length: int = 128, batch_size: int = 64) -> Any:
    """Logits for N texts, in their order, without dropout and without gradients: (N, K).

    For N lists of words, a list of N tensors (words, K). Words beyond `max_length` tokens have none.
    """
    rows = tokenize(tokenizer, texts, max_length)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]["input_ids"]))
    was_training, where = model.training, next(model.parameters()).device
    model.eval()
    found: list[torch.Tensor] = [torch.empty(0)] * len(rows)
    with torch.inference_mode(), autocast(where):
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            x = {k: v.to(where) for k, v in collate([rows[i] for i in batch], tokenizer).items()}
            for i, z, real in zip(
                batch, model(**x).logits.float().cpu(), x["attention_mask"].bool().cpu(), strict=True
            ):
                found[i] = z if z.ndim == 1 else z[real][torch.tensor(rows[i]["words"]) >= 0]
    model.train(was_training)
    return torch.stack(found) if found and found[0].ndim == 1 else found


def columns(data: Any) -> tuple[str, str]:
    """Names of the columns that hold what is read and what is predicted."""
    return ("tokens", "ner_tags") if "tokens" in data.column_names else ("text", "label")


def check(data: Any, num_labels: int, split: str, classes: int = 2) -> None:
    """Refuse data that cannot be trained on, naming the row. Raises `PyftError`."""
    if data is None or len(data) == 0:
        raise PyftError(f"split {split!r} is empty: expected at least one row with columns `text` and `label`.")
    texts, labels = columns(data)
    if {texts, labels} - set(data.column_names):
        raise PyftError(f"split {split!r}: expected columns `{texts}` and `{labels}`, found {data.column_names}.")
    found: set[int] = set()
    for row, (text, label) in enumerate(zip(data[texts], data[labels], strict=True)):
        words, tags = ([text], [label]) if texts == "text" else (text, label)
        if not words or not all(isinstance(w, str) and w.strip() for w in words):
            raise PyftError(f"split {split!r}, row {row}: the text is empty. Drop the row, or give it a text.")
        if len(words) != len(tags):
            raise PyftError(f"split {split!r}, row {row}: {len(words)} words, {len(tags)} tags. Give each word one.")
        for tag in tags:
            if not isinstance(tag, int) or not 0 <= tag < num_labels:
                raise PyftError(
                    f"split {split!r}, row {row}: label {tag!r}, expected a whole number from 0 to {num_labels - 1}."
                )
        found.update(tags)
    if len(found) < classes:
        raise PyftError(
            f"split {split!r} has one label only: nothing can be learned from it. Expected at least {classes}."
        )


def _not_finite(loss: float, step: int, epoch: int, batch: list[int], recipe: Recipe) -> str:
    rows = ", ".join(str(i) for i in batch[:8])
    return (
        f"the loss is {loss} at step {step} (epoch {epoch}), in the batch of train rows {rows}, … "
        "Nothing was saved. "
        f"Try a lower learning rate than {recipe.lr:g} or a smaller max_norm than {recipe.max_norm:g}."
    )
