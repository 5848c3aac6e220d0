"""The metrics of GLUE, SuperGLUE and SQuAD, as their leaderboards compute them.

Accuracy is not enough where one class is rare (Matthews, F1), where labels are numbers (Pearson, Spearman), or where an
answer may be worded in several ways (exact match and F1 of the words, Rajpurkar et al. 2016).
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyft.errors import PyftError

# --- classes ----------------------------------------------------------------------------------------------------------


def binary_counts(y: ArrayLike, z: ArrayLike) -> tuple[int, int, int, int]:
    """True and false positives, false and true negatives of answers `z` to labels `y`, both 0 or 1, shape (N).

    Raises:
        PyftError: another number of answers than of labels.
    """
    y, z = _paired(y, z)
    return int(sum(y * z)), int(sum((1 - y) * z)), int(sum(y * (1 - z))), int(sum((1 - y) * (1 - z)))


def f1(y: ArrayLike, z: ArrayLike) -> float:
    """The harmonic mean of precision and recall of class 1; 0 if it was never found rightly."""
    tp, fp, fn, _ = binary_counts(y, z)
    return 2 * tp / (2 * tp + fp + fn) if tp else 0.0


def macro_f1(y: ArrayLike, z: ArrayLike) -> float:
    """The mean over classes of each one's F1, however rare it is: the F1 of CB in SuperGLUE."""
    y, z = _paired(y, z)
    return fmean(f1(y == k, z == k) for k in np.union1d(y, z))


def matthews(y: ArrayLike, z: ArrayLike) -> float:
    """Matthews' correlation (1975): Pearson's, of two columns of 0 and 1; 0 if all answers, or labels, are alike."""
    tp, fp, fn, tn = binary_counts(y, z)
    spread = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return (tp * tn - fp * fn) / float(np.sqrt(spread)) if spread else 0.0


# --- numbers ----------------------------------------------------------------------------------------------------------


def pearson(x: ArrayLike, y: ArrayLike) -> float:
    """The cosine of both columns, each less its mean, shape (N): 1 if they lie on a rising line."""
    x, y = _paired(x, y)
    u, v = x - x.mean(), y - y.mean()
    return float(u @ v / np.sqrt((u @ u) * (v @ v)))


def ranks(x: ArrayLike) -> NDArray[np.float64]:
    """The rank of each number from 1, equal numbers sharing the mean of theirs, (N) -> (N)."""
    x = np.asarray(x, dtype=np.float64)
    below, equal = (x[:, None] > x).sum(1), (x[:, None] == x).sum(1)
    return np.asarray(below + (equal + 1) / 2)


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Pearson's correlation of the ranks: 1 if one grows whenever the other does."""
    return pearson(ranks(x), ranks(y))


def _paired(y: ArrayLike, z: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    a, b = np.asarray(y, dtype=np.float64), np.asarray(z, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or not a.size:
        raise PyftError(f"expected an answer for each label, found {a.shape} labels and {b.shape} answers")
    return a, b


# --- answers in words -------------------------------------------------------------------------------------------------


def normalise_answer(text: str) -> str:
    """An answer without what SQuAD does not count: case, punctuation of ASCII, the articles, white space."""
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def exact_match(found: str, true: str) -> float:
    """1 if both answers are the same, normalised; else 0."""
    return float(normalise_answer(found) == normalise_answer(true))


def span_f1(found: str, true: str) -> float:
    """F1 of the words of an answer, each as often as it stands there; two empty answers agree."""
    a, b = normalise_answer(found).split(), normalise_answer(true).split()
    if not a or not b:
        return float(a == b)
    same = sum((Counter(a) & Counter(b)).values())
    return 2 * same / (len(a) + len(b))


def best_of(metric: Callable[[str, str], float], found: str, truths: Sequence[str]) -> float:
    """An answer's score by the annotator with whom it agrees most; without an answer (SQuAD 2.0), by the empty one."""
    return max(metric(found, true) for true in truths or [""])


# --- one number for a benchmark ---------------------------------------------------------------------------------------


def macro_average(scores: Mapping[str, float | Sequence[float]]) -> float:
    """The mean over tasks; a task with several metrics is the mean of them first (Wang et al. 2018, 2019).

    Raises:
        PyftError: no task, or a task without a score.
    """
    tasks = {name: [score] if isinstance(score, int | float) else list(score) for name, score in scores.items()}
    if not tasks or not all(tasks.values()):
        raise PyftError(f"expected at least one score for each task, found {dict(scores)}")
    return fmean(fmean(some) for some in tasks.values())
