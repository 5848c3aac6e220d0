"""More training texts from the same ones: words deleted, swapped, replaced; texts mixed."""

import math
import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import PreTrainedModel

from pyft import models

MASKED_LM = "bert-continued"  # the model that rewrites texts


def delete_words(text: str, rng: random.Random, p: float = 0.1) -> str:
    """The text without some of its words, each dropped with probability p; at least one is left (Wei & Zou 2019)."""
    words = text.split()
    kept = [word for word in words if rng.random() >= p]
    return " ".join(kept or [rng.choice(words)])


def swap_words(text: str, rng: random.Random, p: float = 0.1) -> str:
    """The text with some of its words exchanged, a pair for each tenth of them, at least one (Wei & Zou 2019)."""
    words = text.split()
    for _ in range(max(1, round(p * len(words)))):
        i, j = rng.randrange(len(words)), rng.randrange(len(words))
        words[i], words[j] = words[j], words[i]
    return " ".join(words)


def replace_words(texts: Sequence[str], seed: int, p: float = 0.15) -> list[str]:
    """The texts with some tokens replaced by what a masked language model expects in their place.

    As in Kobayashi 2018 and Wu et al. 2019, without telling the model the label: the word that decides it may change.
    """
    model, tokenizer = _masked_lm()
    made = []
    torch.manual_seed(seed)
    for start in range(0, len(texts), 50):
        x = tokenizer(texts[start : start + 50], padding=True, truncation=True, max_length=128, return_tensors="pt")
        ids = x["input_ids"]  # (B, T)
        special = torch.isin(ids, torch.tensor(tokenizer.all_special_ids))
        at = (torch.rand(ids.shape) < p) & ~special  # (B, T)
        with torch.no_grad():
            x["input_ids"] = ids.masked_fill(at, tokenizer.mask_token_id)
            z = model(**x).prediction_logits[at]  # (M, V)
        z[:, tokenizer.all_special_ids] = -math.inf
        ids[at] = torch.multinomial(z.softmax(-1), 1).squeeze(-1)
        made += [str(text) for text in tokenizer.batch_decode(ids, skip_special_tokens=True)]
    return made


@cache
def _masked_lm() -> Any:
    return models.load(MASKED_LM, "pretraining")


def mix_up(alpha: float = 0.4) -> Callable[[Any, dict[str, Tensor]], Tensor]:
    """An objective: each text's pooled state mixed with that of another, and so are the losses.

    h = l h_i + (1 - l) h_j, with l from Beta(alpha, alpha) (Zhang et al. 2018; on hidden states Verma et al. 2019).
    """

    def objective(model: PreTrainedModel, x: dict[str, Tensor]) -> Tensor:
        y = x.pop("labels")  # (B)
        h = model.base_model(**x).pooler_output  # (B, d)
        share = torch.distributions.Beta(alpha, alpha).sample((len(y), 1)).to(h.device)  # (B, 1)
        other = torch.randperm(len(y), device=h.device)
        z = model.classifier(model.dropout(share * h + (1 - share) * h[other])).float()  # (B, K)
        losses = [F.cross_entropy(z, labels, reduction="none") for labels in (y, y[other])]  # (B)
        return (share[:, 0] * losses[0] + (1 - share[:, 0]) * losses[1]).mean()

    return objective


def each_text(change: Callable[[str, random.Random], str]) -> Callable[[Sequence[str], int], list[str]]:
    def more(texts: Sequence[str], seed: int) -> list[str]:
        rng = random.Random(seed)
        return [change(text, rng) for text in texts]

    return more
