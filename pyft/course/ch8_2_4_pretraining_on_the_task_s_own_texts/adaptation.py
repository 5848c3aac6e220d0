"""Going on with pretraining on texts of one's own: hidden words, no labels; and how alike two sets of texts are."""

import random
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import DataCollatorForLanguageModeling

from pyft import data, models
from pyft.course.ch8_2_4_pretraining_on_the_task_s_own_texts import recipes
from pyft.data.splits import subset
from pyft.maths.objectives import IGNORED
from pyft.models.inference import evaluation_mode
from pyft.pretraining import continued
from pyft.pretraining.documents import Batch, Document, blocks, tokenize_documents


class HiddenWords:
    """BERT's masked words, drawn anew each time that a row is seen; rows are full, and cross the borders of texts."""

    def __init__(self, documents: Sequence[Document], tokenizer: Any, T: int, seed: int) -> None:
        self.rows = blocks(documents, tokenizer, T, random.Random(seed))
        self.batch = DataCollatorForLanguageModeling(tokenizer)

    def losses(self, model: Any, x: Batch) -> dict[str, Tensor]:
        """The loss in nats, a mean over the hidden words."""
        y = x.pop("labels")  # (B, T)
        at = y != IGNORED
        z = model.cls.predictions(model.bert(**x).last_hidden_state[at])  # (M, V)
        return {"mlm": F.cross_entropy(z, y[at])}


def adapt(
    model: Any,
    tokenizer: Any,
    texts: Sequence[str],
    tokens: int,
    seed: int,
    lr: float | None = None,
) -> list[float]:
    """Train the model on with hidden words of these texts, in place; the loss of each step. Word vectors stay."""
    plan = continued.Plan(
        HiddenWords,
        tokens=tokens,
        lr=lr or recipes.ADAPTATION_RATE,
        T=recipes.LENGTH,
        heads_first=0.0,
        head_lr=1.0,
        seed=seed,
    )
    documents = tokenize_documents([[text] for text in texts], tokenizer)
    learnt = {name: p.requires_grad for name, p in model.named_parameters()}
    continued.freeze_words(model)
    objective = HiddenWords(documents, tokenizer, plan.T, seed)
    with tempfile.TemporaryDirectory() as folder:
        log = continued.train(model, objective, plan, Path(folder), every=10**9)
    for name, p in model.named_parameters():
        p.requires_grad_(learnt[name])
    return [entry["mlm"] for entry in log]


@cache
def corpus_of(task: str) -> Any:
    """The splits of a task's corpus, loaded once."""
    return data.load(recipes.TASKS[task].corpus)


def unlabelled(task: str, seed: int, n: int = recipes.TEXTS) -> list[str]:
    """Texts of a task's training split, drawn by the seed, without their labels."""
    return list(subset(corpus_of(task)["train"], n, seed)["text"])


# --- how well hidden words are guessed --------------------------------------------------------------------------------


@cache
def held_out(task: str, n: int = recipes.HELD_OUT) -> tuple[dict[str, Tensor], Tensor]:
    """Test texts of a task, of whose tokens a seventh is hidden, and where these stand; always the same."""
    tokenizer = models.load(recipes.MODEL, "pretraining")[1]
    texts = subset(corpus_of(task)["test"], n, 0)["text"][:]
    x = tokenizer(texts, padding=True, truncation=True, max_length=recipes.HELD_OUT_LENGTH, return_tensors="pt")
    drawn = torch.rand(x["input_ids"].shape, generator=torch.Generator().manual_seed(0)) < 1 / 7
    special = torch.isin(x["input_ids"], torch.tensor(tokenizer.all_special_ids))
    hidden = drawn & ~special
    shown = x["input_ids"].masked_fill(hidden, tokenizer.mask_token_id)
    return dict(x) | {"input_ids": shown, "labels": x["input_ids"]}, hidden


def hidden_word_loss(model: Any, task: str, n: int = recipes.HELD_OUT) -> float:
    """How well the model guesses hidden words of a task's test texts, in nats a word."""
    x, hidden = held_out(task, n)
    x, hidden = {name: ids.to(model.device) for name, ids in x.items()}, hidden.to(model.device)
    with evaluation_mode(model), torch.inference_mode():
        z = model.bert(input_ids=x["input_ids"], attention_mask=x["attention_mask"]).last_hidden_state[hidden]
        return float(F.cross_entropy(model.cls.predictions(z), x["labels"][hidden]))


# --- how alike texts are ----------------------------------------------------------------------------------------------


def frequent_words(texts: Iterable[str], k: int) -> set[str]:
    """The k most frequent words, in lower case; of equally frequent ones those that come first in the alphabet."""
    counts = Counter(word for text in texts for word in re.findall(r"[a-z]+", text.lower()))
    return set(sorted(counts, key=lambda word: (-counts[word], word))[:k])


def overlap(one: set[str], other: set[str]) -> float:
    """The share of one's words that the other has too."""
    return len(one & other) / len(one)
