"""Names in Chinese news, from English labels and from Chinese ones: `pyft bench names-across`.

English sentences of CoNLL-2003 and Chinese lines of the People's Daily carry the same three kinds of name. The
encoder stays as it is; linear heads learn from its states, each language centred by its own. Which layer and which
penalty is chosen on English alone, and seed s draws the same lines for all ways. A linear tagger learns from the same
Chinese lines; its penalty is chosen on further ones, which the encoder does not have.
"""

import copy
import zlib
from base64 import b85decode, b85encode
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from datasets import ClassLabel, Dataset, Features, List, Value
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from tokenizers.pre_tokenizers import Metaspace
from torch import Tensor

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch6_3_1_persons import blocks
from pyft.course.ch8_2_2_across_languages.recipes import (
    CHARACTERS,
    DEPTHS,
    MODEL,
    NAMES_ASKED,
    NAMES_CHOSEN,
    NAMES_ENGLISH,
    NAMES_LENGTH,
    NAMES_SIZES,
    NAMES_WATCHED,
    SEEDS,
    STRENGTHS,
    TRIAL_SEED,
)
from pyft.data.peoples_daily import TAGS
from pyft.evaluation.decoding import decode_constrained
from pyft.evaluation.ner import Tags, counts, f1, gold_tags, tag_names
from pyft.evaluation.taggers import LinearTagger, character_features
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import set_seed
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


def run(kind: str, depth: int, seed: int) -> dict[str, Any]:
    """The names right, found and true in each Chinese test line, for each head that learns from the states of a layer.

    `kind`: "trial" is asked about English validation sentences alone; "frozen" learns from English, from Chinese and
    from both; "linear" is the tagger that was not pretrained.
    """
    set_seed(seed)
    made: dict[str, Any] = {"kind": kind, "depth": depth, "seed": seed, "lines": NAMES_ASKED}
    chinese = {n: lines("train", n, seed) for n in NAMES_SIZES}
    if kind == "linear":
        return made | {"counts": {f"linear, {n}": packed(by_linear(rows)) for n, rows in chinese.items()}}
    english, watched, asked = sentences("train", NAMES_ENGLISH, seed), *_fixed()
    E, V = states(depth, english), states(depth, watched)
    C, A = (states(depth, rows, chinese=True) for rows in (chinese[max(NAMES_SIZES)], asked))
    e, c, scale = torch.cat(E).nanmean(0), torch.cat(C).nanmean(0), np.nanstd(torch.cat(E).numpy())
    E, V, C, A = ([(h - mean) / scale for h in H] for H, mean in ((E, e), (V, e), (C, c), (A, c)))
    learnt = stacked(E, english)
    heads = [head(strength, learnt) for strength in STRENGTHS]
    scores = [float(f1(by_kind(watched, tagged(one, V, watched))[:, 0].sum(0))) for one in heads]
    best = heads[int(np.argmax(scores))]
    made["watched"] = round(max(scores), 6)
    if kind == "trial":
        return made
    found = {"English alone": best}
    for n, rows in chinese.items():  # smaller draws lie inside larger ones
        few = stacked(C[:n], rows)
        found |= {f"Chinese alone, {n}": head(best.C, few), f"both, {n}": head(best.C, learnt, few)}
    return made | {"counts": {name: packed(by_kind(asked, tagged(one, A, asked))) for name, one in found.items()}}


def states(depth: int, rows: Dataset, chinese: bool = False) -> list[Tensor]:
    """The hidden states of each row's words after `depth` layers, those of their first pieces: (words, d) each."""
    model, tokenizer = _encoder(depth)
    tokens = one_by_one(tokenizer) if chinese else tokenizer
    found: list[Tensor] = predict(model, tokens, rows["tokens"][:], NAMES_LENGTH, fast=())
    return found


@cache
def _encoder(depth: int) -> tuple[Any, Any]:
    """The encoder up to a layer, and nothing on top: what it gives as logits are its states."""
    model, tokenizer = models.load(MODEL, "token-classification", num_labels=len(TAGS))
    model.base_model.encoder.layer = model.base_model.encoder.layer[:depth]
    model.classifier = torch.nn.Identity()
    return model, tokenizer


@cache
def _fixed() -> tuple[Dataset, Dataset]:
    return sentences("validation", NAMES_WATCHED, 0), lines("test", NAMES_ASKED, 0)


def stacked(H: Sequence[Tensor], rows: Dataset) -> tuple[NDArray[Any], NDArray[Any]]:
    """What a head learns from: the states of all words that were read, (M, d), and the numbers of their tags, (M)."""
    X = torch.cat(list(H))
    y = torch.tensor([k for h, tags in zip(H, rows["ner_tags"], strict=True) for k in tags[: len(h)]])
    read = ~X.isnan().any(-1)  # the others the tokenizer dropped
    return X[read].numpy(), y[read].numpy()


def head(strength: float, *learnt: tuple[NDArray[Any], NDArray[Any]]) -> LogisticRegression:
    """A linear layer on states that do not move, from one language or from two."""
    X, y = (np.concatenate(parts) for parts in zip(*learnt, strict=True))
    return LogisticRegression(C=strength, max_iter=500).fit(X, y)


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


def tagged(one: LogisticRegression, H: Sequence[Tensor], rows: Dataset) -> Tags:
    """The tags that a head gives the words with these states, legal ones."""
    return decode_constrained([scores_of(one, h) for h in H], TAGS, list(map(len, rows["tokens"])))


def scores_of(one: LogisticRegression, h: Tensor) -> Tensor:
    """Log-probabilities of the tags, h (words, d) -> (words, K); a tag that the head never saw is impossible."""
    z = torch.full((len(h), len(TAGS)), -torch.inf)
    if len(h):
        z[:, one.classes_] = torch.from_numpy(one.predict_log_proba(h.nan_to_num().numpy())).float()
    z[h.isnan().any(-1)] = torch.nan
    return z


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


def chosen_depth(done: Sequence[Run]) -> int | None:
    """The depth that was best on English validation sentences, of equal ones the lower; None until all were tried."""
    tried = {r["depth"]: r["watched"] for r in done if r["kind"] == "trial"}
    return min(DEPTHS, key=lambda depth: (-tried[depth], depth)) if set(DEPTHS) <= set(tried) else None


def plan(done: Sequence[Run] = ()) -> list[tuple[str, int, int]]:
    """Every run, `(kind, depth, seed)`."""
    made = [("linear", 0, s) for s in range(SEEDS)] + [("trial", depth, TRIAL_SEED) for depth in DEPTHS]
    best = chosen_depth(done)
    return made + ([("frozen", best, s) for s in range(SEEDS)] if best is not None else [])


def depends(kind: str, depth: int, seed: int) -> dict[str, Any]:
    """A run is that of its sizes, and of the digests of weights and texts."""
    sizes = [CHARACTERS, NAMES_ENGLISH, NAMES_WATCHED, NAMES_CHOSEN, NAMES_ASKED, NAMES_LENGTH, blocks.LINES]
    return {"sizes": sizes, "lines": list(NAMES_SIZES), "strengths": list(STRENGTHS)} | _digests()


@cache
def _digests() -> dict[str, Any]:
    paper = data.fingerprint(_paper())
    return {"weights": models.weights_digest(MODEL), "data": data_digests("conll2003") | {"peoples-daily": paper}}


EXPERIMENT = Experiment(
    "names-across", plan, run, depends, about="English names, Chinese names; a quarter of an hour with 2 workers"
)
