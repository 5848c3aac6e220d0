"""One explicit training loop for sequence classification, and the metrics that judge it."""

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
from pyft.profiles import Recipe
from pyft.schedules import linear


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
    ids: list[list[int]] = tokenizer(list(texts), truncation=True, max_length=max_length)["input_ids"]
    return ids


def pad(ids: Sequence[Sequence[int]], pad_id: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids filled up to the longest of the batch, and the mask that is 1 on real tokens; both (B, T)."""
    T = max(map(len, ids))
    filled = torch.tensor([[*row, *[pad_id] * (T - len(row))] for row in ids])  # (B, T)
    mask = torch.tensor([[1] * len(row) + [0] * (T - len(row)) for row in ids])  # (B, T)
    return filled, mask


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
    """Fine-tune `model` in place on `train` (`text`, `label`), watching `validation`.

    Raises:
        PyftError: before the first step on unfit data, later on a loss that is not finite.
    """
    check(train, model.config.num_labels, "train")
    check(validation, model.config.num_labels, "validation", classes=1)
    where = device()
    model.to(where).train()
    ids = encode(tokenizer, train["text"], recipe.max_length)
    y = torch.tensor(train["label"])  # (N,)
    groups = decay_groups(model, recipe.weight_decay)
    optimizer = torch.optim.AdamW(groups, lr=recipe.lr, fused=True)
    rng = random.Random(seed)
    total = recipe.epochs * math.ceil(len(ids) / recipe.batch_size)
    warmup = round(recipe.warmup * total)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda t: linear(t + 1, total + 1, warmup),  # from one: at 0 the rate is 0, and the step wasted
    )
    points = range(1, recipe.evaluations + 1)
    measure_at = {round(total * k / recipe.evaluations) for k in points}
    history, losses, step = History(), [], 0
    with tqdm(total=total, desc="fine-tuning", unit="step", disable=None) as bar:
        for epoch in range(recipe.epochs):
            for batch in buckets([len(row) for row in ids], recipe.batch_size, rng):
                x, mask = pad([ids[i] for i in batch], tokenizer.pad_token_id)
                x, mask = x.to(where), mask.to(where)
                logits = model(input_ids=x, attention_mask=mask).logits  # (B, K)
                loss = F.cross_entropy(logits, y[batch].to(where))  # ()
                if not math.isfinite(loss.item()):
                    raise PyftError(_not_finite(loss.item(), step, epoch, batch, recipe))
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.max_norm)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
                losses.append(loss.item())
                step += 1  # our own count: a bar that is switched off counts nothing
                bar.update()
                bar.set_postfix(loss=f"{loss.item():.3f}")
                if step in measure_at:
                    measure(history, step, losses, model, tokenizer, validation, recipe)
                    losses.clear()
    return history


def measure(
    history: History, step: int, losses: list[float], model: Any, tokenizer: Any, validation: Any, recipe: Recipe
) -> None:
    """Add a point to the history; the model is in training mode before and after."""
    logits = predict(model, tokenizer, validation["text"], recipe.max_length)  # (N, K)
    y = torch.tensor(validation["label"])
    history.steps.append(step)
    history.train_loss.append(float(np.mean(losses)))
    history.validation_loss.append(F.cross_entropy(logits, y).item())
    history.validation_accuracy.append((logits.argmax(-1) == y).float().mean().item())


def predict(
    model: Any, tokenizer: Any, texts: Sequence[str], max_length: int = 128, batch_size: int = 64
) -> torch.Tensor:
    """Logits (N, K) for N texts, in their order, without dropout and without gradients."""
    ids = encode(tokenizer, texts, max_length)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    was_training, where = model.training, next(model.parameters()).device
    model.eval()
    logits = torch.empty(len(ids), model.config.num_labels)
    with torch.inference_mode():
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            x, mask = pad([ids[i] for i in batch], tokenizer.pad_token_id)
            logits[batch] = model(input_ids=x.to(where), attention_mask=mask.to(where)).logits.float().cpu()
    model.train(was_training)
    return logits


def check(data: Any, num_labels: int, split: str, classes: int = 2) -> None:
    """Refuse data that cannot be trained on, naming the row. Raises `PyftError`."""
    if data is None or len(data) == 0:
        raise PyftError(f"split {split!r} is empty: expected at least one row with columns `text` and `label`.")
    missing = {"text", "label"} - set(data.column_names)
    if missing:
        raise PyftError(f"split {split!r}: expected columns `text` and `label`, found {data.column_names}.")
    for row, (text, label) in enumerate(zip(data["text"], data["label"], strict=True)):
        if not isinstance(text, str) or not text.strip():
            raise PyftError(f"split {split!r}, row {row}: the text is empty. Drop the row, or give it a text.")
        if not isinstance(label, int) or not 0 <= label < num_labels:
            raise PyftError(
                f"split {split!r}, row {row}: label {label!r}, expected a whole number from 0 to {num_labels - 1}."
            )
    found = len(set(data["label"]))
    if found < classes:
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
