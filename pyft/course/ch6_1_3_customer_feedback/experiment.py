"""`pyft finetune` beside the usual ways, on files as a reader has them: `pyft bench own-data`.

Three sets of few rows: film reviews of two classes, posts of twenty newsgroups, and news with entities. All ways get
the same rows: a seed draws the rows to learn from, the head and the order; the rows of the test are always the same.
"""

import csv
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from datasets import Dataset, DatasetDict
from numpy.typing import NDArray
from transformers import PreTrainedModel, PreTrainedTokenizerBase, PrinterCallback, Trainer, TrainingArguments

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.data import from_files
from pyft.evaluation import ner
from pyft.evaluation.baselines import fit_linear
from pyft.evaluation.stats import pack_bits, unpack_bits
from pyft.evaluation.taggers import STRENGTHS, LinearTagger
from pyft.evaluation.verdicts import Family, Verdict, compare_f1, compare_runs
from pyft.finetune import reader_recipe
from pyft.finetune.answers import answer
from pyft.finetune.batches import collate, columns, labelled, tokenize
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.scores import gold, labels
from pyft.profiles import Recipe
from pyft.profiles import recipe as recipe_of

SEEDS = 3
CLASSES, TAGS = "sequence-classification", "token-classification"
OURS, STOPPED = "pyft finetune", "pyft finetune, stopped early"
PAGES, RANDOM = "as the pages do", "as the pages do, random batches"
TRAINER, AS_LONG, LINEAR = "Trainer", "Trainer, as long", "linear model"
USUAL = recipe_of("laptop", "own-data")  # three epochs, batches by length
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Rows:
    """A reader's files: so many rows of a corpus to learn from, to validate and to test."""

    corpus: str
    task: str
    train: int
    validation: int
    test: int
    words: int | None = None  # of a text, from its beginning; None: all


SETS = {
    "film reviews": Rows("movie-reviews", CLASSES, 1000, 200, 1056),
    "newsgroups": Rows("newsgroups", CLASSES, 500, 100, 1000, words=20),  # 25 of each group to learn from
    "entities": Rows("conll2003", TAGS, 800, 200, 1000),
}
# What is compared, declared before any run is read.
TESTS = Family(
    "a reader's own data",
    tuple((name, OURS, way) for name in SETS for way in (STOPPED, PAGES, TRAINER, AS_LONG, LINEAR))
    + tuple((name, RANDOM, PAGES) for name in SETS),  # what batches sorted by length cost, all else as it was
)


class Learnt(NamedTuple):
    """What a way of learning found in the test: a class a text or the tags of its words; and what it took."""

    found: list[Any]
    epochs: float | None
    seconds: float  # of the processor, to learn


def run(name: str, way: str, seed: int) -> dict[str, Any]:
    """Learn one set in one way: which test texts were right, or what of the entities of each was found."""
    with tempfile.TemporaryDirectory() as folder:
        splits = load(name, seed, Path(folder))
    task = SETS[name].task
    learnt = WAYS[way](task, splits, seed)
    true = gold(splits["test"], task, labels(splits, task))
    about = {"set": name, "way": way, "seed": seed, "epochs": learnt.epochs, "seconds": round(learnt.seconds, 1)}
    about |= {"rows": {split: len(rows) for split, rows in splits.items()}}
    if task == TAGS:
        counts = np.array(ner.counts(true, learnt.found))  # (N, 3)
        return about | {"score": round(float(ner.f1(counts.sum(0))), 4), "counts": pack_counts(counts)}
    right = np.array(true) == np.array(learnt.found)  # (N)
    return about | {"score": round(float(right.mean()), 4), "right": pack_bits(right)}


# --- files as a reader has them ---------------------------------------------------------------------------------------


def load(name: str, seed: int, folder: Path) -> DatasetDict:
    """The set's files, written into a folder, and read as `pyft finetune` reads them."""
    files = write_files(name, seed, folder)
    return from_files.gather(files["train"], SETS[name].task, files["validation"], files["test"]).dataset()


def write_files(name: str, seed: int, folder: Path) -> dict[str, Path]:
    """A file for each split: CSV of texts and names of classes, or JSON lines of words and tags."""
    asked, splits, files = SETS[name], data.load(SETS[name].corpus), {}
    for split in ("train", "validation", "test"):
        rows = draw(splits[split], getattr(asked, split), seed if split == "train" else 0, asked.words)
        if asked.task == TAGS:
            files[split] = folder / f"{split}.jsonl"
            of = zip(rows["tokens"], ner.gold_tags(rows), strict=True)
            lines = [json.dumps({"tokens": words, "tags": tags}) + "\n" for words, tags in of]
            files[split].write_text("".join(lines), encoding="utf8")
            continue
        files[split] = folder / f"{split}.csv"
        classes = rows.features["label"].names
        with files[split].open("w", encoding="utf8", newline="") as file:
            table = csv.writer(file)
            table.writerow(["text", "label"])
            cut = (" ".join(text.split()[: asked.words]) for text in rows["text"])
            table.writerows(zip(cut, (classes[y] for y in rows["label"]), strict=True))
    return files


def draw(rows: Dataset, n: int, seed: int, words: int | None = None) -> Dataset:
    """`n` rows at random, as many of each class; of tagged sentences without regard to what is in them.

    With `words` the texts are told apart by so many of their first words alone.
    """
    order = np.random.default_rng(seed).permutation(len(rows)).tolist()
    if "label" not in rows.column_names:
        return rows.select(order[:n])
    y, texts = rows["label"][:], rows["text"][:]
    each = n // len(rows.features["label"].names)
    taken: dict[int, list[int]] = {}
    begun: set[str] = set()
    for i in order:
        begin = " ".join(texts[i].split()[:words])
        if len(taken.setdefault(y[i], [])) < each and begin not in begun:
            taken[y[i]].append(i)
            begun.add(begin)
    return rows.select(sorted(i for some in taken.values() for i in some))


# --- ways to learn ----------------------------------------------------------------------------------------------------


def begin(task: str, splits: DatasetDict, seed: int) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model that every way begins with, its head drawn with the seed."""
    set_seed(seed)
    return models.load("bert", task, num_labels=len(labels(splits, task)))


def end(
    task: str, splits: DatasetDict, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, recipe: Recipe
) -> list[Any]:
    """What a model finds in the test."""
    texts = splits["test"][columns(splits["test"])[0]][:]
    return answer(model, tokenizer, texts, task, labels(splits, task), recipe.max_length).found


def recipe(task: str, splits: DatasetDict) -> Recipe:
    """What `pyft finetune` does with these rows."""
    return reader_recipe.reader_recipe(USUAL, len(splits["train"]), len(labels(splits, task)))


def stopped(task: str, splits: DatasetDict) -> Recipe:
    """The same with patience: two epochs and a quarter of them all at least, and the weights of the lowest loss."""
    how = recipe(task, splits)
    return replace(how, patience=max(4, how.epochs // 2))


def with_pyft(task: str, splits: DatasetDict, seed: int, recipe: Callable[[str, DatasetDict], Recipe]) -> Learnt:
    """The loop of this book."""
    model, tokenizer = begin(task, splits, seed)
    how, start = recipe(task, splits), time.process_time()
    history = fine_tune(model, tokenizer, splits["train"], splits["validation"], how, seed)
    seconds = time.process_time() - start
    steps = -(-len(splits["train"]) // how.batch_size)
    return Learnt(end(task, splits, model, tokenizer, how), round(len(history.losses) / steps, 2), seconds)


def with_trainer(task: str, splits: DatasetDict, seed: int, recipe: Callable[[str, DatasetDict], Recipe]) -> Learnt:
    """`Trainer` as its own pages use it: random batches, a rate that falls from the first step on, the last weights."""
    model, tokenizer = begin(task, splits, seed)
    how, start = recipe(task, splits), time.process_time()
    texts, y = (splits["train"][name][:] for name in columns(splits["train"]))
    with tempfile.TemporaryDirectory() as folder:
        options = TrainingArguments(
            folder,
            num_train_epochs=how.epochs,
            learning_rate=how.lr,
            per_device_train_batch_size=how.batch_size,
            seed=seed,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
            dataloader_pin_memory=False,
        )
        rows = labelled(tokenize(tokenizer, texts, how.max_length), y)
        trainer = Trainer(model, options, partial(collate, tokenizer=tokenizer), rows)
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    seconds = time.process_time() - start
    return Learnt(end(task, splits, model, tokenizer, how), float(how.epochs), seconds)


def linear(task: str, splits: DatasetDict, _: int) -> Learnt:
    """A linear model that validation rows have tuned: of TF-IDF, or of features of words made by hand."""
    names, start = labels(splits, task), time.process_time()
    if task == TAGS:
        train, validation = (
            (splits[name]["tokens"][:], gold(splits[name], task, names)) for name in ("train", "validation")
        )
        tagger = LinearTagger().fit(*train, validation=validation)
        return Learnt(tagger.tag(splits["test"]["tokens"][:]), None, time.process_time() - start)
    fitted = fit_linear(splits["train"], splits["validation"])
    seconds = time.process_time() - start
    return Learnt([names[k] for k in fitted.predict(splits["test"]["text"][:])], None, seconds)


WAYS: dict[str, Callable[[str, DatasetDict, int], Learnt]] = {
    OURS: partial(with_pyft, recipe=recipe),
    STOPPED: partial(with_pyft, recipe=stopped),
    PAGES: partial(with_pyft, recipe=lambda task, splits: USUAL),
    RANDOM: partial(with_pyft, recipe=lambda task, splits: replace(USUAL, length_window=1)),
    TRAINER: partial(with_trainer, recipe=lambda task, splits: USUAL),
    AS_LONG: partial(with_trainer, recipe=recipe),
    LINEAR: linear,
}

# --- what is kept, and what it says -----------------------------------------------------------------------------------


def pack_counts(counts: NDArray[np.int64]) -> str:
    """Hits, found and wanted of each sentence, (N, 3), as a text of three characters a sentence."""
    return "".join(DIGITS[n] for n in counts.flatten())


def unpack_counts(text: str) -> NDArray[np.int64]:
    """The counts that were packed: (N, 3)."""
    return np.array([DIGITS.index(c) for c in text]).reshape(-1, 3)


def verdicts(found: Mapping[str, Any]) -> dict[tuple[str, str, str], Verdict]:
    """One way against another, by set and both ways: over seeds and test rows, corrected together."""
    told = {}
    for name, *ways in TESTS.members:
        a, b = (
            np.array([_answers(run) for run in found["runs"] if (run["set"], run["way"]) == (name, way)])
            for way in ways
        )  # (S, N) or (S, N, 3)
        told[name, *ways] = (compare_f1 if SETS[name].task == TAGS else compare_runs)(a, b)
    return TESTS.correct(told)


def _answers(run: Run) -> NDArray[Any]:
    return unpack_counts(run["counts"]) if "counts" in run else unpack_bits(run["right"], run["rows"]["test"])


def plan(_: Sequence[Run] = ()) -> list[tuple[str, str, int]]:
    """Every run, `(set, way, seed)`, seed by seed."""
    return [(name, way, seed) for seed in range(SEEDS) for name in SETS for way in WAYS]


def depends(name: str, way: str, seed: int) -> dict[str, Any]:
    """A run is that of its rows, of the recipe and what it makes of them, of the weights and of the corpus."""
    of = reader_recipe
    if way == LINEAR:
        tuned = {"strengths": STRENGTHS} if SETS[name].task == TAGS else {}
        return {"rows": SETS[name], "data": data_digests(SETS[name].corpus)} | tuned
    weights = {"recipe": USUAL, "weights": models.weights_digest("bert")}
    steps = {"steps": [of.STEPS, of.STEPS_A_CLASS, of.MOST]} if way in (OURS, STOPPED, AS_LONG) else {}
    return {"rows": SETS[name], "data": data_digests(SETS[name].corpus)} | weights | steps


EXPERIMENT = Experiment(
    "own-data",
    plan,
    run,
    depends,
    about="a reader's own files: pyft finetune beside Trainer and a linear model; three hours",
    threads=1,
)
