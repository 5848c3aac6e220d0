"""How a model did on the test rows, beside a baseline that learnt from the same rows: intervals and a paired test."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import stats as scipy_stats
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline

from pyft import data
from pyft.evaluation import baselines, ner, stats
from pyft.finetune.batches import columns

Scores = dict[str, dict[str, Any]]
SAMPLES = 2000  # of the bootstrap


def labels(splits: Any, task: str) -> list[str]:
    """The names of the classes or tags; of ratings one name, the column's."""
    if task == "regression":
        return ["label"]
    train = splits["train"]
    return data.label_names(train.features[columns(train)[1]])


def gold(rows: Any, task: str, names: Sequence[str]) -> list[Any]:
    """The right answers of some rows, as `answers` gives them: names of classes, numbers, tags of words."""
    y = rows[columns(rows)[1]][:]
    if task == "regression":
        return list(y)
    return [names[i] for i in y] if task == "sequence-classification" else [[names[i] for i in row] for row in y]


def score_with_baselines(task: str, splits: Any, found: Sequence[Any]) -> Scores:
    """The scores of what was found for the test rows, and those of a baseline that learnt from the same rows.

    Classes: accuracy, with the commonest class and TF-IDF as baselines, and McNemar's test. Ratings: Pearson's r and
    mean squared error, with ridge regression on TF-IDF. Tags: F1 of entities, with each word's commonest tag. A
    baseline that cannot be made says why, and the model's scores stand alone.
    """
    names = labels(splits, task)
    train, test = (gold(splits[name], task, names) for name in ("train", "test"))
    texts, asked = (splits[name][columns(splits[name])[0]][:] for name in ("train", "test"))
    score, against = JUDGES[task]
    scores = {"model": score(test, found)}
    for name, rival in RIVALS[task].items():
        try:
            guess = rival(texts, train, asked)
        except Exception as error:  # whatever it is, it must not cost the model that was trained
            scores[name] = {"not made": (str(error).strip() or type(error).__name__).splitlines()[0]}
            continue
        scores[name] = score(test, guess)
        if name in ("TF-IDF", "commonest tag"):
            scores[f"against {name}"] = against(test, found, guess)
    return scores


# --- baselines --------------------------------------------------------------------------------------------------------


def tfidf_classes(texts: Sequence[str], y: Sequence[str], asked: Sequence[str]) -> list[str]:
    """The classes that logistic regression on TF-IDF finds."""
    model = make_pipeline(baselines.tfidf_features(texts), LogisticRegression(C=4.0, max_iter=1000))
    return list(model.fit(texts, y).predict(asked))


def tfidf_ratings(texts: Sequence[str], y: Sequence[float], asked: Sequence[str]) -> list[float]:
    """The ratings that ridge regression on TF-IDF finds."""
    return list(make_pipeline(baselines.tfidf_features(texts), Ridge(alpha=1.0)).fit(texts, y).predict(asked))


def commonest_class(texts: Sequence[str], y: Sequence[str], asked: Sequence[str]) -> list[str]:
    """The commonest class, for all."""
    counts = Counter(y)
    return [max(sorted(counts), key=lambda name: counts[name])] * len(asked)


def commonest_tags(texts: Sequence[Any], y: Sequence[Any], asked: Sequence[Any]) -> list[list[str]]:
    """Each word's commonest tag; O for a word that was not seen."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for words, tags in zip(texts, y, strict=True):
        for word, tag in zip(words, tags, strict=True):
            seen[word][tag] += 1
    usual = {word: max(sorted(tags), key=lambda tag: tags[tag]) for word, tags in seen.items()}
    return [[usual.get(word, "O") for word in words] for words in asked]


RIVALS: dict[str, dict[str, Callable[..., Any]]] = {
    "sequence-classification": {"TF-IDF": tfidf_classes, "commonest class": commonest_class},
    "regression": {"TF-IDF": tfidf_ratings},
    "token-classification": {"commonest tag": commonest_tags},
}

# --- scores and paired tests ------------------------------------------------------------------------------------------


def score_classes(y: Sequence[str], z: Sequence[str]) -> dict[str, Any]:
    """Accuracy with Wilson's interval, and macro F1."""
    right = np.array(z) == np.array(y)
    low, high = stats.accuracy_interval(int(right.sum()), len(right))
    macro = f1_score(y, z, average="macro", zero_division=0.0)
    return {"accuracy": round(float(right.mean()), 4), "interval": _pair(low, high), "macro_f1": round(float(macro), 4)}


def compare_classes(y: Sequence[str], a: Sequence[str], b: Sequence[str]) -> dict[str, Any]:
    """McNemar's exact test."""
    found = stats.compare(np.array(a) == np.array(y), np.array(b) == np.array(y))
    return {"verdict": found.verdict(), "p": float(f"{found.p:.3g}")}


def score_ratings(y: Sequence[float], z: Sequence[float]) -> dict[str, Any]:
    """Pearson's r with Fisher's interval, and the mean squared error; no r where one of the two is constant."""
    truth, guess = np.array(y, dtype=float), np.array(z, dtype=float)
    mse = float(f"{((guess - truth) ** 2).mean():.6g}")
    if len(truth) < 2 or not (guess.std() and truth.std()):
        return {"pearson_r": None, "interval": None, "mse": mse}
    r = scipy_stats.pearsonr(truth, guess)
    interval = r.confidence_interval(0.95) if len(truth) > 3 else (-1.0, 1.0)
    return {"pearson_r": round(float(r.statistic), 4), "interval": _pair(*interval), "mse": mse}


def compare_ratings(y: Sequence[float], a: Sequence[float], b: Sequence[float]) -> dict[str, Any]:
    """Student's interval of how much lower the squared errors of a are than those of b, text by text."""
    errors = (np.array([a, b], dtype=float) - np.array(y, dtype=float)) ** 2  # (2, N)
    gain = errors[1] - errors[0]
    mean, low, high = stats.mean_interval(gain) if len(gain) > 1 else (gain[0], -np.inf, np.inf)
    significant = bool(gain.any()) and not low <= 0 <= high
    numbers = [float(f"{x:.4g}") for x in (mean, low, high)]
    return {"verdict": stats.verdict(low, significant), "mse lower by": numbers[0], "interval": numbers[1:]}


def score_tags(y: ner.Tags, z: ner.Tags) -> dict[str, Any]:
    """F1 of whole entities with its bootstrap interval over texts, precision and recall."""
    found, groups = ner.score(y, z), _groups(len(y))
    n = np.zeros((groups[-1] + 1, 3), dtype=np.int64)  # entities right, found and true
    np.add.at(n, groups, ner.counts(y, z))
    times = np.random.default_rng(0).multinomial(len(n), np.full(len(n), 1 / len(n)), SAMPLES)  # (samples, groups)
    low, high = np.quantile(ner.f1(times @ n), [0.025, 0.975])
    return {
        "f1": round(found.f1, 4),
        "interval": _pair(low, high),
        "precision": round(found.precision, 4),
        "recall": round(found.recall, 4),
    }


def compare_tags(y: ner.Tags, a: ner.Tags, b: ner.Tags) -> dict[str, Any]:
    """Paired bootstrap of F1 over texts."""
    found = ner.compare_f1(ner.counts(y, a), ner.counts(y, b), _groups(len(y)), SAMPLES)
    return {"verdict": found.verdict(), "f1 higher by": round(found.value, 4), "interval": _pair(found.low, found.high)}


def _groups(n: int) -> list[int]:
    """Which texts are drawn together: each by itself, or neighbours where there are very many."""
    return [i * min(n, SAMPLES) // n for i in range(n)]


def _pair(low: float, high: float) -> list[float]:
    return [round(float(low), 4), round(float(high), 4)]


JUDGES: dict[str, tuple[Callable[..., dict[str, Any]], Callable[..., dict[str, Any]]]] = {
    "sequence-classification": (score_classes, compare_classes),
    "regression": (score_ratings, compare_ratings),
    "token-classification": (score_tags, compare_tags),
}
