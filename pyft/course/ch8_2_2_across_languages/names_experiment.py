"""Names in Chinese news, from English labels and from Chinese ones: `pyft bench names-across`.

English sentences of CoNLL-2003 and Chinese lines of the People's Daily carry the same three kinds of name. As with
reviews, the rate is chosen on English alone, and seed s draws the same lines for all ways. A linear tagger learns from
the same Chinese lines; its penalty is chosen on further ones, which the encoder does not have.
"""

import copy
import zlib
from base64 import b85decode, b85encode
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from datasets import ClassLabel, Dataset, Features, List, Value
from numpy.typing import NDArray
from tokenizers.pre_tokenizers import Metaspace

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch6_3_1_persons import blocks
from pyft.course.ch8_2_2_across_languages.recipes import (
    CHARACTERS,
    MODEL,
    NAMES,
    NAMES_ASKED,
    NAMES_CHOSEN,
    NAMES_ENGLISH,
    NAMES_EPOCHS,
    NAMES_RATES,
    NAMES_SIZES,
    NAMES_WATCHED,
    SEEDS,
    TRIAL_SEED,
)
from pyft.data.peoples_daily import TAGS
from pyft.evaluation.decoding import decode_constrained
from pyft.evaluation.ner import Tags, counts, f1, gold_tags, tag_names
from pyft.evaluation.taggers import LinearTagger, character_features
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict

KINDS = ("all", "PER", "LOC", "ORG")
WAYS = ("both", "Chinese alone", "linear")
# What is compared on Chinese test lines, declared before any run is read.
NAMES_ACROSS = Family(
    "names across languages",
    tuple(
        (way, rival, n)
        for n in NAMES_SIZES
        for way, rival in (
            ("both", "Chinese alone"),
            ("English alone", "Chinese alone"),
            ("both", "linear"),
            ("Chinese alone", "linear"),
        )
    ),
)
BY_KIND = Family("names by kind, of all lines", tuple((way, kind) for way in WAYS[:2] for kind in KINDS[1:]))
Counts = NDArray[np.int64]


def run(kind: str, lr: float, seed: int) -> dict[str, Any]:
    """The names right, found and true in each Chinese test line after each training, by its name.

    `kind`: "trial" trains on English alone and is asked about English validation sentences; "English first" goes on
    from there with Chinese lines; "Chinese alone" has no others; "linear" is the tagger that was not pretrained.
    """
    set_seed(seed)
    made: dict[str, Any] = {"kind": kind, "lr": lr, "seed": seed, "lines": NAMES_ASKED}
    chinese = {n: lines("train", n, seed) for n in NAMES_SIZES}
    if kind == "linear":
        return made | {"counts": {f"linear, {n}": packed(by_linear(rows)) for n, rows in chinese.items()}}
    model, tokenizer = models.load(MODEL, "token-classification", num_labels=len(TAGS))
    reader, found = one_by_one(tokenizer), {}
    if kind != "Chinese alone":
        english, watched = sentences("train", NAMES_ENGLISH, seed), sentences("validation", NAMES_WATCHED, 0)
        fine_tune(model, tokenizer, english, english, replace(NAMES, lr=lr), seed)
        of_english = by_kind(watched, tagged(model, tokenizer, watched))
        made["watched"] = round(float(f1(of_english[:, 0].sum(0))), 6)
    if kind == "trial":
        return made
    asked = lines("test", NAMES_ASKED, 0)
    if kind == "English first":
        found["English alone"] = by_kind(asked, tagged(model, reader, asked))
    begun = copy.deepcopy(model.state_dict())
    for n, rows in chinese.items():
        model.load_state_dict(begun)
        fine_tune(model, reader, rows, rows, replace(NAMES, lr=lr, epochs=NAMES_EPOCHS[n]), seed)
        way = "both" if kind == "English first" else kind
        found[f"{way}, {n}"] = by_kind(asked, tagged(model, reader, asked))
    return made | {"counts": {name: packed(x) for name, x in found.items()}}


def one_by_one(tokenizer: Any) -> Any:
    """The same tokenizer, which reads a word that goes on with a text: a Chinese character is one piece, not two.

    As it comes, it puts a space before every word that it is given, and the space is a piece by itself.
    """
    reader = copy.deepcopy(tokenizer)
    reader.backend_tokenizer.pre_tokenizer = Metaspace(prepend_scheme="never")
    return reader


# --- texts ------------------------------------------------------------------------------------------------------------


def sentences(split: str, n: int, seed: int) -> Dataset:
    """English sentences with the three kinds of name that Chinese lines have; what is miscellaneous counts as none."""
    rows = data.load("conll2003")[split].shuffle(seed=seed).select(range(n))
    number, names = {tag: k for k, tag in enumerate(TAGS)}, tag_names(rows)
    of = [[number.get(names[k], number["O"]) for k in tags] for tags in rows["ner_tags"]]
    features = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=TAGS))})
    return Dataset.from_dict({"tokens": rows["tokens"][:], "ner_tags": of}, features=features)


def lines(split: str, n: int, seed: int) -> Dataset:
    """Chinese lines as characters, the beginning of each; smaller draws lie inside larger ones of the same seed."""
    rows = _paper()[split].shuffle(seed=seed).select(range(n))
    return rows.map(lambda row: {name: row[name][:CHARACTERS] for name in ("tokens", "ner_tags")})


@cache
def _paper() -> Any:
    return blocks.load()


# --- answers ----------------------------------------------------------------------------------------------------------


def tagged(model: Any, tokenizer: Any, rows: Dataset) -> Tags:
    """The tags that a model gives some rows, legal ones."""
    z = predict(model, tokenizer, rows["tokens"][:], NAMES.max_length)
    return decode_constrained(z, TAGS, list(map(len, rows["tokens"])))


def by_linear(rows: Dataset) -> Counts:
    """What a linear tagger of characters finds that learns from these lines."""
    chosen, asked = lines("validation", NAMES_CHOSEN, 0), lines("test", NAMES_ASKED, 0)
    tagger = LinearTagger(character_features)
    tagger.fit(rows["tokens"][:], gold_tags(rows), (chosen["tokens"][:], gold_tags(chosen)))
    return by_kind(asked, tagger.tag(asked["tokens"][:]))


def by_kind(rows: Dataset, found: Tags) -> Counts:
    """Names right, found and true of each row, of all kinds and of each: (N, 4, 3)."""
    true = gold_tags(rows)
    return np.stack([counts(true, found, None if kind == "all" else kind) for kind in KINDS], axis=1)


def packed(found: Counts) -> str:
    """Counts as a short text: a byte each, compressed, in base 85."""
    return b85encode(zlib.compress(found.astype(np.uint8).tobytes(), 9)).decode()


def unpacked(text: str) -> Counts:
    """What was `packed`: (N, 4, 3)."""
    return np.frombuffer(zlib.decompress(b85decode(text)), np.uint8).reshape(-1, len(KINDS), 3).astype(np.int64)


# --- the plan ---------------------------------------------------------------------------------------------------------


def chosen_rate(done: Sequence[Run]) -> float | None:
    """The rate that was best on English validation sentences, of equal ones the lower; None until all were tried."""
    tried = {r["lr"]: r["watched"] for r in done if r["kind"] == "trial"}
    return min(NAMES_RATES, key=lambda lr: (-tried[lr], lr)) if set(NAMES_RATES) <= set(tried) else None


def plan(done: Sequence[Run] = ()) -> list[tuple[str, float, int]]:
    """Every run, `(kind, rate, seed)`."""
    made = [("linear", 0.0, s) for s in range(SEEDS)] + [("trial", lr, TRIAL_SEED) for lr in NAMES_RATES]
    best = chosen_rate(done)
    if best is not None:
        made += [(kind, best, s) for s in range(SEEDS) for kind in ("English first", "Chinese alone")]
    return made


def depends(kind: str, lr: float, seed: int) -> dict[str, Any]:
    """A run is that of its recipe and sizes, and of the digests of weights and texts."""
    sizes = [CHARACTERS, NAMES_ENGLISH, NAMES_WATCHED, NAMES_CHOSEN, NAMES_ASKED, list(NAMES_SIZES)]
    return {"recipe": NAMES, "sizes": [*sizes, list(NAMES_EPOCHS.values()), blocks.LINES]} | _digests()


@cache
def _digests() -> dict[str, Any]:
    paper = data.fingerprint(_paper())
    return {"weights": models.weights_digest(MODEL), "data": data_digests("conll2003") | {"peoples-daily": paper}}


EXPERIMENT = Experiment(
    "names-across", plan, run, depends, about="English names, Chinese names; an hour with 2 workers"
)
