"""Three architectures on two tasks, over seeds: `pyft bench models`, kept in `book/results/bench/models.json`.

All start from one checkpoint and see the same texts in the same order, so that runs of one seed are paired. So do the
three when each was trained on under its own objective (`pyft.pretraining`), and XLNets that the checkpoint was carried
into in part (`LADDER`).
"""

import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.evaluation import decoding, ner
from pyft.evaluation.stats import pack_bits
from pyft.evaluation.verdicts import Family
from pyft.finetune.batches import columns
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.models.conversion import to_xlnet
from pyft.pretraining.continued import PLANS, place_words
from pyft.pretraining.documents import texts, tokenize_documents
from pyft.profiles import Recipe

MODELS = ("bert", "roberta", "xlnet")
CONTINUED = tuple(f"{name}-continued" for name in MODELS)
LADDER: dict[str, Callable[[], Any]] = {  # each is the one before and one thing more (section 3.1.4)
    "matrices and LayerNorms": lambda: to_xlnet(models.minilm(), query_bias=False, damping=None),
    "+ query biases": lambda: to_xlnet(models.minilm(), damping=None),
    "+ value and output biases": lambda: to_xlnet(models.minilm()),
    "+ positions, fitted": lambda: xlnet_with_fitted_positions(),
}
SEEDS, FEW = 5, 3  # seeds of the models; of those trained on, and of the steps of the ladder, on film reviews alone
TASKS = {  # rows of the training split, and how they are trained on
    "movie-reviews": (3000, Recipe(epochs=2, batch_size=32, lr=2e-4, evaluations=2)),
    "conll2003": (4000, Recipe(epochs=2, batch_size=32, lr=2e-4, evaluations=2)),
}

# What is compared, declared before any run is read: three questions, and for each a family that is corrected together.
ARCHITECTURES = Family(
    "another architecture, from the same weights",
    tuple((name, "bert", corpus) for corpus in TASKS for name in MODELS[1:]),
)
TRAINED_ON = Family(
    "trained on, against before", tuple((f"{name}-continued", name, corpus) for corpus in TASKS for name in MODELS)
)

STEPS_OF_LADDER = Family(  # section 3.1.4
    "each step of the ladder against the one before, on film reviews",
    tuple((later, earlier) for earlier, later in pairwise([*LADDER, "xlnet", "bert"])),
)


def run(name: str, corpus: str, seed: int) -> dict[str, Any]:
    """Fine-tune one model and test it: accuracy on film reviews, entity F1 on CoNLL-2003, with what was right."""
    rows, recipe = TASKS[corpus]
    splits = data.load(corpus)
    train = splits["train"].shuffle(seed=seed).select(range(rows))
    set_seed(seed)
    task = "token-classification" if corpus == "conll2003" else "sequence-classification"
    K = num_labels(splits)
    if name in LADDER:
        model, tokenizer = models.with_head(LADDER[name](), task, num_labels=K), models.tokenizer("xlnet")
    else:
        model, tokenizer = models.load(name, task, num_labels=K)
    begins = models.digest(model.base_model)
    start = time.monotonic()
    history = fine_tune(model, tokenizer, train, splits["validation"], recipe, seed)
    seconds = time.monotonic() - start
    score, right = evaluate(model, tokenizer, splits["test"], recipe.max_length)
    return {
        "model": name,
        "corpus": corpus,
        "seed": seed,
        "score": round(score, 6),
        "validation_loss": [round(x, 4) for x in history.validation_loss],
        "seconds": round(seconds, 1),
        "parameters": sum(p.numel() for p in model.parameters()),
        "digest": begins,
        "right": pack_bits(right),
    }


def xlnet_with_fitted_positions() -> Any:
    """XLNet with positions fitted, as it is before it is aligned."""
    model, tokenizer = models.start("xlnet")
    place_words(model, tokenize_documents(texts(), tokenizer), tokenizer, PLANS["xlnet"])
    return model.base_model


def evaluate(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, test: Any, max_length: int
) -> tuple[float, list[int]]:
    """Accuracy, or F1 of whole entities (micro) for CoNLL; and for each text, whether all of it was right: 0 or 1."""
    read, labels = columns(test)
    logits = predict(model, tokenizer, test[read], max_length)
    if read == "text":
        right = (logits.argmax(-1) == torch.tensor(test[labels])).int().tolist()
        return sum(right) / len(right), right
    true = ner.gold_tags(test)
    found = decoding.decode_greedy(logits, ner.tag_names(test), list(map(len, true)))
    return ner.score(true, found).f1, [int(a == b) for a, b in zip(true, found, strict=True)]


def num_labels(splits: Any) -> int:
    """How many classes a corpus has."""
    train = splits["train"]
    return len(data.label_names(train.features[columns(train)[1]]))


def plan(_: Sequence[Run] = ()) -> list[tuple[str, str, int]]:
    """Every run, `(model, corpus, seed)`, seed by seed."""
    runs = [(name, corpus, seed) for seed in range(SEEDS) for corpus in TASKS for name in MODELS]
    runs += [(name, corpus, seed) for seed in range(FEW) for corpus in TASKS for name in CONTINUED]
    runs += [(name, "movie-reviews", seed) for seed in range(FEW) for name in LADDER]
    return sorted(runs, key=lambda r: r[2])


def depends(name: str, corpus: str, seed: int) -> dict[str, Any]:
    """A run is that of its model's weights, of the corpus and its rows, and of its recipe."""
    rows, recipe = TASKS[corpus]
    weights = models.weights_digest("minilm" if name in LADDER else name)
    return {"rows": rows, "recipe": recipe, "weights": weights, "data": data_digests(corpus)}


EXPERIMENT = Experiment(
    "models", plan, run, depends, about="every laptop model fine-tuned on two tasks, over seeds; three hours"
)
