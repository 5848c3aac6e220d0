"""Three architectures on two tasks, over seeds: `pyft bench models`, kept in `book/results/bench/models.json`.

All start from one checkpoint (`pyft.pretrain`) and see the same texts in the same order, so that runs of one seed are
paired. A run that has finished is kept at once; the next call goes on from there.
"""

import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from seqeval.metrics import f1_score

from pyft import data, models
from pyft.evidence import dump, provenance, results_folder, write_atomically
from pyft.finetune import columns, fine_tune, predict, set_seed
from pyft.profiles import Recipe
from pyft.stats import packed

MODELS = ("minilm", "bert", "roberta", "xlnet")
SEEDS = range(5)
TASKS = {  # rows of the training split, and how they are trained on
    "movie-reviews": (3000, Recipe(epochs=2, batch_size=32, lr=2e-4, evaluations=2)),
    "conll2003": (4000, Recipe(epochs=2, batch_size=32, lr=2e-4, evaluations=2)),
}


def run(name: str, corpus: str, seed: int) -> dict[str, Any]:
    """Fine-tune one model and test it: accuracy on film reviews, entity F1 on CoNLL-2003, with what was right."""
    rows, recipe = TASKS[corpus]
    splits = data.load(corpus)
    train = splits["train"].shuffle(seed=seed).select(range(rows))
    set_seed(seed)
    task = "token-classification" if corpus == "conll2003" else "sequence-classification"
    model, tokenizer = models.load(name, task, num_labels=num_labels(splits))
    start = time.monotonic()
    history = fine_tune(model, tokenizer, train, splits["validation"], recipe, seed)
    seconds = time.monotonic() - start
    score, right = tested(model, tokenizer, splits["test"], recipe.max_length)
    return {
        "model": name,
        "corpus": corpus,
        "seed": seed,
        "score": round(score, 6),
        "validation_loss": [round(x, 4) for x in history.validation_loss],
        "seconds": round(seconds, 1),
        "parameters": sum(p.numel() for p in model.parameters()),
        "digest": models.digest(models.load(name, task)[0].base_model),
        "right": packed(right),
    }


def tested(model: Any, tokenizer: Any, test: Any, max_length: int) -> tuple[float, list[int]]:
    """Accuracy, or F1 of whole entities (micro) for CoNLL; and for each text, whether all of it was right: 0 or 1."""
    texts, labels = columns(test)
    logits = predict(model, tokenizer, test[texts], max_length)
    if texts == "text":
        right = (logits.argmax(-1) == torch.tensor(test[labels])).int().tolist()
        return sum(right) / len(right), right
    names = test.features[labels].feature.names
    true = [[names[t] for t in tags] for tags in test[labels]]
    found = [
        [names[t] for t in z.argmax(-1).tolist()] + ["O"] * (len(tags) - len(z))  # words that were cut off have none
        for z, tags in zip(logits, true, strict=True)
    ]
    return float(f1_score(true, found)), [int(a == b) for a, b in zip(true, found, strict=True)]


def num_labels(splits: Any) -> int:
    """How many classes a corpus has."""
    feature = splits["train"].features[columns(splits["train"])[1]]
    return len(getattr(feature, "feature", feature).names)


def measure(names: Sequence[str] = MODELS, seeds: Sequence[int] = SEEDS, out: Path | None = None) -> dict[str, Any]:
    """All runs that `out` does not hold yet, seed by seed, each written there as it finishes; what was written."""
    path = out or results_folder() / "bench" / "models.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(path.read_text(encoding="utf8"))["runs"] if path.is_file() else []
    runs = {r["key"]: r for r in kept}
    for seed in seeds:
        for corpus in TASKS:
            for name in names:
                key = _key(name, corpus, seed)
                if key not in runs:
                    runs[key] = {"key": key} | run(name, corpus, seed) | {"provenance": provenance()}
                    write_atomically(path, dump({"runs": list(runs.values())}))
                print(f"{corpus}, {name}, seed {seed}: {runs[key]['score']:.4f}", flush=True)
    return {"runs": list(runs.values())}


def _key(name: str, corpus: str, seed: int) -> str:
    """A run is that of its model's weights and of its recipe."""
    weights = models.kept_file(name)
    parts = [name, corpus, str(seed), repr(TASKS[corpus]), weights.read_bytes().hex() if weights.is_file() else ""]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
