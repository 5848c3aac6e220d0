"""From texts to batches: tokens, labels at their places, padding, and texts of like length together."""

import math
import random
from collections.abc import Sequence
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft.errors import PyftError
from pyft.maths.objectives import IGNORED
from pyft.profiles import Recipe

Row = dict[str, Any]  # what a model reads of one text: `input_ids`, and `token_type_ids` where it has segments


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


def length_parts(batch: Sequence[int], lengths: Sequence[int], part_cost: float) -> list[list[int]]:
    """The batch cut into parts of like length, so that padding and parts together cost least, in tokens.

    A part of n texts costs n times its longest, and `part_cost` besides: what a pass costs whatever goes through it.
    The gradients of the parts add up to the batch's, so the batch may be drawn at random and is hardly padded.
    """
    order = sorted(batch, key=lambda i: lengths[i])
    cost, cut = [0.0], [0]  # of the first n texts, and where their last part begins
    for n in range(1, len(order) + 1):
        longest = lengths[order[n - 1]]
        options = [cost[begin] + (n - begin) * longest + part_cost for begin in range(n)]
        cut.append(min(range(n), key=options.__getitem__))
        cost.append(options[cut[-1]])
    parts, end = [], len(order)
    while end:
        parts.append(order[cut[end] : end])
        end = cut[end]
    return parts[::-1]


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
                wanted = "a finite number with a decimal point (of classes a model needs num_labels of at least 2)"
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
