"""What one text takes to be answered, by way: `pyft bench latency`, a minute on a quiet machine.

Film reviews, one at a time and all ways by turns, on one thread. The answers do not matter, so nothing is fine-tuned:
a head that was drawn at random takes as long as one that has learnt.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.benchmarks.timing import time_by_turns
from pyft.course.part9.measured import FILMS, MODELS
from pyft.evaluation import baselines
from pyft.finetune.loop import set_seed
from pyft.finetune.prediction import predict
from pyft.models.features import features

TEXTS = 200
CORPUS = "movie-reviews"
NETWORKS = ("bert", "roberta", "xlnet")
Answer = Callable[[str], Any]


def run(corpus: str) -> dict[str, Any]:
    """Milliseconds of each way for the same texts: half of them take no longer than p50, of twenty all but one p95."""
    splits = data.load(corpus)
    texts = splits["test"]["text"][:TEXTS]
    seconds: dict[str, list[float]] = {}
    answers = ways(splits)
    for text in texts:
        turn = time_by_turns({name: partial(ask, text) for name, ask in answers.items()}, 1, warm_up=1)
        for name, taken in turn.items():
            seconds.setdefault(name, []).extend(taken)
    found: dict[str, Any] = {"corpus": corpus, "texts": len(texts)}
    for name, share in (("p50", 50), ("p95", 95)):
        found[name] = {way: round(1000 * float(np.percentile(taken, share)), 3) for way, taken in seconds.items()}
    return found


def ways(splits: Any) -> dict[str, Answer]:
    """What answers one text, by way. A network that is trained in part answers like one that is trained whole."""
    linear = baselines.fit_linear(splits["train"], splits["validation"], strengths=(1.0,))
    made: dict[str, Answer] = {FILMS["TF-IDF"]: lambda text: linear.predict([text])}
    for name in NETWORKS:
        set_seed(0)
        model, tokenizer = models.load(name, "sequence-classification")
        made[MODELS[name]] = partial(by_network, model, tokenizer)
    model, tokenizer = models.load("bert", "sequence-classification")
    first = splits["train"].select(range(TEXTS))
    head = LogisticRegression(max_iter=1000).fit(features(model, tokenizer, first["text"]), first["label"])
    made[FILMS["features"]] = lambda text: head.predict(features(model, tokenizer, [text]))
    for name in ("head", "top layers", "scratch"):
        made[FILMS[name]] = made[MODELS["bert"]]
    return made


def by_network(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, text: str) -> Any:
    """The logits of one text."""
    return predict(model, tokenizer, [text])


def plan(_: Sequence[Run] = ()) -> list[tuple[str]]:
    """One run: all ways take their turns in it."""
    return [(CORPUS,)]


def depends(corpus: str) -> dict[str, Any]:
    """A run is that of its texts, and of the weights that answer them."""
    weights = {name: models.weights_digest(name) for name in NETWORKS}
    return {"texts": TEXTS, "data": data_digests(corpus), "weights": weights}


EXPERIMENT = Experiment(
    "latency",
    plan,
    run,
    depends,
    about="what one text takes, by way; a minute, on a quiet machine",
    threads=1,
    timed=True,
)
