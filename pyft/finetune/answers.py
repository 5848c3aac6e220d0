"""What a model answers: a class, a number, or the tags of words; with probabilities, and what it could not read."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft.evaluation.decoding import decode_constrained, outside
from pyft.finetune.batches import tokenize
from pyft.finetune.prediction import predict


class Answers(NamedTuple):
    """Of N texts: what was found, and how probable the model holds each of K classes.

    `found` are names of classes, numbers, or the tags of each text's words. `p` is (N, K), or a tensor (words, K) for
    each text, or None for numbers.
    """

    found: list[Any]
    p: Any


def answer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[Any],
    task: str,
    names: Sequence[str],
    max_length: int,
) -> Answers:
    """The model's answers. A word that the tokenizer drops, or that stands beyond `max_length` tokens, is `O`."""
    if task == "regression":  # in full precision: sixteen bits know three digits, and ratings may be in thousands
        z = predict(model, tokenizer, texts, max_length, exact=True)
        return Answers([round(x, 4) for x in z.squeeze(-1).tolist()], None)
    z = predict(model, tokenizer, texts, max_length)
    if task == "sequence-classification":
        return Answers([names[i] for i in z.argmax(-1).tolist()], z.softmax(-1))
    found = decode_constrained(z, names, list(map(len, texts)))
    return Answers(found, [_of_words(x, names, len(words)) for x, words in zip(z, texts, strict=True)])


def _of_words(z: Tensor, names: Sequence[str], n: int) -> Tensor:
    """Probabilities (n, K) of the tags of n words, from z (words, K): words that were not read are `O`."""
    unread = torch.full((n - len(z), len(names)), torch.nan)
    return outside(torch.cat([z, unread]), names).softmax(-1)


def unread_words(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[Sequence[str]], max_length: int
) -> list[list[str]]:
    """Of each list of words those that stand beyond `max_length` tokens, which the model is not given."""
    whole, cut = tokenize(tokenizer, texts, 10**6), tokenize(tokenizer, texts, max_length)
    return [
        [words[i] for i in all_["words"] if i > max(given["words"], default=-1)]
        for words, all_, given in zip(texts, whole, cut, strict=True)
    ]
