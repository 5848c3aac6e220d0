"""Documents longer than the model: which part of them it is given."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold
from transformers import PreTrainedTokenizerBase

from pyft import data
from pyft.errors import unknown

VIEWS = ("head", "tail", "both", "windows")

FOLDS = 5


@cache
def documents() -> Dataset:
    """Whole product reviews, their sentences in order: `id`, `text`, and `label`, the sign of the mean rating.

    All sentences count, including those that were rated zero or occur twice. A review whose mean is zero is left out.
    """
    reviews: dict[str, list[tuple[int, data.Row]]] = {}
    for row in data.CORPORA["product-reviews"].read():
        key, number = row["id"].split("_")
        reviews.setdefault(key, []).append((int(number), row))
    rows = []
    for key, numbered in reviews.items():
        sentences = [row for _, row in sorted(numbered, key=lambda pair: pair[0])]
        mean = float(np.mean([row["rating"] for row in sentences]))
        if mean:
            text = " ".join(row["text"] for row in sentences)
            rows.append({"id": key, "text": text, "label": int(mean > 0), "sentences": len(sentences)})
    return Dataset.from_list(rows)


def folds(labels: Sequence[int]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows to train on and rows to test on, `FOLDS` times; each row is tested once, each label keeps its share."""
    yield from StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(np.zeros(len(labels)), labels)


def views(tokenizer: PreTrainedTokenizerBase, text: str, name: str, max_length: int) -> list[str]:
    """What a model with room for `max_length` tokens is given of a text: one part of it, or several (`windows`).

    `head` is the beginning, `tail` the end, `both` as much of the one as of the other (Sun et al. 2019, section 5.3.1,
    gave the end three times the room), `windows` parts that cover it. Words are never cut in two, so that a part has
    the tokens that it had in the whole.
    """
    cut = {"head": head, "tail": tail, "both": both, "windows": windows}
    if name not in cut:
        raise unknown("view", name, list(cut))
    words = text.split()
    n = max_length - tokenizer.num_special_tokens_to_add()
    rows = cut[name](token_counts(tokenizer, words), n)
    return [" ".join(words[i] for i in row) for row in rows]


def token_counts(tokenizer: PreTrainedTokenizerBase, words: Sequence[str]) -> list[int]:
    """How many tokens each word has, a space before it."""
    return list(map(len, tokenizer([f" {word}" for word in words], add_special_tokens=False)["input_ids"]))


def words_that_fit(sizes: Sequence[int], n: int) -> int:
    """How many words from the start fit into `n` tokens; at least one."""
    return max(sum(total <= n for total in accumulate(sizes)), 1)


def head(sizes: Sequence[int], n: int) -> list[list[int]]:
    """The first words."""
    return [list(range(words_that_fit(sizes, n)))]


def tail(sizes: Sequence[int], n: int) -> list[list[int]]:
    """The last words."""
    return [list(range(len(sizes) - words_that_fit(sizes[::-1], n), len(sizes)))]


def both(sizes: Sequence[int], n: int) -> list[list[int]]:
    """The first words and the last, half of the room each; all of a text that has room."""
    if sum(sizes) <= n:
        return head(sizes, n)
    return [head(sizes, n // 2)[0] + tail(sizes, n - n // 2)[0]]


def windows(sizes: Sequence[int], n: int) -> list[list[int]]:
    """One part after the other; the last is moved back to full length, so that it overlaps the one before."""
    rows, start = [], 0
    while start < len(sizes):
        rows.append([start + i for i in head(sizes[start:], n)[0]])
        start = rows[-1][-1] + 1
    return [*rows[:-1], *tail(sizes, n)]


def make_views(tokenizer: PreTrainedTokenizerBase, rows: Any, name: str, max_length: int) -> tuple[Dataset, list[int]]:
    """The views of some documents, each with its document's label; and which document each is of."""
    parts = [views(tokenizer, text, name, max_length) for text in rows["text"]]
    of = [i for i, some in enumerate(parts) for _ in some]
    texts, labels = [text for some in parts for text in some], list(rows["label"])
    return Dataset.from_dict({"text": texts, "label": [labels[i] for i in of]}), of


def mean_probabilities(logits: Any, of: Sequence[int]) -> NDArray[np.float64]:
    """Probabilities of documents, (D, K): the mean of those of their views, from logits (N, K)."""
    p = logits.softmax(-1).double().numpy()  # (N, K)
    total = np.zeros((max(of) + 1, p.shape[1]))
    np.add.at(total, np.asarray(of), p)
    return total / np.bincount(of)[:, None]
