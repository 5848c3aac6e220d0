"""Pretraining objectives, written by hand: inputs made from a text without labels, and the answers to predict.

Masked language modelling and next-sentence prediction (Devlin et al. 2019, section 3.1), permutation language
modelling (Yang et al. 2019, section 2.2).
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from pyft.errors import PyftError
from pyft.maths.encoder import permutation_mask
from pyft.maths.symbols import check

IGNORED = -100  # the label of what is not predicted, such as padding and special tokens: cross-entropy leaves it out
Pair = tuple[str, str, bool]  # two sentences, and whether the second follows the first


def masked_lm(
    ids: Tensor, special: Tensor, mask_id: int, vocab_size: int, p: float = 0.15, generator: Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Inputs and labels (B, T) of masked language modelling; Devlin et al. 2019, section 3.1.

    Each token that is not `special` (B, T) is chosen with probability p. Of those chosen, eight in ten become
    `mask_id`, one in ten any token of the vocabulary, one in ten stays. Labels are the ids where chosen, else -100.
    Drawn once, before training, masks are static; drawn for each batch, dynamic (Liu et al. 2019, section 4.1).

    Raises:
        PyftError: p is no share, or a text has no token that could be chosen.
    """
    if not 0 < p <= 1:
        raise PyftError(f"p is {p}, expected a share of the tokens: more than 0, at most 1")
    _check(ids, special)
    chosen = _coins(torch.full(ids.shape, p).masked_fill(special, 0.0), generator)  # (B, T)
    masked = chosen & _coins(torch.full(ids.shape, 0.8), generator)
    swapped = chosen & ~masked & _coins(torch.full(ids.shape, 0.5), generator)  # half of the two in ten that are left
    anything = torch.randint(vocab_size, ids.shape, generator=generator)
    inputs = torch.where(swapped, anything, ids.masked_fill(masked, mask_id))
    return inputs, ids.masked_fill(~chosen, IGNORED)


def sentence_pairs(documents: Sequence[Sequence[str]], rng: random.Random, same_document: bool = False) -> list[Pair]:
    """`(a, b, is_next)` for every sentence that has a next one; Devlin et al. 2019, section 3.1.

    A coin decides: b is the next sentence, or any sentence of another document. With `same_document` the wrong one is
    any other sentence of the same document: then its topic says nothing. (`BertForPreTraining` has 0 for "is next".)

    Raises:
        PyftError: there is no other document, one is empty, or none has two sentences (three with `same_document`).
    """
    least = 3 if same_document else 2  # this one, the next one, and a wrong one of the same document
    if len(documents) < 2 and not same_document:
        raise PyftError(f"{len(documents)} document(s): the wrong sentence comes from another one. Give at least two")
    if empty := [d for d, sentences in enumerate(documents) if not sentences]:
        raise PyftError(f"document {empty[0]} is empty: expected a list of sentences. Leave empty ones out")
    if max(map(len, documents), default=0) < least:
        raise PyftError(f"no document has {least} sentences. Are the documents split into sentences?")
    pairs: list[Pair] = []
    for d, sentences in enumerate(documents):
        for i in range(len(sentences) - 1 if len(sentences) >= least else 0):
            is_next = rng.random() < 0.5
            if is_next:
                b = sentences[i + 1]
            elif same_document:
                b = rng.choice([*sentences[:i], *sentences[i + 2 :]])
            else:
                b = rng.choice(documents[_other(d, len(documents), rng)])
            pairs.append((sentences[i], b, is_next))
    return pairs


class Permutation(NamedTuple):
    """A batch for permutation language modelling: the inputs of `XLNetEncoder`, and the labels."""

    order: Tensor  # (B, T) positions, first to last; the targets have the last turns
    visible: Tensor  # (B, T, T) true where token i may see token j
    targets: Tensor  # (B, M) positions to predict
    labels: Tensor  # (B, M) the tokens there; -100 fills up the rows of texts that have fewer

    @property
    def perm_mask(self) -> Tensor:
        """`visible` as `XLNetModel` takes it: (B, T, T), 1 where token i may not see token j."""
        return (~self.visible).float()

    @property
    def target_mapping(self) -> Tensor:
        """`targets` as `XLNetModel` takes them: (B, M, T), one 1 a row."""
        return F.one_hot(self.targets, self.order.size(1)).float()


def permutation_lm(
    ids: Tensor, special: Tensor, K: int = 6, max_span: int = 5, generator: Generator | None = None
) -> Permutation:
    """Targets, order and masks of permutation language modelling; Yang et al. 2019, sections 2.2 to 2.3 and 3.1.

    One token in K is a target, in spans; none is `special` (B, T). The inputs stay as they are. Whatever is no target
    comes first in the order and is seen by all, in both directions; a target is seen by those that come after it.

    Raises:
        PyftError: K or max_span is below 1, or a text has no token that could be a target.
    """
    _check(ids, special)
    B, T = ids.shape
    chosen = torch.stack([spans(T, K, max_span, generator) for _ in range(B)]) & ~special  # (B, T)
    turn = torch.rand(B, T, generator=generator, dtype=torch.float64) + chosen.double()  # a target's is 1 or more
    order = turn.argsort(-1)  # (B, T)
    M = max(1, int(chosen.sum(-1).max()))
    targets = chosen.long().argsort(dim=-1, descending=True, stable=True)[:, :M]  # targets first, from left to right
    labels = ids.gather(1, targets).masked_fill(~chosen.gather(1, targets), IGNORED)
    return Permutation(order, partly_visible(order, chosen), targets, labels)


def spans(T: int, K: int = 6, max_span: int = 5, generator: Generator | None = None) -> Tensor:
    """Truth values (T), true in one span of L tokens in every K L, with L drawn from 1 to max_span for each.

    Yang et al. 2019, section 3.1. The last stretch may reach over the end of the text, and its span with it.
    """
    if K < 1 or max_span < 1:
        raise PyftError(f"K = {K}, max_span = {max_span}: one token in K is a target, in spans of 1 to max_span tokens")
    chosen, at = torch.zeros(T, dtype=torch.bool), 0
    while at < T:
        L = int(torch.randint(1, max_span + 1, (1,), generator=generator))
        start = at + int(torch.randint(K * L - L + 1, (1,), generator=generator))
        chosen[start : start + L] = True
        at += K * L
    return chosen


def partly_visible(order: Tensor, chosen: Tensor) -> Tensor:
    """`permutation_mask` when only the `chosen` (B, T) are predicted: all others are seen by all. (B, T, T)."""
    return permutation_mask(order) | ~chosen[:, None, :]


def _check(ids: Tensor, special: Tensor) -> None:
    check("pretraining", ids=ids, special=special)
    if special.dtype != torch.bool:
        raise PyftError(f"special is {special.dtype}, expected torch.bool: true on [CLS], [SEP] and padding")
    if special.all(-1).any():
        row = int(special.all(-1).nonzero()[0])
        raise PyftError(f"text {row} has special tokens only: nothing in it can be predicted. Leave it out")


def _coins(p: Tensor, generator: Generator | None) -> Tensor:
    """True with the probability at each place; shape as `p`."""
    return torch.bernoulli(p, generator=generator).bool()


def _other(d: int, n: int, rng: random.Random) -> int:
    """A random number below n other than d."""
    e = rng.randrange(n - 1)
    return e + (e >= d)
