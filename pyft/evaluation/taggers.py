"""Taggers without a pretrained model: a list of names, and a linear model on features made by hand."""

import copy
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from pyft.data.iob2 import spans
from pyft.evaluation.decoding import allowed_transitions, viterbi
from pyft.evaluation.ner import Tags, score

Features = Callable[[Sequence[str]], list[dict[str, str]]]
Sentences = tuple[Sequence[Sequence[str]], Tags]  # the words of each, and their tags
STRENGTHS = (0.3, 1.0, 3.0, 10.0)  # of `C`, from which validation sentences choose


class Gazetteer:
    """The entities of the training split, each with its commonest kind; in a text, the longest from the left.

    On a tie the kind that comes first in the alphabet. It is the baseline of Tjong Kim Sang & De Meulder 2003,
    and reproduces their figures.
    """

    def __init__(self, tokens: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]) -> None:
        kinds: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for words, y in zip(tokens, tags, strict=True):
            for s in spans(y):
                kinds[tuple(words[s.start : s.end])][s.kind] += 1
        self.kind = {name: _commonest(n) for name, n in kinds.items()}
        self.longest = max(map(len, self.kind), default=0)

    def tag(self, words: Sequence[str]) -> list[str]:
        """The tags of a sentence."""
        tags: list[str] = []
        while len(tags) < len(words):
            i = len(tags)
            ends = range(min(len(words), i + self.longest), i, -1)
            found = next((j for j in ends if tuple(words[i:j]) in self.kind), None)
            if found is None:
                tags.append("O")
            else:
                kind = self.kind[tuple(words[i:found])]
                tags += [f"B-{kind}", *[f"I-{kind}"] * (found - i - 1)]
        return tags


def _commonest(n: Counter[str]) -> str:
    return max(sorted(n), key=lambda kind: n[kind])


# --- features ---------------------------------------------------------------------------------------------------------


def word_shape(word: str) -> str:
    """`Blackburn` -> `Xx`, `1996-08-22` -> `0-0-0`: letters and digits by class, runs of one class once."""
    sorts = ["X" if c.isupper() else "x" if c.islower() else "0" if c.isdigit() else c for c in word]
    return "".join(s for before, s in zip(["", *sorts], sorts, strict=False) if s != before)


def word_features(words: Sequence[str]) -> list[dict[str, str]]:
    """The features of each word: itself, its ends, its shape, and two neighbours on each side with theirs."""
    lower, shapes = _edged([w.lower() for w in words]), _edged([word_shape(w) for w in words])
    rows = []
    for i in range(2, len(words) + 2):
        row = {f"w{j:+}": lower[i + j] for j in (-2, -1, 0, 1, 2)} | {f"s{j:+}": shapes[i + j] for j in (-1, 0, 1)}
        row |= {f"from {n}": lower[i][:n] for n in (2, 3, 4)} | {f"to {n}": lower[i][-n:] for n in (2, 3, 4)}
        row |= {"w-1 w": f"{lower[i - 1]} {lower[i]}", "s-1 s s+1": " ".join(shapes[i - 1 : i + 2])}
        rows.append(row)
    return rows


def character_features(characters: Sequence[str]) -> list[dict[str, str]]:
    """The features of each character: itself, two neighbours on each side, and the pairs they make."""
    c = _edged(characters)
    return [
        {f"c{j:+}": c[i + j] for j in (-2, -1, 0, 1, 2)}
        | {f"p{j:+}": c[i + j] + c[i + j + 1] for j in (-2, -1, 0, 1)}
        | {"c-1 c+1": c[i - 1] + c[i + 1], "t": c[i - 1] + c[i] + c[i + 1]}
        for i in range(2, len(characters) + 2)
    ]


def _edged(row: Sequence[str]) -> list[str]:
    return ["<<", "<", *row, ">", ">>"]


# --- the linear tagger ------------------------------------------------------------------------------------------------


class LinearTagger:
    """Logistic regression on the features of each word, and the best tags that obey IOB2 (`pyft.data.iob2.viterbi`).

    Features that occur only once in training are left out; `C` is the inverse of the L2 penalty.
    """

    def __init__(self, features: Features = word_features, C: float = 1.0) -> None:
        self.features = features
        self.vectorizer = CountVectorizer(analyzer=list, min_df=2, binary=True)
        self.model = LogisticRegression(C=C, max_iter=100, tol=1e-3)

    def fit(
        self,
        tokens: Sequence[Sequence[str]],
        tags: Sequence[Sequence[str]],
        validation: Sentences | None = None,
        strengths: Sequence[float] = STRENGTHS,
    ) -> "LinearTagger":
        """Learn from tagged sentences. Where there are others for `validation`, they choose `C` among the `strengths`.

        The chosen one has the highest F1 of entities on them; on a tie the smaller. Strengths rise, and each fit begins
        where the one before ended.
        """
        x, y = self.vectorizer.fit_transform(self._strings(tokens)), [tag for row in tags for tag in row]
        if validation is None:
            self.model.fit(x, y)
            return self
        self.model.set_params(warm_start=True, tol=1e-5, max_iter=500)
        fitted, f1 = [], []
        for C in sorted(strengths):
            self.model.set_params(C=C).fit(x, y)
            fitted.append(copy.copy(self.model))
            f1.append(score(validation[1], self.tag(validation[0])).f1)
        self.model = fitted[int(np.argmax(f1))]
        return self

    def log_probabilities(self, tokens: Sequence[Sequence[str]]) -> list[NDArray[np.float64]]:
        """Log-probabilities of the tags of each word: (words, K) for each sentence."""
        ends = np.cumsum([len(words) for words in tokens])[:-1]
        x = self.vectorizer.transform(self._strings(tokens))
        return np.split(self.model.predict_log_proba(x), ends)

    def tag(self, tokens: Sequence[Sequence[str]]) -> list[list[str]]:
        """The tags of some sentences."""
        names = list(self.model.classes_)
        A, first = allowed_transitions(names)
        z = map(torch.from_numpy, self.log_probabilities(tokens))
        return [[names[k] for k in viterbi(x, A, first)] for x in z]

    def _strings(self, tokens: Sequence[Sequence[str]]) -> Iterator[list[str]]:
        for words in tokens:
            for row in self.features(words):
                yield [f"{name}={value}" for name, value in row.items()]
