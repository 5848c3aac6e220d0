"""What a model must beat: always the commonest label, a sentiment lexicon, and a linear model on word counts."""

import re
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
WORD = re.compile(r"\b\w\w+\b")  # what scikit-learn takes for a word
# Thai, Lao, Tibetan, Burmese, Khmer, Japanese kana and Chinese characters: scripts that set no spaces between words.
SPACELESS = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


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


def tfidf_features(texts: Sequence[str]) -> TfidfVectorizer:
    """TF-IDF over words and word pairs; over one to three characters where words are not set apart, or are none."""
    if sets_words_apart(texts):
        return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    return TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)


def sets_words_apart(texts: Sequence[str]) -> bool:
    """Whether some texts have words, and most of their letters are of scripts that set spaces between them."""
    letters = sum(c.isalpha() for text in texts for c in text)
    without = sum(len(SPACELESS.findall(text)) for text in texts)
    return 2 * without <= letters and any(WORD.search(text) for text in texts)
