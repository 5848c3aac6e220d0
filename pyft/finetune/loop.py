"""One explicit training loop for labels of texts and of words and for ratings."""

import hashlib
import json
import math
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from datasets import Dataset
from torch import Tensor
from torch.nn import functional as F
from torch.optim import Optimizer
from tqdm import tqdm
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft.errors import PyftError
from pyft.finetune import checkpoint
from pyft.finetune.batches import (
    check,
    check_length,
    collate,
    columns,
    labelled,
    length_grouped_batches,
    length_parts,
    tokenize,
)
from pyft.finetune.fast_path import fast_path
from pyft.finetune.hardware import activation_budget, make_accelerator, parts
from pyft.finetune.history import History, out_of_patience
from pyft.finetune.parameter_groups import groups
from pyft.finetune.prediction import measure
from pyft.finetune.schedule import set_lr
from pyft.maths.objectives import IGNORED
from pyft.models.loading import digest
from pyft.profiles import Recipe

SAVE_EVERY = 100  # steps
PART_COST = 40  # tokens: what one more pass through the model costs on a CPU beside its texts
Objective = Callable[[PreTrainedModel, dict[str, Tensor]], Tensor]


def set_seed(seed: int) -> None:
    """Seed every generator in use, Python, NumPy and torch (all devices), and allow torch deterministic kernels only.

    An operation that has none on the device raises `RuntimeError`. A warning instead would be no help: on a GPU torch's
    attention then adds up its gradients in any order.

    Raises:
        PyftError: a seed that NumPy does not take.
    """
    if not 0 <= seed < 2**32:
        raise PyftError(f"the seed is {seed}, expected a whole number from 0 to {2**32 - 1:,}.")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS may sum in any order
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    # Asked for that, torch also fills all new memory: a tenth of the time, for what no kernel reads.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


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
    are cut there. On a GPU it computes in half precision (see `pyft.finetune.hardware`). With a
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
    for part in run.parts(mine or batch[:1], model, budget):
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
            for batch in length_grouped_batches(self.lengths, recipe.batch_size, rng, recipe.length_window)
        ]
        self.total = len(self.steps)
        self.measured_at = {round(self.total * k / recipe.evaluations) for k in range(1, recipe.evaluations + 1)}
        self.objective = objective or partial(task_loss, label_smoothing=recipe.label_smoothing)
        self.tokenizer, self.recipe, self.seed = tokenizer, recipe, seed

    def batch(self, part: Sequence[int], where: torch.device) -> dict[str, Tensor]:
        """What the model reads of these rows, on that device: (b, T)."""
        rows = [self.rows[i] for i in part]
        return {name: x.to(where) for name, x in collate(rows, self.tokenizer).items()}

    def parts(self, batch: Sequence[int], model: PreTrainedModel, budget: float) -> list[Sequence[int]]:
        """What of a batch goes through at once: as much as fits; of random texts on a CPU those of like length."""
        if self.recipe.length_window == 1 and self.recipe.accumulate == 1 and math.isinf(budget):
            return list(length_parts(batch, self.lengths, PART_COST))
        T = max(self.lengths[i] for i in batch)
        return parts(batch, T, model.config, budget, self.recipe.accumulate)

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


def summed(model: PreTrainedModel, loss: float, accelerator: Accelerator) -> float:
    """Gradients, in place, and the loss, added up over the processes that share a batch."""
    if accelerator.num_processes == 1:
        return loss
    for p in model.parameters():
        if p.grad is not None:
            p.grad = accelerator.reduce(p.grad, reduction="sum")
    total = torch.tensor([loss], dtype=torch.float64, device=accelerator.device)
    return accelerator.reduce(total, reduction="sum").item()


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


def _not_finite(loss: float, t: int, run: Run) -> str:
    rows = ", ".join(str(i) for i in run.steps[t][:8])
    return (
        f"the loss is {loss} at step {t} (epoch {run.epoch(t)}), in the batch of train rows {rows}, … "
        "What was saved before is kept. "
        f"Try a lower learning rate than {run.recipe.lr:g} or a smaller max_norm than {run.recipe.max_norm:g}."
    )
