"""A reader's own model: fine-tuned on a reader's own data (`pyft.data.from_files`), compared with a baseline, saved."""

import json
import math
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

from datasets import Dataset, DatasetDict
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft import models
from pyft.data import from_files
from pyft.data.from_files import USUAL, Layout
from pyft.errors import PyftError
from pyft.finetune import lora_adapter, ratings
from pyft.finetune.answers import Answers, answer, unread_words
from pyft.finetune.batches import check_length, columns, tokenize
from pyft.finetune.data_table import as_text, data_table
from pyft.finetune.hardware import processes
from pyft.finetune.history import History
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.output_folder import CARD, RUN, OutputFolder, file_digest
from pyft.finetune.reader_recipe import CHANGES, check_changes, reader_recipe
from pyft.finetune.report import how_it_ended, write_report
from pyft.finetune.saved import SavedModel, read_card
from pyft.finetune.scores import labels, score_with_baselines
from pyft.paths import dump
from pyft.profiles import Recipe
from pyft.profiles import recipe as recipe_of


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
    layout: Layout = USUAL,
    changes: Mapping[str, float] = {},
    command: str = "",
    method: str = "full",
) -> dict[str, Any]:
    """Train on a file of labelled texts, compare it with a baseline on the test rows, and save it all in `folder`.

    Started again after an interruption, it goes on. What is returned is written too, as `pyft.json`; of several
    processes the first returns it, the others nothing.
    It trains for as many `epochs` as rows and classes need (`pyft.finetune.reader_recipe`), or for those given.
    `changes` are fields of the profile's recipe: `max_length`, `lr`, `batch_size`, `patience`; with the last the
    weights of the lowest validation loss come back, without it the last ones stay. `layout` names the columns, and
    `command` is what the report says that made it. With the `method` lora the head learns, and LoRA beside queries and
    values: it is saved as `peft` saves it, in a folder `adapter`, and merged into the model.

    Raises:
        PyftError: a file, a name or a folder that cannot be used; nothing was trained then.
    """
    check_changes(epochs, changes)
    lora_adapter.check_method(method)
    usual = lora_adapter.recipe_for(method, recipe_of(profile, "own-data"))
    asked: dict[str, Any] = {"task": task, "model": model, "profile": profile, "epochs": epochs, "seed": seed}
    asked |= dict(changes)
    asked |= {"columns": [layout.text, layout.label, layout.tags]} | ({"method": method} if method != "full" else {})
    files = {"data": train, "validation": validation, "test": test}
    place = OutputFolder(folder, asked | {name: file_digest(path) for name, path in files.items()})
    first = processes()[0] == 0  # the others have the same weights in the end; the first of them writes
    with nullcontext() if first else suppress(PyftError):  # which the first one raises for them all
        place.check()
    if place.finished:
        if first:
            print(f"{folder} holds this very run, finished: nothing was done.")
        return read_card(folder) if first else {}
    gathered = from_files.gather(train, task, validation, test, layout)
    splits = gathered.dataset()
    names = labels(splits, task)
    recipe = reader_recipe(usual, len(splits["train"]), len(names), epochs, changes)
    set_seed(seed)
    body, tokenizer = models.load(model, task, profile, num_labels=len(names))
    body.config.id2label, body.config.label2id = dict(enumerate(names)), {name: i for i, name in enumerate(names)}
    check_length(body, recipe)
    about = lora_adapter.prepare(method, body)
    if task == "token-classification":
        whole, splits["train"] = len(splits["train"]), readable(splits["train"], tokenizer, recipe.max_length)
        gathered.left_out["train"]["of which the tokenizer keeps no word"] = whole - len(splits["train"])
    table, warnings = data_table(gathered, tokenizer, recipe.max_length)
    warnings = gathered.warnings + warnings
    if first:
        place.begin()
        print(as_text(table))
        for line in [*gathered.said(), *(f"WARNING: {line}" for line in warnings)]:
            print(line)
    history = _learn(task, body, tokenizer, splits, recipe, seed, folder / RUN)
    if not first:
        return {}
    card = {"task": task, "labels": names, "max_length": recipe.max_length, "model": model, "profile": profile}
    card |= {"seed": seed, "recipe": {name: getattr(recipe, name) for name in ("epochs", *CHANGES)} | about}
    card |= {"rows": {name: len(part) for name, part in splits.items()}, "warnings": warnings, "scores": {}}
    card |= {"validation_loss": [round(x, 4) for x in history.validation_loss]}
    steps = math.ceil(len(splits["train"]) / recipe.batch_size)
    card |= {"advice": how_it_ended(history, recipe.epochs, steps)}
    with place.adding() as beside:
        lora_adapter.take_out(body, task, beside)
        body.save_pretrained(beside)
        tokenizer.save_pretrained(beside)
    place.write(CARD, dump(card))  # from here on the model can be asked, whatever becomes of the rest
    read = splits["test"][columns(splits["test"])[0]][:]
    given = answer(body, tokenizer, read, task, names, recipe.max_length)
    place.write("test.jsonl", _lines(splits["test"], given, _unread(task, tokenizer, read, recipe.max_length)))
    card["scores"] = score_with_baselines(task, splits, given.found)
    write_report(place, card, table, gathered.said(), history, splits["test"], given, command)
    place.write(CARD, dump(card))
    place.finish()
    return card


def readable(train: Dataset, tokenizer: PreTrainedTokenizerBase, max_length: int) -> Dataset:
    """The sentences of which the tokenizer keeps a word; from the others there is nothing to learn."""
    rows = tokenize(tokenizer, train["tokens"][:], max_length)
    kept = [i for i, row in enumerate(rows) if max(row["words"]) >= 0]
    return train if len(kept) == len(train) else train.select(kept)


def _learn(
    task: str,
    body: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    splits: DatasetDict,
    recipe: Recipe,
    seed: int,
    folder: Path,
) -> History:
    """Fine-tune; ratings are learnt in standard deviations, and the model answers in ratings all the same."""
    if task != "regression":
        return fine_tune(body, tokenizer, splits["train"], splits["validation"], recipe, seed, folder)
    scale = ratings.scale_of(splits["train"]["label"])
    ratings.head(body)  # one that has none is refused before the first step
    train, validation = (ratings.standardised(splits[name], scale) for name in ("train", "validation"))
    history = fine_tune(body, tokenizer, train, validation, recipe, seed, folder)
    ratings.give_back(body, scale)
    history.validation_loss = [loss * scale.sd**2 for loss in history.validation_loss]
    history.train_loss = [loss * scale.sd**2 for loss in history.train_loss]
    return history


def _unread(task: str, tokenizer: PreTrainedTokenizerBase, texts: Sequence[Any], max_length: int) -> list[list[str]]:
    """The words of each text that stand beyond the cut; none for whole texts, whose words have no answers."""
    return unread_words(tokenizer, texts, max_length) if task == "token-classification" else [[] for _ in texts]


def _lines(test: Any, given: Answers, unread: Sequence[Sequence[str]]) -> str:
    """A line of JSON for each test row: its number in the file, what was found, and the words that were not read."""
    rows = [
        {"id": i, "found": y} | ({"not read": list(words)} if words else {})
        for i, y, words in zip(test["id"], given.found, unread, strict=True)
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def answer_texts(folder: Path, texts: Sequence[str]) -> list[Any]:
    """The answers of a saved model for texts: classes, numbers, or the tags of a text's words, split at white space.

    Raises:
        PyftError: a folder without such a model, or an empty text.
    """
    return SavedModel(folder).answer(texts).found
