"""A reader's own model: fine-tuned on a reader's own data (`pyft.data.from_files`), compared with a baseline, saved."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft import data, models
from pyft.data import from_files
from pyft.errors import PyftError
from pyft.evaluation import baselines, ner, stats
from pyft.evaluation.decoding import decode_constrained
from pyft.finetune.batches import columns, tokenize
from pyft.finetune.hardware import processes
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.paths import dump, write_atomically
from pyft.profiles import recipe as recipe_of

CARD = "pyft.json"  # next to the weights: what the model is for, and what it scored


def fit(
    task: str,
    train: Path,
    folder: Path,
    validation: Path | None = None,
    test: Path | None = None,
    model: str = "bert",
    profile: str = "laptop",
    epochs: int | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Train on a file of labelled texts, compare it with a baseline on the test rows, and save it all in `folder`.

    The weights that come back are those of the lowest validation loss. Started again after an interruption, it goes on.
    What is returned is written too, as `pyft.json`; of several processes the first returns it, the others nothing.

    Raises:
        PyftError: a file, a name or a folder that cannot be used; nothing was trained then.
    """
    if (folder / CARD).exists():
        raise PyftError(f"{folder} holds a finished model. Name another folder, or delete it.")
    splits = from_files.load(train, task, validation, test)
    names = labels(splits, task)
    recipe = recipe_of(profile, "own-data")
    epochs = epochs or recipe.epochs
    recipe = replace(recipe, epochs=epochs, evaluations=2 * epochs)
    recipe = replace(recipe, patience=recipe.evaluations)  # never stops early, and brings the best weights back
    set_seed(seed)
    body, tokenizer = models.load(model, task, profile, num_labels=len(names))
    body.config.id2label, body.config.label2id = dict(enumerate(names)), {name: i for i, name in enumerate(names)}
    read, _ = columns(splits["train"])
    print(", ".join(f"{name} {len(rows):,}" for name, rows in splits.items()), "rows")
    if cut := count_too_long(tokenizer, splits["train"][read][:], recipe.max_length):
        print(f"{cut:,} training texts are longer than {recipe.max_length} tokens and are cut there")
    history = fine_tune(body, tokenizer, splits["train"], splits["validation"], recipe, seed, folder / "run")
    if processes()[0] > 0:
        return {}  # they all have the same weights; the first of them saves
    found = answers(body, tokenizer, splits["test"][read][:], task, names, recipe.max_length)
    scores = score_with_baselines(task, splits, found)
    body.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    rows = [{"id": i, "found": y} for i, y in zip(splits["test"]["id"], found, strict=True)]
    write_atomically(folder / "test.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    card = {
        "task": task,
        "labels": names,
        "max_length": recipe.max_length,
        "model": model,
        "profile": profile,
        "seed": seed,
        "rows": {name: len(part) for name, part in splits.items()},
        "validation_loss": [round(x, 4) for x in history.validation_loss],
        "scores": scores,
    }
    write_atomically(folder / CARD, dump(card))
    shutil.rmtree(folder / "run")  # three times the weights, and of no use any more
    return card


def labels(splits: Any, task: str) -> list[str]:
    """The names of the classes or tags; of ratings one name, the column's."""
    if task == "regression":
        return ["label"]
    train = splits["train"]
    return data.label_names(train.features[columns(train)[1]])


def count_too_long(tokenizer: PreTrainedTokenizerBase, texts: Sequence[Any], max_length: int) -> int:
    """How many texts have more than `max_length` tokens."""
    whole = tokenize(tokenizer, texts, 10**6)
    return sum(len(row["input_ids"]) > max_length for row in whole)


def answers(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[Any],
    task: str,
    names: Sequence[str],
    max_length: int,
) -> Any:
    """The model's answer for each text: a class, a number, or the tags of its words (O where it was cut off)."""
    z = predict(model, tokenizer, texts, max_length)
    if task == "regression":
        return [round(x, 4) for x in z.squeeze(-1).tolist()]
    if task == "sequence-classification":
        return [names[i] for i in z.argmax(-1).tolist()]
    return decode_constrained(z, names, list(map(len, texts)))


def score_with_baselines(task: str, splits: Any, found: Sequence[Any]) -> dict[str, Any]:
    """The scores of what was found for the test rows, and those of a baseline that learnt from the same rows.

    Classes: accuracy, with the commonest class and TF-IDF as baselines, and McNemar's test. Ratings: Pearson's r and
    mean squared error, with ridge regression on TF-IDF. Tags: F1 of entities, with each word's commonest tag.
    """
    read, column = columns(splits["train"])
    train, test = splits["train"], splits["test"]
    if task == "regression":
        y = np.array(test[column])
        ridge = make_pipeline(baselines.tfidf_logistic()[0], Ridge(alpha=1.0)).fit(train[read][:], train[column][:])
        rivals = {"model": np.array(found), "TF-IDF": ridge.predict(test[read][:])}
        return {
            name: {"pearson_r": _r(z, y), "mse": round(float(((z - y) ** 2).mean()), 4)} for name, z in rivals.items()
        }
    names = labels(splits, task)
    if task == "token-classification":
        true = [[names[i] for i in row] for row in test[column]]
        seen: dict[str, list[str]] = {}
        for words, row in zip(train[read], train[column], strict=True):
            for word, i in zip(words, row, strict=True):
                seen.setdefault(word, []).append(names[i])
        usual = {word: max(sorted(set(t)), key=t.count) for word, t in seen.items()}
        rivals = {"model": found, "commonest tag": [[usual.get(w, "O") for w in words] for words in test[read]]}
        scores = {name: ner.score(true, z) for name, z in rivals.items()}
        return {
            name: {"f1": round(s.f1, 4), "precision": round(s.precision, 4), "recall": round(s.recall, 4)}
            for name, s in scores.items()
        }
    y = np.array([names[i] for i in test[column]])
    majority = np.array(names)[baselines.majority(train[column][:], len(y))]
    tfidf = np.array(names)[baselines.tfidf_logistic().fit(train[read][:], train[column][:]).predict(test[read][:])]
    accuracy = {
        name: {"accuracy": round(float((z == y).mean()), 4)}
        for name, z in {"model": np.array(found), "TF-IDF": tfidf, "commonest class": majority}.items()
    }
    test_of = stats.compare(np.array(found) == y, tfidf == y)
    return accuracy | {"against TF-IDF": {"verdict": test_of.verdict(), "p": float(f"{test_of.p:.3g}")}}


def _r(z: Any, y: Any) -> float | None:
    """Pearson's r; None where one of the two is constant."""
    return round(float(np.corrcoef(z, y)[0, 1]), 4) if z.std() and y.std() else None


def answer_texts(folder: Path, texts: Sequence[str]) -> list[Any]:
    """The answers of a saved model for texts: classes, numbers, or the tags of a text's words, split at white space.

    Raises:
        PyftError: a folder without such a model, or an empty text.
    """
    if not (folder / CARD).is_file():
        raise PyftError(
            f"{folder} holds no finished model: expected {CARD}, which `pyft finetune --out {folder}` writes."
        )
    card = json.loads((folder / CARD).read_text(encoding="utf8"))
    if empty := [i for i, text in enumerate(texts, start=1) if not text.strip()]:
        raise PyftError(f"text {empty[0]} is empty: expected at least one word.")
    model, tokenizer = models.load(str(folder), card["task"], num_labels=len(card["labels"]))
    asked = [text.split() for text in texts] if card["task"] == "token-classification" else texts
    found: list[Any] = answers(model, tokenizer, asked, card["task"], card["labels"], card["max_length"])
    return found
