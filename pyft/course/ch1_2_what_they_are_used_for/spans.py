"""Answers that are a stretch of a passage: how they are chosen, and guessed without any learning."""

import math
import re
from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor


def best_span(start: Tensor, end: Tensor, longest: int) -> tuple[int, int]:
    """The pair of places i <= j < i + longest with the largest start[i] + end[j]; both (T)."""
    T = len(start)
    total = start[:, None] + end  # (T, T)
    allowed = torch.ones(T, T, dtype=torch.bool).triu() & torch.ones(T, T, dtype=torch.bool).tril(longest - 1)
    at = int(total.masked_fill(~allowed, -torch.inf).argmax())
    return at // T, at % T


def sliding_window(question: str, passage: str, rarity: Counter[str], width: int = 10, longest: int = 3) -> str:
    """The stretch of up to `longest` words with the most of the question around it, and none of the question in it.

    After the baseline of Richardson, Burges & Renshaw 2013: each of the question's words counts, within `width` words
    on either side, by how rare it is; `rarity` says in how many passages each word stands.
    """
    words = re.findall(r"\w+", passage)
    asked = set(re.findall(r"\w+", question.lower()))
    weight = [math.log(1 + 1 / (1 + rarity[w])) if (w := word.lower()) in asked else 0.0 for word in words]
    best, found = -1.0, ""
    for i in range(len(words)):
        around = sum(weight[max(0, i - width) : i + longest + width])
        n = next((n for n in range(longest) if i + n >= len(words) or weight[i + n] > 0), longest)
        if n and words[i][0].isupper() | words[i][0].isdigit() and around > best:
            best, found = around, " ".join(words[i : i + n])
    return found


def words_of(passages: Sequence[str]) -> Counter[str]:
    """In how many of the passages each word stands."""
    return Counter(word for passage in passages for word in set(re.findall(r"\w+", passage.lower())))
