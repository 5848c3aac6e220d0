"""What a model says of texts it does not learn from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from torch import Tensor
from torch.nn import functional as F
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft.finetune.batches import collate, columns, tokenize
from pyft.finetune.fast_path import fast_path
from pyft.finetune.hardware import autocast
from pyft.finetune.history import History
from pyft.models.inference import in_batches
from pyft.profiles import FAST_PATH, Recipe


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
        read = ~z.isnan().any(-1)  # (words) the others the tokenizer dropped
        z, y = z[read], y[read]
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
    exact: bool = False,
) -> Any:
    """Logits for N texts, in their order, without dropout and without gradients: (N, K).

    For N lists of words, a list of N tensors (words, K), whose rows go by the words' numbers. Words beyond `max_length`
    tokens have none; a word that the tokenizer drops, such as a lone variation selector, has a row of nan. `fast` names
    parts of the fast path (`pyft.finetune.fast_path`), and with `exact` a GPU computes in full precision too.
    """
    rows = tokenize(tokenizer, texts, max_length)
    where = next(model.parameters()).device

    def logits(batch: list[int]) -> list[Tensor]:  # (K) or (words, K) each
        x = {k: v.to(where) for k, v in collate([rows[i] for i in batch], tokenizer).items()}
        Z, real = model(**x).logits.float().cpu(), x["attention_mask"].bool().cpu()
        if Z.ndim == 2:
            return list(Z)
        return [_by_word(z[at], rows[i]["words"]) for i, z, at in zip(batch, Z, real, strict=True)]

    with fast_path(model, fast), autocast(torch.device("cpu") if exact else where):
        found = in_batches(model, logits, [len(row["input_ids"]) for row in rows], batch_size)
    return torch.stack(found) if found and found[0].ndim == 1 else found


def _by_word(z: Tensor, words: Sequence[int]) -> Tensor:
    """The logits of the tokens that begin a word, z (T, K), as rows by word number; nan for a word without a token."""
    begins = torch.tensor(words) >= 0  # (T)
    numbers = torch.tensor(words)[begins]
    by_word = z.new_full((int(numbers.max()) + 1 if len(numbers) else 0, z.shape[-1]), torch.nan)
    by_word[numbers] = z[begins]
    return by_word
