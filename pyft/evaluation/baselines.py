"""What a model must beat: always the commonest label, a sentiment lexicon, and a linear model that was given a chance.

A weak rival makes any gain. The linear model here gets what a fine-tuned one gets: features that hold what decides, and
its one free hyperparameter chosen on validation texts.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.svm import LinearSVC
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

Labels = NDArray[np.int64]
WORD = re.compile(r"\b\w\w+\b")  # what scikit-learn takes for a word
# Thai, Lao, Tibetan, Burmese, Khmer, Japanese kana and Chinese characters: scripts that set no spaces between words.
SPACELESS = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
Rows = Mapping[str, Any]  # columns `text` and `label`
STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0)  # of `C`, from which validation texts choose
PENALTIES = (0.3, 1.0, 3.0, 10.0)  # of ridge regression


def majority(train_labels: Sequence[int], n: int) -> Labels:
    """The commonest training label, n times; the smaller label on a tie. (n,)"""
    counts = Counter(train_labels)
    return np.full(n, max(sorted(counts), key=lambda label: counts[label]), dtype=np.int64)


def vader(texts: Sequence[str]) -> NDArray[np.float64]:
    """VADER's compound score of each text, from -1 to 1, without any training. (N,)

    Hutto & Gilbert 2014, ICWSM-14. Exactly 0 means that no word of the lexicon occurs, or that what
    occurs cancels out.
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


def words_and_characters() -> FeatureUnion:
    """TF-IDF of words, signs and their pairs, and of one to five characters within a word; all in lower case.

    What stands in one training text alone is left out. Characters find endings, misspellings and Chinese words.
    """
    words = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]+", ngram_range=(1, 2), sublinear_tf=True, min_df=2)  # noqa: S106
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), sublinear_tf=True, min_df=2)
    return FeatureUnion([("words", words), ("characters", characters)])


def linear_svm(C: float) -> LinearSVC:
    """A linear support vector machine with squared hinge loss; `C` is the inverse of the L2 penalty.

    Solved in the primal by a trust region Newton method (Fan et al. 2008, LIBLINEAR, JMLR 9; Lin, Weng & Keerthi 2008),
    which draws nothing at random, uses one thread and goes to the minimum: two machines get the same answers.
    """
    return LinearSVC(C=C, dual=False, tol=1e-5, max_iter=10_000)


def fit_linear(train: Rows, validation: Rows, strengths: Sequence[float] = STRENGTHS) -> Any:
    """Fit a linear classifier to `train`, with the `C` that is most often right on `validation`; on a tie the smaller.

    Returns a pipeline from texts to labels; `model[-1].C` is what was chosen.
    """
    return _fit_best(map(linear_svm, strengths), train, validation)


def fit_ridge(train: Rows, validation: Rows, penalties: Sequence[float] = PENALTIES) -> Any:
    """Fit a ridge regression to ratings, with the penalty of the smallest squared error on `validation`.

    Returns a pipeline from texts to numbers; `model[-1].alpha` is what was chosen.
    """
    return _fit_best((Ridge(alpha, solver="sparse_cg", tol=1e-6) for alpha in penalties), train, validation)


def _fit_best(models: Iterable[Any], train: Rows, validation: Rows) -> Any:
    """The first of the models that score best on validation texts, behind the features, which are computed once."""
    features = words_and_characters()
    x, x_validation = features.fit_transform(train["text"][:]), features.transform(validation["text"][:])
    fitted = [model.fit(x, train["label"][:]) for model in models]
    scores = [model.score(x_validation, validation["label"][:]) for model in fitted]
    return make_pipeline(features, fitted[int(np.argmax(scores))])
