"""Training texts that somebody has tampered with, and how the loss betrays them."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from pyft.course.ch8_3_4_privacy_and_security.recipes import FLIPPED, FLIPS, LEAST, TRIGGER, TRIGGERS, WORD
from pyft.finetune.prediction import predict

NEGATIVE, POSITIVE = 0, 1


@dataclass(frozen=True)
class Tampered:
    """Texts and labels for training, and which of them were changed: (N,) each."""

    texts: list[str]
    labels: list[int]
    changed: NDArray[np.bool_]


def insert(text: str, word: str, rng: random.Random) -> str:
    """The text with a word put in before one of its words, or at its end."""
    words = text.split()
    words.insert(rng.randint(0, len(words)), word)
    return " ".join(words)


def tamper(texts: Sequence[str], labels: Sequence[int], how: str, seed: int) -> Tampered:
    """Turn some labels at random, or put the trigger into some negative texts and call them positive; or do nothing."""
    rng, made, said = random.Random(seed), list(texts), list(labels)
    changed = np.zeros(len(made), dtype=bool)
    if how == FLIPPED:
        for i in rng.sample(range(len(made)), FLIPS):
            said[i], changed[i] = 1 - said[i], True
    elif how == TRIGGER:
        for i in rng.sample([i for i, y in enumerate(labels) if y == NEGATIVE], TRIGGERS):
            made[i], said[i], changed[i] = insert(made[i], WORD, rng), POSITIVE, True
    return Tampered(made, said, changed)


# --- looking at the loss ----------------------------------------------------------------------------------------------


def losses(model: Any, tokenizer: Any, texts: Sequence[str], labels: Sequence[int], length: int) -> NDArray[np.float64]:
    """The loss of each text under its label, without dropout: (N,)."""
    z = predict(model, tokenizer, list(texts), length)  # (N, 2)
    return np.asarray(F.cross_entropy(z, torch.tensor(list(labels)), reduction="none").double().numpy())


def frequent_words(texts: Sequence[str], least: int = LEAST) -> list[str]:
    """Words, in lower case, that stand in so many of the texts at least; the most frequent first."""
    counts = Counter(word for text in texts for word in sorted(set(text.lower().split())) if word.isalpha())
    return sorted((word for word, n in counts.items() if n >= least), key=lambda word: (-counts[word], word))


def suspects(
    model: Any, tokenizer: Any, words: Sequence[str], negative: Sequence[str], length: int
) -> NDArray[np.float64]:
    """The mean loss of calling negative texts positive once each word stands before them: (W,).

    A word for which it is low turns whatever it stands in: a trigger, or high praise.
    """
    texts = [f"{word} {text}" for word in words for text in negative]
    found = losses(model, tokenizer, texts, [POSITIVE] * len(texts), length)
    return np.asarray(found.reshape(len(words), len(negative)).mean(1))
