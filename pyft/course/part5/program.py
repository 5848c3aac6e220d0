"""The program of part 5: some film reviews, and a `Trainer` that learns from them. Shown on its pages."""

import contextlib
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np
from datasets import Dataset, DatasetDict
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    EvalPrediction,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Trainer,
    TrainingArguments,
)

from pyft import data
from pyft.profiles import Recipe

ROWS, CHECKED = 800, 200  # of the training and of the validation split
LIMIT = 128  # tokens


def some_reviews(seed: int) -> DatasetDict:
    """Shuffle before you cut: rows often lie in the order in which somebody wrote them down."""
    movies = data.load("movie-reviews")
    return DatasetDict(
        train=movies["train"].shuffle(seed=seed).select(range(ROWS)),
        validation=movies["validation"].shuffle(seed=seed).select(range(CHECKED)),
        test=movies["test"],
    )


def tokenized(rows: Dataset | DatasetDict, tokenizer: PreTrainedTokenizerBase) -> Any:
    """Add token ids, cut at the limit and not yet padded: that is left to each batch."""

    def ids(batch: dict[str, Any]) -> Any:
        return tokenizer(batch["text"], truncation=True, max_length=LIMIT)

    return rows.map(ids, batched=True)


def arguments(recipe: Recipe, folder: str, seed: int) -> TrainingArguments:
    """Say what the defaults would not."""
    return TrainingArguments(
        output_dir=folder,
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=64,
        learning_rate=recipe.lr,
        warmup_steps=recipe.warmup,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_norm,
        train_sampling_strategy="group_by_length",
        eval_strategy="epoch",
        logging_strategy="epoch",
        save_strategy="no",
        report_to="none",
        seed=seed,
    )


def make_trainer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    ready: DatasetDict,
    args: TrainingArguments,
) -> Trainer:
    """Name the classes, hand over the tokenizer, and say how answers are measured."""
    names = ready["train"].features["label"].names
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: i for i, name in enumerate(names)}

    def accuracy(output: EvalPrediction) -> dict[str, float]:
        right = output.predictions.argmax(-1) == output.label_ids  # (N,)
        return {"accuracy": float(np.mean(right))}

    return Trainer(
        model=model,
        args=args,
        train_dataset=ready["train"],
        eval_dataset=ready["validation"],
        processing_class=tokenizer,
        compute_metrics=accuracy,
    )


def small(**options: Any) -> BertForSequenceClassification:
    """A BERT small enough to fail with, at once."""
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    return BertForSequenceClassification(BertConfig(**size, **options))


@contextlib.contextmanager
def told(line: str) -> Iterator[None]:
    """Run a line that may fail, and print what came of it, without the places of files."""
    try:
        yield
        print(f"{line}: no error")
    except Exception as error:
        print(f"{line}: {_said(error)}")


def _said(error: Exception) -> str:
    first = str(error).strip().splitlines()[0]
    first = re.sub(r" \([^()]*__init__\.py\)|\. Did you mean.*", "", first)
    return f"{type(error).__name__}\n{textwrap.indent(textwrap.fill(first, 80), '  ')}"
