"""The objectives of continued pretraining: BERT's, RoBERTa's, XLNet's, and XLNet's alignment to BERT."""

import random
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import DataCollatorForLanguageModeling, PreTrainedModel, PreTrainedTokenizerBase

from pyft import models
from pyft.finetune.batches import collate
from pyft.finetune.hardware import device
from pyft.maths.objectives import IGNORED, permutation_lm
from pyft.models import conversion
from pyft.pretraining.documents import Batch, Document, blocks, pairs


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
        self.moved = [m.float().to(device()) for m in conversion.displacements(self.bert, conversion.DAMPING)]
        self.special = tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id
        self.rows = [{"input_ids": ids[: T - 2]} for document in documents for ids in document if ids]

    def pair(self, rows: Sequence[dict[str, Any]]) -> conversion.Pair:
        """The rows as both models read them."""
        return conversion.paired_inputs([row["input_ids"] for row in rows], *self.special)

    batch = pair

    def losses(self, model: PreTrainedModel, x: conversion.Pair) -> dict[str, Tensor]:
        """The mean over layers."""
        errors = conversion.errors(model.transformer, self.bert, x, self.moved)
        return {"align": torch.stack(errors[1:]).mean()}
