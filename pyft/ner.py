"""Named entities: what a sentence's neighbours add, what obeying IOB2 costs, and a paired test of F1.

The runs of `pyft bench ner` are kept in `book/results/bench/ner.json`, with every tag that they gave.
"""

import lzma
import time
from base64 import b85decode, b85encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from datasets import Dataset, Features
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from pyft import data, models, stored
from pyft.errors import PyftError
from pyft.fetch import files
from pyft.finetune import fine_tune, predict, set_seed, task_loss
from pyft.objectives import IGNORED
from pyft.profiles import Recipe
from pyft.tags import Span, allowed, follows, named, score, spans, viterbi

Tags = list[list[str]]  # of some sentences
Counts = NDArray[np.int64]  # (N, 3): entities right, found and true of each sentence


def names(rows: Any) -> list[str]:
    """The names of the tags, by number."""
    return list(rows.features["ner_tags"].feature.names)


def gold(rows: Any) -> Tags:
    """The tags of each sentence by name, as people gave them."""
    name = names(rows)
    return [[name[t] for t in tags] for tags in rows["ner_tags"]]


def official(split: str) -> tuple[Tags, Tags]:
    """Words and tags of a file of the shared task, `train`, `valid` or `test`, with nothing left out."""
    sentences: list[list[list[str]]] = [[]]
    for line in files("conll2003")[f"{split}.txt"].read_text(encoding="utf8").split("\n"):
        if not line.strip() or line.startswith("-DOCSTART-"):
            sentences.append([])
        else:
            sentences[-1].append(line.split(" "))
    kept = [rows for rows in sentences if rows]
    return [[row[0] for row in rows] for rows in kept], [[row[-1] for row in rows] for rows in kept]


# --- decoding ---------------------------------------------------------------------------------------------------------


def greedy(z: Sequence[Tensor], name: Sequence[str], lengths: Sequence[int]) -> Tags:
    """Each word's tag of the highest score; z: a tensor (words, K) a sentence. Words that were cut off have `O`."""
    return [named(scores.argmax(-1), name, n) for scores, n in zip(z, lengths, strict=True)]


def constrained(z: Sequence[Tensor], name: Sequence[str], lengths: Sequence[int]) -> Tags:
    """The most probable tags that obey IOB2; a sentence whose best tags obey it by themselves keeps them."""
    A, first = allowed(name)
    free = greedy(z, name, lengths)
    return [
        tags if legal(tags) else named(viterbi(scores.log_softmax(-1), A, first), name, len(tags))
        for scores, tags in zip(z, free, strict=True)
    ]


def legal(tags: Sequence[str]) -> bool:
    """Whether the tags of a sentence obey IOB2."""
    return all(follows(tag, before) for before, tag in pairwise(["O", *tags]))


# --- the neighbours of a sentence -------------------------------------------------------------------------------------


def in_context(rows: Any, words: int, separator: str) -> tuple[Any, list[int]]:
    """Each sentence between `words` words of what stands before and after it in its document, as one row.

    A separator ends what is before and begins what is after, so that `own_words` knows the sentence; where it begins,
    in words, is returned too. Words of the context are tagged `O`, and `own_words` sees to it that nobody learns that.
    """
    tokens, documents, tags = list(rows["tokens"]), rows["document"], list(rows["ner_tags"])
    made: list[dict[str, Any]] = []
    for i, document in enumerate(documents):
        before: list[str] = []
        for j in range(i - 1, -1, -1):
            if documents[j] != document or len(before) >= words:
                break
            before = tokens[j] + before
        after: list[str] = []
        for j in range(i + 1, len(tokens)):
            if documents[j] != document or len(after) >= words:
                break
            after = after + tokens[j]
        left, right = [*before[max(0, len(before) - words) :], separator], [separator, *after[:words]]
        made.append(
            {
                "tokens": [*left, *tokens[i], *right],
                "ner_tags": [0] * len(left) + tags[i] + [0] * len(right),
                "begins": len(left),
            }
        )
    features = Features({name: rows.features[name] for name in ("tokens", "ner_tags")})
    read = Dataset.from_list([{name: row[name] for name in features} for row in made], features=features)
    return read, [row["begins"] for row in made]


def own_words(model: Any, x: dict[str, Tensor], separator: int) -> Tensor:
    """The loss of a sentence in its context: of words between the first separator and the second alone."""
    ends = x["input_ids"] == separator  # (B, T)
    own = (ends.cumsum(1) == 1) & ~ends
    return task_loss(model, x | {"labels": x["labels"].masked_fill(~own, IGNORED)})


# --- a paired test of F1 ----------------------------------------------------------------------------------------------


def counts(true: Tags, found: Tags, kind: str | None = None) -> Counts:
    """Entities right, found and true in each sentence: (N, 3)"""
    return np.array([score([y], [z], kind) for y, z in zip(true, found, strict=True)]).reshape(-1, 3)


def f1(sums: ArrayLike) -> NDArray[np.float64]:
    """F1 of entities right, found and true, (..., 3) -> (...); 0 where there is none to find and none was found."""
    right, found, true = np.moveaxis(np.asarray(sums, dtype=float), -1, 0)
    return np.asarray(2 * right / np.maximum(found + true, 1))


class Difference(NamedTuple):
    """F1 of one model less that of another, with its interval at 95 % over documents."""

    value: float
    low: float
    high: float

    def verdict(self) -> str:
        """The word that a page may use."""
        if self.low <= 0 <= self.high:
            return "no difference shown"
        return "better" if self.low > 0 else "worse"


def compare_f1(a: Counts, b: Counts, groups: Sequence[int], samples: int = 2000, seed: int = 0) -> Difference:
    """Paired bootstrap of F1: documents are drawn with replacement, and both models are scored on the same draw.

    F1 is no mean over sentences, so McNemar's test does not apply. Sentences of a document are not independent, the
    same names recur in them: `groups` says which document each is from, and whole documents are drawn.
    Efron & Tibshirani 1993, chapter 13 (percentile interval); Koehn 2004 (paired).
    """
    if not len(a) == len(b) == len(groups):
        raise PyftError(
            f"expected the same sentences twice and a group for each, found {len(a)}, {len(b)}, {len(groups)}"
        )
    _, of = np.unique(groups, return_inverse=True)
    G = int(of.max()) + 1
    by_group = np.zeros((G, 2, 3))
    np.add.at(by_group, of, np.stack([a, b], 1))
    times = np.random.default_rng(seed).multinomial(G, np.full(G, 1 / G), samples)  # (samples, G) how often drawn
    drawn = np.diff(f1(np.einsum("sg,gmc->smc", times, by_group))[:, ::-1]).ravel()  # (samples) of a less of b
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Difference(float(f1(a.sum(0)) - f1(b.sum(0))), float(low), float(high))


# --- kinds of error ---------------------------------------------------------------------------------------------------


class Mistake(NamedTuple):
    """One error: what stands there, what was found; either may be lacking."""

    what: str
    true: Span | None
    found: Span | None


def mistakes(true: Sequence[str], found: Sequence[str]) -> list[Mistake]:
    """The errors of one sentence, by kind.

    kind       both ends right, the kind wrong
    boundary   the kind right, the words overlap, an end wrong
    both       the words overlap, kind and an end wrong
    missed     no entity was found at any of its words
    invented   no entity stands at any of its words
    """
    y, z = spans(true), spans(found)
    left, extra = [s for s in y if s not in z], [s for s in z if s not in y]
    made: list[Mistake] = []
    for s in left:
        near = [t for t in extra if t.start < s.end and s.start < t.end]
        if not near:
            made.append(Mistake("missed", s, None))
            continue
        t = max(near, key=lambda t: (t[1:] == s[1:], t.kind == s.kind, -t.start))
        what = "kind" if t[1:] == s[1:] else "boundary" if t.kind == s.kind else "both"
        made.append(Mistake(what, s, t))
    invented = [t for t in extra if not any(t.start < s.end and s.start < t.end for s in left)]
    return made + [Mistake("invented", None, t) for t in invented]


def seen(rows: Any) -> set[tuple[str, str]]:
    """Every entity of a training split: its words, case folded, and its kind."""
    return {
        (" ".join(words[s.start : s.end]).casefold(), s.kind)
        for words, tags in zip(rows["tokens"], gold(rows), strict=True)
        for s in spans(tags)
    }


# --- the runs ---------------------------------------------------------------------------------------------------------

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


def run(name: str, setup: str, seed: int) -> dict[str, Any]:
    """Fine-tune one model on CoNLL-2003 and tag the test split: its F1 by both decodings, and the tags themselves."""
    splits, chosen = data.load("conll2003"), SETUPS[setup]
    tag, true = names(splits["train"]), gold(splits["test"])
    set_seed(seed)
    model, tokenizer = models.load(name, "token-classification", num_labels=len(tag))
    digest, start = models.digest(model.base_model), time.process_time()
    train = splits["train"]
    if chosen.context:
        train, _ = in_context(train, chosen.context, tokenizer.sep_token)
    train = train.shuffle(seed=seed).select(range(chosen.rows or len(train)))
    objective = partial(own_words, separator=tokenizer.sep_token_id) if chosen.context else None
    fine_tune(model, tokenizer, train, splits["validation"], chosen.recipe, seed, objective=objective)
    seconds = time.process_time() - start
    z = logits(model, tokenizer, splits["test"], chosen)
    free, best = (decode(z, tag, list(map(len, true))) for decode in (greedy, constrained))
    return {
        "model": name,
        "setup": setup,
        "seed": seed,
        "greedy": round(score(true, free).f1, 6),
        "constrained": round(score(true, best).f1, 6),
        "illegal": sum(not legal(tags) for tags in free),
        "seconds": round(seconds, 1),
        "digest": digest,
        "tags": squeezed(free + best, tag),
    }


def logits(model: Any, tokenizer: Any, rows: Any, setup: Setup) -> list[Tensor]:
    """Scores of the words of each sentence, read as the setup has it: a tensor (words, K) each."""
    if not setup.context:
        return list(predict(model, tokenizer, rows["tokens"], setup.recipe.max_length))
    read, begins = in_context(rows, setup.context, tokenizer.sep_token)
    z = predict(model, tokenizer, read["tokens"], setup.recipe.max_length)
    return [x[b : b + len(words)] for x, b, words in zip(z, begins, rows["tokens"], strict=True)]


def squeezed(tags: Tags, name: Sequence[str]) -> str:
    """Tags of some sentences as a short text: a byte each, compressed, in base 85."""
    number = {tag: k for k, tag in enumerate(name)}
    return b85encode(lzma.compress(bytes(number[t] for row in tags for t in row), preset=1)).decode()


def unsqueezed(text: str, name: Sequence[str], lengths: Sequence[int]) -> Tags:
    """What was `squeezed`, sentence by sentence."""
    flat = [name[k] for k in lzma.decompress(b85decode(text))]
    return [flat[a:b] for a, b in pairwise([0, *accumulate(lengths)])]


def tagged(found: dict[str, Any], test: Any, setup: str, decoding: str = "greedy", model: str = "bert") -> list[Tags]:
    """The tags that a model's stored runs of a setup gave, by seed. Raises `PyftError` if there is none."""
    some = [r for r in found["runs"] if (r["setup"], r["model"]) == (setup, model)]
    if not some:
        raise PyftError(f"no stored run of setup {setup!r} with model {model!r}. Measure it: pyft bench ner")
    runs = sorted(some, key=lambda r: r["seed"])
    lengths = list(map(len, test["tokens"]))
    both = [unsqueezed(run["tags"], names(test), lengths * 2) for run in runs]
    return [tags[: len(lengths)] if decoding == "greedy" else tags[len(lengths) :] for tags in both]


def plan() -> list[tuple[str, str, int]]:
    """Every run, `(model, setup, seed)`, seed by seed."""
    return [(name, setup, seed) for seed in range(SEEDS) for name in MODELS for setup in SETUPS]


def depends(name: str, setup: str, seed: int) -> str:
    """A run is that of its setup, and of its model's weights."""
    return repr(SETUPS[setup]) + models.kept_digest(name)


def measure(out: Path | None = None) -> dict[str, Any]:
    """Every run of the plan (see `pyft.stored`)."""
    return stored.measure("ner", plan(), run, depends, out)
