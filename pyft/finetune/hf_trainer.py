"""The loop of `pyft.finetune` done by Hugging Face's `Trainer`: same arguments, same losses step by step."""

import tempfile
from functools import partial
from typing import Any

import torch
from datasets import Dataset
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from pyft.errors import PyftError
from pyft.finetune import checkpoint
from pyft.finetune.batches import check, check_length, collate
from pyft.finetune.fast_path import fast_path
from pyft.finetune.hardware import device, parts, precision
from pyft.finetune.history import History, out_of_patience
from pyft.finetune.loop import Run
from pyft.finetune.parameter_groups import groups
from pyft.finetune.prediction import measure
from pyft.finetune.schedule import lr_factor
from pyft.profiles import Recipe


def fine_tune(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    train: Dataset,
    validation: Dataset,
    recipe: Recipe,
    seed: int = 0,
) -> tuple[History, Trainer]:
    """`pyft.finetune.fine_tune` without its folder and hooks; the loss is the library's own. Also the trainer.

    One process. With `accumulate`, `Trainer` averages the means of the parts, so all must hold as many targets: texts
    to label, in batches that can be cut evenly.

    Raises:
        PyftError: as there, or batches that cannot be cut evenly.
    """
    check(train, model.config.num_labels, "train")
    check(validation, model.config.num_labels, "validation", classes=1)
    check_length(model, recipe)
    run = Run(tokenizer, train, recipe, seed)
    cut = [list(part) for batch in run.steps for part in parts(batch, 1, model.config, float("inf"), recipe.accumulate)]
    if recipe.accumulate > 1 and len({run.targets[part].sum().item() for part in cut}) > 1:
        raise PyftError(f"accumulate={recipe.accumulate}: the parts of a batch hold unlike numbers of labels.")
    half = {torch.bfloat16: {"bf16": True}, torch.float16: {"fp16": True}}.get(precision(device()), {})
    history = History()
    model.to(device())
    with fast_path(model, recipe.fast_path, run.rows), tempfile.TemporaryDirectory() as folder:
        optimizer = torch.optim.AdamW(groups(model, recipe), lr=recipe.lr, fused=True)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"]
        trainer = Explicit(
            model,
            arguments(
                folder,
                recipe,
                gradient_accumulation_steps=recipe.accumulate,
                num_train_epochs=1,  # the sampler holds the batches of all epochs
                label_smoothing_factor=recipe.label_smoothing,
                logging_nan_inf_filter=False,
                **half,
            ),
            train_dataset=run.rows,
            data_collator=partial(collate, tokenizer=tokenizer),
            optimizers=(optimizer, LambdaLR(optimizer, lambda t: lr_factor(recipe, t, run.total))),
            callbacks=[Watch(history, run, model, tokenizer, validation)],
        )
        trainer.batches, trainer.history = cut, history
        # BERT's forward takes any keyword, so `Trainer` leaves it to the model to divide by the number of parts; but
        # the heads for texts and words never do, and gradients would be `accumulate` times too large.
        trainer.model_accepts_loss_kwargs = False
        trainer.remove_callback(PrinterCallback)  # without a bar it prints how long it took
        trainer.train()
    return history, trainer


def arguments(folder: str, recipe: Recipe, **options: Any) -> TrainingArguments:
    """What `Trainer` is told of a recipe, whoever sets the rest: batches, clipping; nothing saved, logged or shown."""
    return TrainingArguments(
        folder,
        per_device_train_batch_size=recipe.batch_size // recipe.accumulate,
        max_grad_norm=recipe.max_norm,
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
        **options,
    )


class Explicit(Trainer):  # type: ignore[misc]
    """A trainer whose batches are given, and that keeps the loss of every step."""

    batches: list[list[int]]
    history: History

    def get_train_dataloader(self) -> Any:
        """The batches in their order, as `Trainer` has them prepared for the device."""
        loader = DataLoader(self.train_dataset, batch_sampler=self.batches, collate_fn=self.data_collator)
        return self.accelerator.prepare(loader)

    def training_step(self, *arguments: Any, **options: Any) -> torch.Tensor:
        """The library's; what it returns is a part's share of the loss."""
        loss = super().training_step(*arguments, **options)
        if len(self.history.losses) == self.state.global_step:
            self.history.losses.append(0.0)
        self.history.losses[-1] += loss.item()
        return loss


class Watch(TrainerCallback):  # type: ignore[misc]
    """Seeds each step by its number, measures on validation data, and stops when the recipe's patience is over."""

    def __init__(
        self,
        history: History,
        run: Run,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        validation: Dataset,
    ) -> None:
        self.history, self.run, self.model, self.tokenizer, self.validation = history, run, model, tokenizer, validation
        self.best: dict[str, torch.Tensor] = {}

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        torch.manual_seed(self.run.seed * 1_000_003 + state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        h, recipe = self.history, self.run.recipe
        if state.global_step in self.run.measured_at:
            measure(h, self.model, self.tokenizer, self.validation, recipe)
            if recipe.patience and h.improved():
                h.best = state.global_step
                self.best = checkpoint.weights(self.model)
        control.should_training_stop |= out_of_patience(h, recipe)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.best:
            checkpoint.restore(self.model, self.best)
