"""A text as the words that a classifier reads: what it says without some of them, and what gradients say of each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pyft.course.ch8_3_2_which_words_decided.games import Value
from pyft.errors import PyftError
from pyft.evaluation.attribution import path_gradients
from pyft.models.inference import evaluation_mode

BATCH = 64
Fill = Callable[[Tensor, Tensor], Tensor]  # ids (n, T), which of them are hidden (n, T) -> ids in their place (n, T)


@dataclass(frozen=True)
class Text:
    """A text: its words; what a model reads of it, (1, T) each; the word of each token, -1 for special ones, (T)."""

    words: list[str]
    x: dict[str, Tensor]
    of: Tensor

    def hidden(self, keep: Tensor) -> Tensor:
        """Which tokens are hidden where only some words are there: (n, W) -> (n, T). Special ones never are."""
        always = torch.ones(len(keep), 1, dtype=torch.bool)
        return ~torch.cat([keep, always], 1)[:, self.of]  # word -1 is the last column

    def by_word(self, scores: Tensor) -> Tensor:
        """Scores of tokens, (T), added up over the pieces of each word: (W)."""
        W = len(self.words)
        return scores.new_zeros(W + 1).index_add(0, self.of.where(self.of >= 0, W), scores)[:W]


def read(tokenizer: Any, text: str) -> Text:
    """Cut a text into words, and these into tokens.

    Raises:
        PyftError: there is no word.
    """
    words = text.split()
    if not words:
        raise PyftError("the text is empty: there is no word to give a score.")
    encoded = tokenizer(words, is_split_into_words=True, return_tensors="pt")
    of = [-1 if word is None else word for word in encoded.word_ids()]
    return Text(words, dict(encoded), torch.tensor(of))


def log_odds(z: Tensor, label: int) -> Tensor:
    """The logarithm of p / (1 - p) of a label, from logits (n, K): (n)."""
    others = torch.cat([z[:, :label], z[:, label + 1 :]], 1)
    return z[:, label] - others.logsumexp(1)


# --- what it says without some words ----------------------------------------------------------------------------------


def masks(tokenizer: Any) -> Fill:
    """Put [MASK] in the place of what is hidden."""
    return lambda ids, hidden: ids.masked_fill(hidden, tokenizer.mask_token_id)


def fill_ins(model: Any, tokenizer: Any, generator: torch.Generator) -> Fill:
    """Put in its place what a masked language model draws there, from the words that are left.

    Every hidden token is drawn by itself, from the probabilities that the model gives it while all of them are hidden.
    """
    special = torch.tensor(tokenizer.all_special_ids)

    def fill(ids: Tensor, hidden: Tensor) -> Tensor:
        ids = ids.masked_fill(hidden, tokenizer.mask_token_id)
        if hidden.any():
            with evaluation_mode(model), torch.no_grad():
                h = torch.cat([model.bert(input_ids=part).last_hidden_state for part in ids.split(BATCH)])  # (n, T, d)
                z = model.cls.predictions(h[hidden]).index_fill(1, special, -torch.inf)  # (M, V)
            ids[hidden] = torch.multinomial(z.softmax(-1), 1, generator=generator)[:, 0]
        return ids

    return fill


def value(model: Any, text: Text, label: int, fill: Fill) -> Value:
    """The game of a text: the log odds of a label where only some words are there."""

    def v(keep: Tensor) -> Tensor:
        ids = fill(text.x["input_ids"].repeat(len(keep), 1), text.hidden(keep))  # (n, T)
        with evaluation_mode(model), torch.no_grad():
            z = [model(input_ids=part, **_rest(text, len(part))).logits for part in ids.split(BATCH)]
        return log_odds(torch.cat(z), label)

    return v


def _rest(text: Text, n: int) -> dict[str, Tensor]:
    """What the model reads of a text beside its ids, n times."""
    return {name: x.expand(n, -1) for name, x in text.x.items() if name != "input_ids"}


# --- what gradients say -----------------------------------------------------------------------------------------------


def of_vectors(model: Any, text: Text, label: int) -> Callable[[Tensor], Tensor]:
    """The log odds of a label as a function of the vectors of the text's words: (n, T, d) -> (n)."""
    return lambda e: log_odds(model(inputs_embeds=e, **_rest(text, len(e))).logits, label)


def vectors(model: Any, ids: Tensor) -> Tensor:
    """The word vectors of some tokens: (T) -> (T, d)."""
    found: Tensor = model.get_input_embeddings()(ids).detach()
    return found


def gradient_times_input(model: Any, text: Text, label: int) -> Tensor:
    """Gradient of the log odds, times the word vectors: (W). Shrikumar et al. 2016."""
    e = vectors(model, text.x["input_ids"][0]).requires_grad_()  # (T, d)
    with evaluation_mode(model):
        (g,) = torch.autograd.grad(of_vectors(model, text, label)(e[None]).sum(), e)
    return text.by_word((g * e.detach()).sum(-1))


def integrated_gradients(model: Any, tokenizer: Any, text: Text, label: int, steps: int = 16) -> Tensor:
    """What each word adds on the way from all words masked: (W). They sum to the difference of both ends."""
    ids = text.x["input_ids"]
    nothing = text.hidden(torch.zeros(1, len(text.words), dtype=torch.bool))
    e, baseline = vectors(model, ids[0]), vectors(model, masks(tokenizer)(ids, nothing)[0])  # (T, d) each
    with evaluation_mode(model):
        scores = path_gradients(of_vectors(model, text, label), e, baseline, steps).sum(-1)  # (T)
    return text.by_word(scores)
