"""How a text was typed, without its words; and probes that take one thing away."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


def typing_shape(text: str) -> str:
    """Letters and digits by kind alone, which shows how a text was typed: "Ship it NOW, v2!" is "Xx x X, x9!"."""
    for pattern, mark in ((r"[^\W\d_]", _case), (r"X{2,}", "X"), (r"x{2,}", "x"), (r"\d+", "9")):
        text = re.sub(pattern, mark, text)
    return text


def _case(letter: re.Match[str]) -> str:
    return "X" if letter[0].isupper() else "x"


def typing_shape_logistic(C: float = 4.0) -> Any:
    """Logistic regression on pieces of one to four characters of a text's `shape`: it cannot know a single word.

    Newton's method goes all the way to the minimum. L-BFGS stops short of it here, and where depends on the threads.
    """
    pieces = TfidfVectorizer(preprocessor=typing_shape, analyzer="char", ngram_range=(1, 4), sublinear_tf=True)
    return make_pipeline(pieces, LogisticRegression(C=C, solver="newton-cg", tol=1e-6))


def _shuffled(text: str) -> str:
    words = text.split()
    order = np.random.default_rng(len(text)).permutation(len(words))
    return " ".join(words[i] for i in order)


PROBES: dict[str, Callable[[str], str]] = {  # what is taken from a text before it is read; never all of it
    "case": str.lower,
    "punctuation": lambda text: " ".join(re.sub(r"[^\w\s]|_", " ", text).split()) or text,
    "numbers": lambda text: " ".join(re.sub(r"\S*\d\S*", " ", text).split()) or text,
    "names": lambda text: " ".join(re.sub(r"@\w+|(?<!^)\b[A-Z]\w*", " ", text).split()) or text,
    "word order": _shuffled,
}


def probe_rows(N: int, at_most: int = 480) -> range:
    """Rows of a test split on which the models are probed: evenly spaced, since a corpus may be in order of labels."""
    return range(0, N, -(-N // at_most))
