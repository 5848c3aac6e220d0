"""The classifier of section 8.3.2, the texts whose decisions are explained, the methods, and how much each may ask."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import torch
from torch import Tensor

from pyft import data
from pyft.course.ch8_3_2_which_words_decided import games, words
from pyft.course.ch8_3_2_which_words_decided.words import Text
from pyft.evaluation import attribution
from pyft.profiles import Recipe

MODEL = "bert-continued"  # it has a head for hidden words, by which what is hidden can be filled in
CORPUS, ROWS, TESTED = "movie-reviews", 400, 400
RECIPE = Recipe(epochs=3, batch_size=16, lr=2e-4, evaluations=0, max_length=48)
SEEDS = 5

TEXTS, SHORTEST, LONGEST = 40, 8, 12  # test sentences that are explained, of so many words
DRAWS = 2  # of what is filled in
SANE = 16  # of these texts, explained on random weights too
STEPS, SAMPLES, ORDERS = 16, 100, 8  # of integrated gradients, LIME, sampled Shapley values

RANDOM = "random"
Method = Callable[[Any, Any, Text, int, torch.Generator], Tensor]  # model, tokenizer, text, label, generator -> (W)


def _game(model: Any, tokenizer: Any, text: Text, label: int) -> tuple[games.Value, int]:
    return words.value(model, text, label, words.masks(tokenizer)), len(text.words)


def _attention(model: Any, tokenizer: Any, text: Text) -> Tensor:
    return torch.tensor(attribution.attention(model, tokenizer, " ".join(text.words)).scores)


METHODS: Mapping[str, Method] = {
    RANDOM: lambda model, tok, text, label, g: torch.rand(len(text.words), generator=g),
    "attention": lambda model, tok, text, label, g: _attention(model, tok, text),
    "gradient × input": lambda model, tok, text, label, g: words.gradient_times_input(model, text, label),
    "integrated gradients": lambda model, tok, text, label, g: words.integrated_gradients(
        model, tok, text, label, STEPS
    ),
    "occlusion": lambda model, tok, text, label, g: games.occlusion(*_game(model, tok, text, label)),
    "LIME": lambda model, tok, text, label, g: games.lime(*_game(model, tok, text, label), SAMPLES, g),
    "Shapley values": lambda model, tok, text, label, g: games.sampled_shapley(
        *_game(model, tok, text, label), ORDERS, g
    ),
}


@cache
def texts() -> list[str]:
    """The sentences whose decisions are explained: of the test split, neither short nor long, half of each label.

    They are drawn, since the split begins with praise.
    """
    rows = data.load(CORPUS)["test"].shuffle(seed=0)
    fit = [(t, y) for t, y in zip(rows["text"], rows["label"], strict=True) if SHORTEST <= len(t.split()) <= LONGEST]
    of = [[text for text, y in fit if y == k] for k in (0, 1)]
    return [text for pair in zip(*of, strict=False) for text in pair][:TEXTS]
