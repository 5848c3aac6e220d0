"""Spam, topics and long documents: what chapter 6.2 measures, and its stored runs, `pyft bench classification`.

Runs of one seed see the same texts in the same order, so that models are paired by seed.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from datasets import DatasetDict
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch6_2_text_classification.long_documents import (
    FOLDS,
    VIEWS,
    documents,
    folds,
    make_views,
    mean_probabilities,
)
from pyft.course.ch6_2_text_classification.recipes import RECIPES
from pyft.course.ch6_2_text_classification.recipes import topics as topics_of
from pyft.course.ch6_2_text_classification.surface import PROBES, probe_rows
from pyft.data.splits import subset
from pyft.evaluation.thresholds import margin
from pyft.evaluation.verdicts import Family
from pyft.finetune.history import History
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.profiles import Recipe, recipe

WIDE = 256  # tokens of the one view that is not cut to the recipe's length

MODELS, SEEDS, TOPIC_ROWS = ("bert", "roberta", "xlnet"), 5, 3000
BERT_VIEWS, OTHER_VIEWS = (*VIEWS, "wide"), ("both", "windows")

# What is compared, declared before any run is read; a family is corrected together.
TOPIC_TESTS = Family(
    "topics",
    (
        *((name, "TF-IDF") for name in MODELS),  # that learnt from the same texts
        *((name, "TF-IDF, all texts") for name in MODELS),
        ("roberta", "bert"),
        ("xlnet", "bert"),
    ),
)
PROBE_TESTS = Family(  # of BERT: accuracy without what the first names, less that without the second
    "what is taken away from a text",
    (
        *((what, "nothing") for what in ("names", "word order", "punctuation", "numbers")),
        ("names", "word order"),
    ),
)
SPAM_TESTS = Family(
    "spam",
    (
        *(("all answers", name, "TF-IDF") for name in MODELS),
        *(("spam found at the limit", name, "TF-IDF") for name in MODELS),
        *(("spam found at the limit", name, "bert") for name in MODELS[1:]),
    ),
)
VIEW_TESTS = Family(
    "what to read of a document",
    (
        *(("BERT, windows", f"BERT, {view}") for view in ("head", "tail", "both")),
        ("BERT, both", "BERT, head"),
        ("BERT, tail", "BERT, head"),
        ("BERT, windows", f"BERT, head of {WIDE}"),
        (f"BERT, head of {WIDE}", "BERT, head"),
        ("RoBERTa, windows", "RoBERTa, both"),
        ("XLNet, windows", "XLNet, both"),
        ("RoBERTa, windows", "BERT, windows"),
        ("XLNet, windows", "BERT, windows"),
    ),
)


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
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, DatasetDict, History]:
    """Fine-tune a model for `spam` or `topics` on `rows` texts (all, if not given): it, its tokenizer, data, history.

    The topics are a profile's own: AG News, or on a laptop, where there is none, which source a text comes from.
    `changes` are to the profile's recipe.
    """
    splits = data.load(corpus_of(task, profile), profile)
    train = splits["train"] if rows is None else subset(splits["train"], rows, seed)
    set_seed(seed)  # the head is drawn now
    K = len(train.features["label"].names)
    model, tokenizer = models.load(name, "sequence-classification", profile, num_labels=K)
    how = replace(recipe(profile, task, RECIPES), **changes)
    history = fine_tune(model, tokenizer, train, splits["validation"], how, seed)
    return model, tokenizer, splits, history


def partial_documents(name: str, view: str, fold: int) -> dict[str, Any]:
    """The probability of praise of each document of a fold, by a model trained on the other folds, seeded by it."""
    rows = documents()
    train, test = list(folds(rows["label"]))[fold]
    how = recipe_of("documents", view)
    view = "head" if view == "wide" else view
    set_seed(fold)
    model, tokenizer = models.load(name, "sequence-classification")
    learnt, _ = make_views(tokenizer, rows.select(train), view, how.max_length)
    fine_tune(model, tokenizer, learnt.shuffle(seed=fold), learnt, how, fold)
    told, of = make_views(tokenizer, rows.select(test), view, how.max_length)
    p = mean_probabilities(predict(model, tokenizer, told["text"], how.max_length), of)  # (D, K)
    return {"p": [round(float(x), 4) for x in p[:, 1]]}


def corpus_of(task: str, profile: str = "laptop") -> str:
    """What a task is learnt from."""
    return {"spam": "sms-spam", "topics": topics_of(profile)[0], "documents": "product-reviews"}[task]


def recipe_of(task: str, view: str = "") -> Recipe:
    """The laptop's recipe of a task, without evaluations.

    Windows are read once, other views as often as the recipe has epochs, so that all read about as many tokens.
    """
    how = replace(RECIPES["laptop"][task], evaluations=0)
    if view == "windows":
        return replace(how, epochs=1)
    return replace(how, max_length=WIDE) if view == "wide" else how


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
