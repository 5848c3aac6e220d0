"""From scores of words to tags: the best of each word, or the best legal sequence (Viterbi)."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from pyft.data.iob2 import follows
from pyft.errors import PyftError
from pyft.evaluation.ner import Tags


def decode_greedy(z: Sequence[Tensor], name: Sequence[str], lengths: Sequence[int]) -> Tags:
    """Each word's tag of the highest score; z: a tensor (words, K) a sentence.

    Words that were cut off have `O`, and so have those that the model was not given: their rows are nan.
    """
    return [name_tags(outside(scores, name).argmax(-1), name, n) for scores, n in zip(z, lengths, strict=True)]


def decode_constrained(z: Sequence[Tensor], name: Sequence[str], lengths: Sequence[int]) -> Tags:
    """The most probable tags that obey IOB2; a sentence whose best tags obey it by themselves keeps them."""
    A, first = allowed_transitions(name)
    free = decode_greedy(z, name, lengths)
    return [
        tags if is_legal(tags) else name_tags(viterbi(outside(scores, name).log_softmax(-1), A, first), name, len(tags))
        for scores, tags in zip(z, free, strict=True)
    ]


def outside(z: Tensor, name: Sequence[str]) -> Tensor:
    """z (words, K), in which a word whose scores are nan can be `O` alone: the tokenizer dropped it."""
    dropped = z.isnan().any(-1)  # (words)
    if not dropped.any():
        return z
    only = torch.tensor([0.0 if tag == "O" else -torch.inf for tag in name], dtype=z.dtype)  # (K)
    return torch.where(dropped[:, None], only, z)


def is_legal(tags: Sequence[str]) -> bool:
    """Whether the tags of a sentence obey IOB2."""
    return all(follows(tag, before) for before, tag in pairwise(["O", *tags]))


def name_tags(path: Tensor, names: Sequence[str], n: int) -> list[str]:
    """The tags of n words, by name: path (m) of their numbers; words beyond it, which the model was not given, are `O`.

    Raises:
        PyftError: more tags than words.
    """
    if len(path) > n:
        raise PyftError(f"{len(path)} tags for {n} words: expected no more than one each")
    return [names[k] for k in path.tolist()] + ["O"] * (n - len(path))


def allowed_transitions(names: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Which tag may stand after which (K, K), rows the earlier, and which may come first (K); bool."""
    pairs = [[follows(tag, before) for tag in names] for before in names]
    return torch.tensor(pairs), torch.tensor([follows(tag, "O") for tag in names])


def viterbi(z: Tensor, A: Tensor, first: Tensor) -> Tensor:
    """The sequence of tags with the highest sum of scores among all that are allowed: (T).

    z (T, K) scores, such as log-probabilities; A (K, K) and first (K) what is allowed, or scores of transitions to
    add. Viterbi 1967: the best path to tag k at word t is the best path to some tag at t - 1, and one step.
    """
    A, first = (x.double().log() if x.dtype == torch.bool else x.double() for x in (A, first))  # log 0 = -inf: never
    best = first + z[0].double()  # (K) score of the best path to each tag
    back = []
    for scores in z[1:].double():
        through = best[:, None] + A  # (K, K)
        best, before = through.max(0)
        best = best + scores
        back.append(before)  # (K)
    path = [best.argmax()]
    for before in reversed(back):
        path.append(before[path[-1]])
    return torch.stack(path[::-1])
