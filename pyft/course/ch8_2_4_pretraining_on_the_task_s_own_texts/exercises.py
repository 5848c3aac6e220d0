"""The exercises of section 8.2.4: solutions, and the usual mistakes, each with its hint."""

import math
from collections import Counter

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {}


def overlap(one: list[str], other: list[str], k: int) -> float:
    frequent = [{word for word, _ in Counter(words).most_common(k)} for words in (one, other)]
    return len(frequent[0] & frequent[1]) / k


def _top(words: list[str], k: int) -> set[str]:
    return {word for word, _ in Counter(words).most_common(k)}


_NEWS = ("oil", "oil", "oil", "price", "price", "price", "price", "trade", "trade", "ship")
_POSTS = ("game", "game", "game", "game", "price", "price", "price", "team", "team", "oil")
EXERCISES["8.2.4-a"] = Exercise(
    solution=overlap,
    cases=[(_NEWS, _POSTS, 1), (_NEWS, _POSTS, 2), (_NEWS, _POSTS, 3), (_POSTS, _NEWS, 4)],
    mistakes=[
        (
            lambda one, other, k: len(set(one) & set(other)) / k,
            "You compare all words. Take the k most frequent of each first: rare words would drown them.",
        ),
        (
            lambda one, other, k: len(set(one) & set(other)) / len(set(one) | set(other)),
            "That is the share of all words that both hold. Ask for the k most frequent words of each.",
        ),
        (
            lambda one, other, k: len(_top(one, k) & set(other)) / k,
            "Only one side is cut to its k most frequent words. Cut the other as well.",
        ),
        (
            lambda one, other, k: len(_top(one, k) & _top(other, k)),
            "That is how many are shared. Divide by k to have a share.",
        ),
    ],
)


def factor(before: float, after: float) -> float:
    return math.exp(before - after)


EXERCISES["8.2.4-b"] = Exercise(
    solution=factor,
    cases=[(4.0, 3.0), (3.2, 3.5)],
    mistakes=[
        (
            lambda before, after: math.exp(after - before),
            "The other way round: a smaller loss must give a factor above one.",
        ),
        (lambda before, after: before - after, "This is the difference in nats. A nat is a factor of e."),
        (
            lambda before, after: before / after,
            "Losses are logarithms. A factor of probabilities comes from their difference, not from their ratio.",
        ),
        (
            lambda before, after: 2 ** (before - after),
            "That would hold for bits. These losses are in nats, logarithms to the base e.",
        ),
    ],
)
