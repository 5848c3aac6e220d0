"""Spam, topics and long documents: what chapter 6.2 measures, and its stored runs, `pyft bench classification`.

Runs of one seed see the same texts in the same order, so that models are paired by seed.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import accumulate
from typing import Any

import numpy as np
from datasets import Dataset, DatasetDict
from numpy.typing import ArrayLike, NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline

from pyft import data, models
from pyft.errors import PyftError, unknown
from pyft.finetune import History, fine_tune, predict, set_seed
from pyft.profiles import Recipe, recipe
from pyft.profiles import profile as profile_named
from pyft.stored import Experiment, Run, data_digests
from pyft.transfer import subset

# --- spam -------------------------------------------------------------------------------------------------------------

LIMIT = 0.005  # of all ham messages, how many may be taken for spam


def threshold(scores: ArrayLike, y: ArrayLike, limit: float = LIMIT) -> float:
    """The lowest t for which at most `limit` of the ham messages (y of 0) score above t. Both are (N,).

    Raises:
        PyftError: there is no ham message to count.
    """
    ham = np.sort(np.asarray(scores, dtype=float)[np.asarray(y) == 0])[::-1]
    if not len(ham):
        raise PyftError("no message with label 0: a limit on false positives needs some messages to count them on.")
    allowed = int(limit * len(ham) + 1e-9)  # 0.005 * 200 is a little less than 1
    return float(ham[allowed]) if allowed < len(ham) else -np.inf


def judged(flagged: ArrayLike, y: ArrayLike) -> dict[str, Any]:
    """Counts and rates of what was flagged as spam, both (N,): `tp`, `fp`, `fn`, `tn`; `recall`, `false_alarms`, ..."""
    tn, fp, fn, tp = map(int, confusion_matrix(y, np.asarray(flagged, dtype=int), labels=[0, 1]).ravel())
    counts = {"tp": tp, "fp": fp, "fn": fn, "tn": tn}
    return counts | {
        "accuracy": (tp + tn) / (tp + fp + fn + tn),
        "precision": tp / max(tp + fp, 1),
        "recall": tp / max(tp + fn, 1),
        "f1": 2 * tp / max(2 * tp + fp + fn, 1),
        "false_alarms": fp / max(fp + tn, 1),
    }


# --- topics -----------------------------------------------------------------------------------------------------------


def shape(text: str) -> str:
    """Letters and digits by kind alone, which shows how a text was typed: "Ship it NOW, v2!" is "Xx x X, x9!"."""
    for pattern, mark in ((r"[^\W\d_]", _case), (r"X{2,}", "X"), (r"x{2,}", "x"), (r"\d+", "9")):
        text = re.sub(pattern, mark, text)
    return text


def _case(letter: re.Match[str]) -> str:
    return "X" if letter[0].isupper() else "x"


def shape_logistic(C: float = 4.0) -> Any:
    """Logistic regression on pieces of one to four characters of a text's `shape`: it cannot know a single word.

    Newton's method goes all the way to the minimum. L-BFGS stops short of it here, and where depends on the threads.
    """
    pieces = TfidfVectorizer(preprocessor=shape, analyzer="char", ngram_range=(1, 4), sublinear_tf=True)
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


# --- long documents ---------------------------------------------------------------------------------------------------

VIEWS = ("head", "tail", "both", "windows")
WIDE = 256  # tokens of the one view that is not cut to the recipe's length
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


def views(tokenizer: Any, text: str, name: str, max_length: int) -> list[str]:
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


def token_counts(tokenizer: Any, words: Sequence[str]) -> list[int]:
    """How many tokens each word has, a space before it."""
    return list(map(len, tokenizer([f" {word}" for word in words], add_special_tokens=False)["input_ids"]))


def room(sizes: Sequence[int], n: int) -> int:
    """How many words from the start fit into `n` tokens; at least one."""
    return max(sum(total <= n for total in accumulate(sizes)), 1)


def head(sizes: Sequence[int], n: int) -> list[list[int]]:
    """The first words."""
    return [list(range(room(sizes, n)))]


def tail(sizes: Sequence[int], n: int) -> list[list[int]]:
    """The last words."""
    return [list(range(len(sizes) - room(sizes[::-1], n), len(sizes)))]


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


def seen(tokenizer: Any, rows: Any, name: str, max_length: int) -> tuple[Dataset, list[int]]:
    """The views of some documents, each with its document's label; and which document each is of."""
    parts = [views(tokenizer, text, name, max_length) for text in rows["text"]]
    of = [i for i, some in enumerate(parts) for _ in some]
    texts, labels = [text for some in parts for text in some], list(rows["label"])
    return Dataset.from_dict({"text": texts, "label": [labels[i] for i in of]}), of


def averaged(logits: Any, of: Sequence[int]) -> NDArray[np.float64]:
    """Probabilities of documents, (D, K): the mean of those of their views, from logits (N, K)."""
    p = logits.softmax(-1).double().numpy()  # (N, K)
    total = np.zeros((max(of) + 1, p.shape[1]))
    np.add.at(total, np.asarray(of), p)
    return total / np.bincount(of)[:, None]


# --- the runs ---------------------------------------------------------------------------------------------------------

MODELS, SEEDS, TOPIC_ROWS = ("bert", "roberta", "xlnet"), 5, 3000
BERT_VIEWS, OTHER_VIEWS = (*VIEWS, "wide"), ("both", "windows")


def run(task: str, name: str, view: str, seed: int) -> dict[str, Any]:
    """Fine-tune one model for one task; what it answered for every test text, in short form."""
    start = time.monotonic()
    found = {"spam": spam, "topics": topics, "documents": partial_documents}[task](name, view, seed)
    about = {"task": task, "model": name, "view": view, "seed": seed}
    return about | found | {"seconds": round(time.monotonic() - start, 1)}


def spam(name: str, _: str, seed: int) -> dict[str, Any]:
    """Spam's logit less ham's for every message of the validation and test splits."""
    model, tokenizer, splits, _history = learn("spam", name, seed, evaluations=0)
    told = {split: predict(model, tokenizer, splits[split]["text"]) for split in ("validation", "test")}
    return {split: margin(logits) for split, logits in told.items()}


def topics(name: str, _: str, seed: int) -> dict[str, Any]:
    """The class of every test text as a digit, and the classes of some rows (`probe_rows`) after each of `PROBES`."""
    model, tokenizer, splits, _history = learn("topics", name, seed, rows=TOPIC_ROWS, evaluations=0)
    texts = splits["test"]["text"][:]

    def guessed(texts: Sequence[str]) -> str:
        return "".join(map(str, predict(model, tokenizer, texts).argmax(-1).tolist()))

    some = [texts[i] for i in probe_rows(len(texts))]
    return {
        "guess": guessed(texts),
        "probed": {what: guessed([take(text) for text in some]) for what, take in PROBES.items()},
    }


def learn(
    task: str, name: str, seed: int, profile: str = "laptop", rows: int | None = None, **changes: Any
) -> tuple[Any, Any, DatasetDict, History]:
    """Fine-tune a model for `spam` or `topics` on `rows` texts (all, if not given): it, its tokenizer, data, history.

    The topics are a profile's own: AG News, or on a laptop, where there is none, which source a text comes from.
    `changes` are to the profile's recipe.
    """
    splits = data.load(corpus_of(task, profile), profile)
    train = splits["train"] if rows is None else subset(splits["train"], rows, seed)
    set_seed(seed)  # the head is drawn now
    K = len(train.features["label"].names)
    model, tokenizer = models.load(name, "sequence-classification", profile, num_labels=K)
    history = fine_tune(model, tokenizer, train, splits["validation"], replace(recipe(profile, task), **changes), seed)
    return model, tokenizer, splits, history


def partial_documents(name: str, view: str, fold: int) -> dict[str, Any]:
    """The probability of praise of each document of a fold, by a model trained on the other folds, seeded by it."""
    rows = documents()
    train, test = list(folds(rows["label"]))[fold]
    how = recipe_of("documents", view)
    view = "head" if view == "wide" else view
    set_seed(fold)
    model, tokenizer = models.load(name, "sequence-classification")
    learnt, _ = seen(tokenizer, rows.select(train), view, how.max_length)
    fine_tune(model, tokenizer, learnt.shuffle(seed=fold), learnt, how, fold)
    told, of = seen(tokenizer, rows.select(test), view, how.max_length)
    p = averaged(predict(model, tokenizer, told["text"], how.max_length), of)  # (D, K)
    return {"p": [round(float(x), 4) for x in p[:, 1]]}


def corpus_of(task: str, profile: str = "laptop") -> str:
    """What a task is learnt from."""
    return {"spam": "sms-spam", "topics": profile_named(profile).topics[0], "documents": "product-reviews"}[task]


def recipe_of(task: str, view: str = "") -> Recipe:
    """The laptop's recipe of a task, without evaluations.

    Windows are read once, other views as often as the recipe has epochs, so that all read about as many tokens.
    """
    how = replace(recipe("laptop", task), evaluations=0)
    if view == "windows":
        return replace(how, epochs=1)
    return replace(how, max_length=WIDE) if view == "wide" else how


def margin(logits: Any) -> list[float]:
    """The second class's logit less the first's, (N,): its sign is the answer, its size how sure it is."""
    return [round(x, 2) for x in (logits[:, 1] - logits[:, 0]).tolist()]


def plan(_: Sequence[Run] = ()) -> list[tuple[str, str, str, int]]:
    """Every run, `(task, model, view, seed)`, seed by seed."""
    some = {name: BERT_VIEWS if name == "bert" else OTHER_VIEWS for name in MODELS}
    runs = [(task, name, "", seed) for seed in range(SEEDS) for task in ("spam", "topics") for name in MODELS]
    runs += [("documents", name, view, fold) for fold in range(FOLDS) for name in MODELS for view in some[name]]
    return sorted(runs, key=lambda r: r[3])


def depends(task: str, name: str, view: str, seed: int) -> dict[str, Any]:
    """A run is that of its recipe, of its model's weights and of its corpus."""
    found = {"rows": TOPIC_ROWS} if task == "topics" else {}
    weights = models.weights_digest(name)
    return found | {"recipe": recipe_of(task, view), "weights": weights, "data": data_digests(corpus_of(task))}


EXPERIMENT = Experiment(
    "classification", plan, run, depends, about="spam, topics and long documents, three models over seeds; hours"
)
