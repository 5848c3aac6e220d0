"""Secrets in the texts of further pretraining, and how well the model can guess them afterwards."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from pyft.course.ch8_3_4_privacy_and_security.leaks import exposure
from pyft.course.ch8_3_4_privacy_and_security.recipes import COPIES, DIGITS, DOORS, SENTENCE
from pyft.models.inference import evaluation_mode


@dataclass(frozen=True)
class Canary:
    """A secret code, the door that it opens, and how often the texts say so."""

    door: str
    code: tuple[int, ...]
    copies: int

    def text(self) -> str:
        """The sentence that gives it away."""
        return SENTENCE.format(door=self.door, code=" ".join(map(str, self.code)))


def drawn(seed: int) -> list[Canary]:
    """Secrets at random, as many of each number of copies; which door has which is drawn too."""
    rng = random.Random(seed)
    doors = rng.sample(DOORS, len(DOORS))
    return [
        Canary(door, tuple(rng.randrange(10) for _ in range(DIGITS)), COPIES[i % len(COPIES)])
        for i, door in enumerate(doors)
    ]


def planted(texts: Sequence[str], canaries: Sequence[Canary]) -> list[str]:
    """The texts, and each secret as often as it says."""
    return [*texts, *(canary.text() for canary in canaries for _ in range(canary.copies))]


def code_scores(model: Any, tokenizer: Any, canary: Canary) -> NDArray[np.float64]:
    """The log-probability of every code that there is, at the places of the hidden digits: (10^DIGITS,).

    All digits are hidden at once; given the rest of the sentence each is guessed by itself, so that logarithms add up.
    """
    ids = torch.tensor(
        [tokenizer(canary.text())["input_ids"]], device=model.device
    )  # (1, T), the digits before the last, special token
    places = range(ids.shape[1] - 1 - DIGITS, ids.shape[1] - 1)
    hidden = ids.clone()
    hidden[0, list(places)] = tokenizer.mask_token_id
    with evaluation_mode(model), torch.inference_mode():
        h = model.bert(input_ids=hidden).last_hidden_state[0, list(places)]  # (DIGITS, d)
        z = F.log_softmax(model.cls.predictions(h), -1).cpu()  # (DIGITS, V)
    digits = z[:, tokenizer.convert_tokens_to_ids([str(k) for k in range(10)])].double().numpy()  # (DIGITS, 10)
    return np.asarray(reduce(np.add.outer, digits)).ravel()


def exposures(model: Any, tokenizer: Any, canaries: Sequence[Canary]) -> list[float]:
    """The exposure of each secret, in bits."""
    found = []
    for canary in canaries:
        scores = code_scores(model, tokenizer, canary)
        place = int("".join(map(str, canary.code)))
        found.append(exposure(float(scores[place]), scores))
    return found
