"""What a model must beat: always the commonest label, a sentiment lexicon, and a linear model on word counts."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

Labels = NDArray[np.int64]


def majority(train_labels: Sequence[int], n: int) -> Labels:
    """The commonest training label, n times; the smaller label on a tie. (n,)"""
    counts = Counter(train_labels)
    return np.full(n, max(sorted(counts), key=lambda label: counts[label]), dtype=np.int64)


def vader(texts: Sequence[str]) -> NDArray[np.float64]:
    """VADER's compound score of each text, from -1 to 1, without any training. (N,)

    Hutto & Gilbert 2014, ICWSM-14. A score of exactly 0 means that no word of the lexicon occurs.
    """
    analyzer = SentimentIntensityAnalyzer()
    return np.array([analyzer.polarity_scores(text)["compound"] for text in texts])


def tfidf_logistic(C: float = 4.0) -> Any:
    """TF-IDF over words and word pairs, then logistic regression; `C` is the inverse of the L2 penalty."""
    features = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    return make_pipeline(features, LogisticRegression(C=C, max_iter=1000))
