"""The exercises of section 6.3: solutions by hand, and the mistakes that people make, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def labels_of_pieces(words: Tensor, y: Tensor) -> Tensor:
    before = torch.cat([torch.tensor([-1]), words[:-1]])
    first = (words >= 0) & (words != before)  # a special token is of no word
    return y[words.clamp(min=0)].masked_fill(~first, -100)


EXERCISES["6.3-a"] = Exercise(
    solution=labels_of_pieces,
    cases=[
        (torch.tensor([-1, 0, 1, 1, 1, 2, -1]), torch.tensor([0, 1, 2])),
        (torch.tensor([0, 0, 1, 2, 2, -1, -1]), torch.tensor([3, 4, 5])),
    ],
    mistakes=[
        (
            lambda words, y: y[words.clamp(min=0)].masked_fill(words < 0, -100),
            "You label every piece of a word. A long name would count once for each; only its first piece is a target.",
        ),
        (
            lambda words, y: torch.where(labels_of_pieces(words, y) == -100, 0, labels_of_pieces(words, y)),
            "What is no target has label 0 here, a tag like any other. The loss leaves out -100.",
        ),
        (
            lambda words, y: y[words.clamp(min=0)].masked_fill(
                words == torch.cat([torch.tensor([-2]), words[:-1]]), -100
            ),
            "Special tokens are labelled here. They belong to no word, so they are no targets.",
        ),
        (
            lambda words, y: y[words.clamp(min=0)].masked_fill(
                (words < 0) | (words == torch.cat([words[1:], torch.tensor([-1])])), -100
            ),
            "You label the last piece of each word. It is the first that carries the label.",
        ),
    ],
)


def in_iob2(tags: Tensor) -> Tensor:
    before = torch.cat([torch.tensor([0]), tags[:-1]])
    inside = (tags > 0) & (tags % 2 == 0)  # I-k is 2k, B-k is 2k - 1
    lost = inside & (before != tags) & (before != tags - 1)
    return torch.where(lost, tags - 1, tags)


EXERCISES["6.3-b"] = Exercise(
    solution=in_iob2,
    cases=[
        (torch.tensor([2, 2, 0, 4, 4, 1, 4, 0]),),
        (torch.tensor([1, 2, 0, 2, 3, 2, 2, 4]),),
        (torch.tensor([0, 1, 2, 1, 2, 2]),),
    ],
    mistakes=[
        (
            lambda tags: torch.where(
                (tags > 0) & (tags % 2 == 0) & (torch.cat([torch.tensor([0]), tags[:-1]]) == 0), tags - 1, tags
            ),
            "You repair what comes after O. An I of one kind after a B or I of another begins an entity too.",
        ),
        (
            lambda tags: torch.where(in_iob2(tags) != tags, 0, tags),
            "You throw away what is illegal. The official script reads it as the beginning of an entity.",
        ),
        (
            lambda tags: torch.cat([tags[:1], in_iob2(tags)[1:]]),
            "The first word is missing. Before it stands O, so an I there begins an entity.",
        ),
        (
            lambda tags: torch.where(
                (tags > 0) & (tags % 2 == 0) & (torch.cat([torch.tensor([0]), tags[:-1]]) != tags - 1), tags - 1, tags
            ),
            "An I may follow an I of its own kind as well as a B: you cut entities of three words and more.",
        ),
    ],
)


def path(z: Tensor, A: Tensor, first: Tensor) -> Tensor:
    best = z[0].masked_fill(~first, -torch.inf)  # (K) of the best path to each tag
    back = []
    for scores in z[1:]:
        through = best[:, None].masked_fill(~A, -torch.inf)  # (K, K)
        best, before = through.max(0)
        best = best + scores
        back.append(before)
    tags = [best.argmax()]
    for before in reversed(back):
        tags.append(before[tags[-1]])
    return torch.stack(tags[::-1])


def _word_by_word(z: Tensor, A: Tensor, first: Tensor) -> Tensor:
    """The best tag that is allowed after the one before; no choice is revised."""
    path = [z[0].masked_fill(~first, -torch.inf).argmax()]
    for scores in z[1:]:
        path.append(scores.masked_fill(~A[path[-1]], -torch.inf).argmax())
    return torch.stack(path)


_A = torch.tensor([[True, True, False], [True, True, True], [True, True, True]])  # O, B, I
_FIRST = torch.tensor([True, True, False])
EXERCISES["6.3-c"] = Exercise(
    solution=path,
    cases=[
        (torch.tensor([[2.0, 1.0, 3.0], [0.0, 0.0, 4.0], [1.0, 0.0, 0.5]]), _A, _FIRST),
        (torch.tensor([[1.0, 0.8, 0.0], [0.0, 0.2, 2.0], [0.0, 0.1, 1.0], [3.0, 0.0, 0.0]]), _A, _FIRST),
        (torch.tensor([[0.0, 1.0, 2.0], [2.0, 0.0, 0.0], [1.0, 0.5, 1.2]]), _A, _FIRST),
    ],
    mistakes=[
        (
            lambda z, A, first: z.argmax(-1),
            "Each word for itself: nothing keeps an I from standing after O. Ask `A` and `first`.",
        ),
        (
            _word_by_word,
            "You take the best that the word before allows, and never take a step back. "
            "A path that begins worse may end better: keep the best path to every tag.",
        ),
        (
            lambda z, A, first: path(z, A, torch.ones_like(first)),
            "The first word is free here. `first` says which tags may begin a sentence.",
        ),
        (
            lambda z, A, first: path(z, A.T, first),
            "Transposed: rows of `A` are the earlier tag, columns the later.",
        ),
    ],
)
