"""Named entities: what a sentence's neighbours add, what legal tags cost, and a paired test of F1.

The runs of `pyft bench ner` are kept in `book/results/bench/ner.json`, with every tag that they gave.
"""

import lzma
import time
from base64 import b85decode, b85encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise
from typing import Any

from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft import data, models
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch6_3_named_entities.document_context import add_context, own_words_loss
from pyft.data.fetch import files
from pyft.errors import PyftError
from pyft.evaluation.decoding import decode_constrained, decode_greedy, is_legal
from pyft.evaluation.ner import Tags, gold_tags, score, tag_names
from pyft.evaluation.verdicts import Family
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.profiles import Recipe


def official_split(split: str) -> tuple[Tags, Tags]:
    """Words and tags of a file of the shared task, `train`, `valid` or `test`, with nothing left out."""
    sentences: list[list[list[str]]] = [[]]
    for line in files("conll2003")[f"{split}.txt"].read_text(encoding="utf8").split("\n"):
        if not line.strip() or line.startswith("-DOCSTART-"):
            sentences.append([])
        else:
            sentences[-1].append(line.split(" "))
    kept = [rows for rows in sentences if rows]
    return [[row[0] for row in rows] for rows in kept], [[row[-1] for row in rows] for rows in kept]


MODELS, SEEDS = ("bert", "roberta", "xlnet"), 5
NEIGHBOURS = 20  # words of context, before and after


@dataclass(frozen=True)
class Setup:
    """What one run learns from."""

    rows: int | None  # sentences; None: all
    recipe: Recipe
    context: int = 0  # words of the document on each side


_PART = Recipe(epochs=2, batch_size=32, lr=2e-4, evaluations=0)
SETUPS = {
    "sentence": Setup(4000, _PART),  # as `pyft bench models`, whose runs keep no tags
    "context": Setup(4000, Recipe(epochs=2, batch_size=32, lr=2e-4, evaluations=0, max_length=256), NEIGHBOURS),
    "all": Setup(None, Recipe(epochs=3, batch_size=32, lr=2e-4, evaluations=0)),
}

# What is compared, declared before any run is read; each page corrects its families for the number of their members.
RIVALS = Family("architectures on entities", tuple(("bert", name, setup) for name in MODELS[1:] for setup in SETUPS))
DECODING = Family("decoding with the law of IOB2", tuple(SETUPS))
CONTEXT = Family("the rest of the document", (("context", "sentence"),))
ONCE = Family(  # the page's own runs, which its records keep
    "BERT after one epoch against linear taggers", (("BERT", "linear"), ("BERT", "linear, lower case"))
)
BY_KIND = Family(  # BERT on sentences, against taggers that learnt from the same ones
    "BERT against linear taggers, by kind",
    tuple((kind, rival) for kind in ("PER", "LOC", "ORG", "MISC") for rival in ("linear", "linear, lower case")),
)
NEW_PERSONS = Family(
    "persons that stand nowhere in training",
    (("BERT", "linear"), ("BERT", "linear, lower case"), ("BERT, context", "BERT")),
)
CITIES = Family(
    "names of places, where they are places and where they are teams",
    tuple((what, *pair) for what in ("LOC", "ORG") for pair in (("BERT", "linear"), ("BERT, context", "BERT"))),
)
LONG_NAMES = Family("organisations by the length of their names", ("one word", "two words", "three words or more"))
CHINESE = Family("the linear tagger against the list, in Chinese", ("all", "PER", "LOC", "ORG"))
LONG_LIST = Family("the list of all lines against lists of some, in Chinese", ("all", "PER", "LOC", "ORG"))


def run(name: str, setup: str, seed: int) -> dict[str, Any]:
    """Fine-tune one model on CoNLL-2003 and tag the test split: its F1 by both decodings, and the tags themselves."""
    splits, chosen = data.load("conll2003"), SETUPS[setup]
    tag, true = tag_names(splits["train"]), gold_tags(splits["test"])
    set_seed(seed)
    model, tokenizer = models.load(name, "token-classification", num_labels=len(tag))
    digest, start = models.digest(model.base_model), time.process_time()
    train = splits["train"]
    if chosen.context:
        train, _ = add_context(train, chosen.context, tokenizer.sep_token)
    train = train.shuffle(seed=seed).select(range(chosen.rows or len(train)))
    objective = partial(own_words_loss, separator=tokenizer.sep_token_id) if chosen.context else None
    fine_tune(model, tokenizer, train, splits["validation"], chosen.recipe, seed, objective=objective)
    seconds = time.process_time() - start
    z = logits(model, tokenizer, splits["test"], chosen)
    free, best = (decode(z, tag, list(map(len, true))) for decode in (decode_greedy, decode_constrained))
    return {
        "model": name,
        "setup": setup,
        "seed": seed,
        "greedy": round(score(true, free).f1, 6),
        "constrained": round(score(true, best).f1, 6),
        "illegal": sum(not is_legal(tags) for tags in free),
        "seconds": round(seconds, 1),
        "digest": digest,
        "tags": pack_tags(free + best, tag),
    }


def logits(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, rows: Any, setup: Setup) -> list[Tensor]:
    """Scores of the words of each sentence, read as the setup has it: a tensor (words, K) each."""
    if not setup.context:
        return list(predict(model, tokenizer, rows["tokens"], setup.recipe.max_length))
    read, begins = add_context(rows, setup.context, tokenizer.sep_token)
    z = predict(model, tokenizer, read["tokens"], setup.recipe.max_length)
    return [x[b : b + len(words)] for x, b, words in zip(z, begins, rows["tokens"], strict=True)]


def pack_tags(tags: Tags, name: Sequence[str]) -> str:
    """Tags of some sentences as a short text: a byte each, compressed, in base 85."""
    number = {tag: k for k, tag in enumerate(name)}
    return b85encode(lzma.compress(bytes(number[t] for row in tags for t in row), preset=1)).decode()


def unpack_tags(text: str, name: Sequence[str], lengths: Sequence[int]) -> Tags:
    """What was `squeezed`, sentence by sentence."""
    flat = [name[k] for k in lzma.decompress(b85decode(text))]
    return [flat[a:b] for a, b in pairwise([0, *accumulate(lengths)])]


def stored_tags(
    found: dict[str, Any], test: Any, setup: str, decoding: str = "greedy", model: str = "bert"
) -> list[Tags]:
    """The tags that a model's stored runs of a setup gave, by seed. Raises `PyftError` if there is none."""
    some = [r for r in found["runs"] if (r["setup"], r["model"]) == (setup, model)]
    if not some:
        raise PyftError(f"no stored run of setup {setup!r} with model {model!r}. Measure it: pyft bench ner")
    runs = sorted(some, key=lambda r: r["seed"])
    lengths = list(map(len, test["tokens"]))
    both = [unpack_tags(run["tags"], tag_names(test), lengths * 2) for run in runs]
    return [tags[: len(lengths)] if decoding == "greedy" else tags[len(lengths) :] for tags in both]


def plan(_: Sequence[Run] = ()) -> list[tuple[str, str, int]]:
    """Every run, `(model, setup, seed)`, seed by seed."""
    return [(name, setup, seed) for seed in range(SEEDS) for name in MODELS for setup in SETUPS]


def depends(name: str, setup: str, seed: int) -> dict[str, Any]:
    """A run is that of its setup, of its model's weights and of the corpus."""
    return {"setup": SETUPS[setup], "weights": models.weights_digest(name), "data": data_digests("conll2003")}


EXPERIMENT = Experiment(
    "ner", plan, run, depends, about="entities with and without the rest of the document; two hours"
)
