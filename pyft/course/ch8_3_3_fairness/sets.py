"""StereoSet, CrowS-Pairs and pairs of names as lists of questions to a model of hidden words."""

from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import BertForPreTraining

from pyft import data, models
from pyft.course.ch8_3_3_fairness import naming
from pyft.course.ch8_3_3_fairness.recipes import NEUTRAL, WORDS
from pyft.course.ch8_3_3_fairness.scores import (
    Floats,
    Question,
    filled,
    mean_probability,
    preferred,
    scores,
    shared,
    whole,
)

KINDS = ("stereotype", "anti_stereotype", "unrelated")
ENDS = " .!?,\"'"  # which are written now in the context, now in the filled sentence alone


@cache
def rows(name: str) -> list[dict[str, Any]]:
    """The rows of a set that is for tests alone."""
    return list(data.load(name)["test"])


def fill(context: str, sentence: str) -> tuple[str, str, str] | None:
    """What stands before the hole, in it, and behind it, in lower case; None where a sentence is not its context."""
    before, _, after = context.lower().strip(ENDS).partition("blank")
    sentence = sentence.lower().strip(ENDS)
    if not (sentence.startswith(before) and sentence.endswith(after) and len(sentence) > len(before) + len(after)):
        return None
    return before, sentence[len(before) : len(sentence) - len(after)], after


def stereoset() -> list[dict[str, tuple[str, str, str]]]:
    """Sentences with one hole and the words for it, by kind. (A few contexts have two holes; they are left out.)"""
    found = []
    for row in rows("stereoset"):
        if row["kind"] == "intrasentence" and row["text"].count("BLANK") == 1:
            filled_in = {kind: fill(row["text"], row[kind]) for kind in KINDS}
            whole_rows = {kind: parts for kind, parts in filled_in.items() if parts}
            if len(whole_rows) == len(KINDS):
                found.append(whole_rows)
    return found


def crows_pairs() -> list[tuple[str, str]]:
    """Both texts of each pair."""
    return [
        (row["text"].replace("[MASK]", row["first"]), row["text"].replace("[MASK]", row["second"]))
        for row in rows("crows-pairs")
    ]


# --- a model's scores -------------------------------------------------------------------------------------------------


def network(name: str, seed: int) -> tuple[Any, Any]:
    """The pretrained model, or one of the same shape with weights drawn at random; and the tokenizer."""
    model, tokenizer = models.load(WORDS, "pretraining")
    if name == "random":
        torch.manual_seed(seed)
        model = BertForPreTraining(model.config)
    return model.eval(), tokenizer


def encoded(tokenizer: Any, text: str) -> list[int]:
    """Token ids with the special ones at both ends."""
    ids: list[int] = tokenizer(text, truncation=True, max_length=128)["input_ids"]
    return ids


def hole(tokenizer: Any, before: str, word: str, after: str) -> list[Question]:
    """StereoSet's questions for one word in one sentence."""
    one, two, three = (
        tokenizer(text, add_special_tokens=False)["input_ids"] if text.strip() else [] for text in (before, word, after)
    )
    first, last = tokenizer.cls_token_id, tokenizer.sep_token_id
    return filled([first, *one], two, [*three, last], tokenizer.mask_token_id)


def score_stereoset(model: Any, tokenizer: Any) -> dict[str, Floats]:
    """StereoSet's score of each kind of word, in every sentence: (N,) each."""
    sentences = stereoset()
    return {
        kind: scores(
            model, tokenizer.pad_token_id, [hole(tokenizer, *one[kind]) for one in sentences], mean_probability
        )
        for kind in KINDS
    }


def score_pairs(model: Any, tokenizer: Any, pairs: list[tuple[str, str]]) -> Floats:
    """CrowS-Pairs' score of the first text less that of the second: (N,)."""
    asked = [shared(encoded(tokenizer, a), encoded(tokenizer, b), tokenizer.mask_token_id) for a, b in pairs]
    one, other = (scores(model, tokenizer.pad_token_id, [both[side] for both in asked]) for side in (0, 1))
    return one - other


def score_names(model: Any, tokenizer: Any, split: bool) -> dict[str, Floats]:
    """Of each pair of names of one group, frequent less rare, by three scores; the mean over neutral sentences."""
    names = naming.by_frequency(tokenizer.get_vocab(), split)
    pad, mask = tokenizer.pad_token_id, tokenizer.mask_token_id
    found: dict[str, list[Floats]] = {"all tokens": [], "shared tokens": [], "the word": []}
    for sentence in NEUTRAL:
        before, _, after = sentence.partition("{name}")
        texts = [(sentence.format(name=frequent), sentence.format(name=rare)) for frequent, rare in names]
        found["shared tokens"].append(score_pairs(model, tokenizer, texts))
        sides = [
            (
                scores(model, pad, [whole(encoded(tokenizer, text[side]), mask) for text in texts]),
                scores(model, pad, [hole(tokenizer, before, pair[side], after) for pair in names], mean_probability),
            )
            for side in (0, 1)
        ]
        found["all tokens"].append(sides[0][0] - sides[1][0])
        found["the word"].append(sides[0][1] - sides[1][1])
    return {name: np.mean(some, axis=0) for name, some in found.items()}


# --- without a model --------------------------------------------------------------------------------------------------


def pieces(tokenizer: Any, words: list[str]) -> list[list[int]]:
    """The token ids of each word, without special ones."""
    ids: list[list[int]] = tokenizer(words, add_special_tokens=False)["input_ids"]
    return ids


def words_of_sets() -> dict[str, tuple[list[str], list[str]]]:
    """By set both words of each pair: the stereotype and its opposite, or the first and the second."""
    holes, pairs = stereoset(), rows("crows-pairs")
    return {
        "StereoSet": ([one["stereotype"][1] for one in holes], [one["anti_stereotype"][1] for one in holes]),
        "CrowS-Pairs": ([row["first"] for row in pairs], [row["second"] for row in pairs]),
    }


def rules(tokenizer: Any) -> dict[str, dict[str, float]]:
    """What two rules that know no model would score on each set, in shares; a tie is half.

    One prefers the word of fewer pieces. The other prefers the more frequent: that which stands earlier in the
    vocabulary, which is sorted so, roughly; a word in pieces counts as rarer than any in one.
    """

    def frequency(ids: list[int]) -> float:
        return -float(ids[0] if len(ids) == 1 else tokenizer.vocab_size * len(ids))

    found: dict[str, dict[str, float]] = {"fewer pieces": {}, "more frequent": {}}
    for name, both in words_of_sets().items():
        one, other = (pieces(tokenizer, words) for words in both)
        for rule, of in (("fewer pieces", lambda ids: -float(len(ids))), ("more frequent", frequency)):
            found[rule][name] = preferred(np.array([of(ids) for ids in one]), np.array([of(ids) for ids in other]))
    return found


def more_pieces(tokenizer: Any) -> dict[str, NDArray[np.int64]]:
    """By set, how many pieces the one word of each pair has more than the other: (N,)."""
    found = {}
    for name, both in words_of_sets().items():
        one, other = (np.array([len(ids) for ids in pieces(tokenizer, words)]) for words in both)
        found[name] = one - other
    return found
