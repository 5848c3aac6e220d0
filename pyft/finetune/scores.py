"""How a model did on the test rows, beside a baseline that learnt from the same rows: intervals and a paired test."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats as scipy_stats
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score

from pyft import data
from pyft.evaluation import baselines, ner, stats
from pyft.finetune.batches import columns

Scores = dict[str, dict[str, Any]]
SAMPLES = 2000  # of the bootstrap
STRENGTHS = (4.0, 1.0, 16.0, 64.0)  # of `C`: of those that are right as often on validation texts the first
PENALTIES = (1.0, 0.3, 3.0)  # of ridge regression, in the same way


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
    test, asked = gold(splits["test"], task, names), splits["test"][columns(splits["test"])[0]][:]
    train, validation = (
        Known(splits[name][columns(splits[name])[0]][:], gold(splits[name], task, names))
        for name in ("train", "validation")
    )
    score, against = JUDGES[task]
    scores = {"model": score(test, found)}
    for name, rival in RIVALS[task].items():
        try:
            guess = rival(train, validation, asked)
        except Exception as error:  # whatever it is, it must not cost the model that was trained
            scores[name] = {"not made": (str(error).strip() or type(error).__name__).splitlines()[0]}
            continue
        scores[name] = score(test, guess)
        if name in ("TF-IDF", "commonest tag"):
            scores[f"against {name}"] = against(test, found, guess)
    return scores


# --- baselines --------------------------------------------------------------------------------------------------------


class Known(NamedTuple):
    """Texts, or lists of words, and what is right for each."""

    texts: Sequence[Any]
    y: Sequence[Any]


def tfidf_classes(train: Known, validation: Known, asked: Sequence[str]) -> list[str]:
    """The classes that logistic regression on TF-IDF finds, its penalty the best on validation texts."""
    return _best_on_tfidf([LogisticRegression(C=C, max_iter=1000) for C in STRENGTHS], train, validation, asked)


def tfidf_ratings(train: Known, validation: Known, asked: Sequence[str]) -> list[float]:
    """The ratings that ridge regression on TF-IDF finds, its penalty the best on validation texts."""
    return _best_on_tfidf([Ridge(alpha) for alpha in PENALTIES], train, validation, asked)


def _best_on_tfidf(models: Sequence[Any], train: Known, validation: Known, asked: Sequence[str]) -> list[Any]:
    """What the model that is best on validation texts says; on a tie the first."""
    features = baselines.tfidf_features(train.texts)
    x, held_out = features.fit_transform(train.texts), features.transform(validation.texts)
    fitted = [model.fit(x, train.y) for model in models]
    best = max(fitted, key=lambda model: _fit_of(model.predict(held_out), validation.y))
    return list(best.predict(features.transform(asked)))


def _fit_of(found: Any, y: Sequence[Any]) -> float:
    """The share of right classes, or minus the mean squared error of ratings."""
    if isinstance(y[0], str):
        return float(np.mean(np.array(found) == np.array(y)))
    return -float(np.mean((np.array(found) - np.array(y)) ** 2))


def commonest_class(train: Known, _: Known, asked: Sequence[str]) -> list[str]:
    """The commonest class, for all."""
    counts = Counter(train.y)
    return [max(sorted(counts), key=lambda name: counts[name])] * len(asked)


def commonest_tags(train: Known, _: Known, asked: Sequence[Any]) -> list[list[str]]:
    """Each word's commonest tag; O for a word that was not seen."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for words, tags in zip(train.texts, train.y, strict=True):
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
