"""A linear tagger that looks words up in lists of names, against one that does not: `pyft bench name-lists`.

All arms of a seed learn from the same sentences of CoNLL-2003. `leaked` reads the test's names: it is no rival, and
shows what a score looks like that rests on a leak.
"""

import time
from collections.abc import Sequence
from functools import cache
from typing import Any

from pyft import data
from pyft.benchmarks.experiment import Experiment, Run, data_digests
from pyft.course.ch6_3_named_entities.experiment import pack_tags, unpack_tags
from pyft.course.ch8_1_3_knowledge_beside_the_model.lists import Lists, Sentences, features_with, from_groups, lists_of
from pyft.course.ch8_1_3_knowledge_beside_the_model.recipes import AMOUNTS, ARMS, SEEDS
from pyft.data.artefacts import ARTEFACTS
from pyft.data.published import names
from pyft.data.splits import subset
from pyft.evaluation.ner import Tags, gold_tags, score
from pyft.evaluation.taggers import LinearTagger
from pyft.evaluation.verdicts import Family

PERSON = ("O", "B-PER", "I-PER")  # what is kept of the tags that were given

# What is compared, declared before any run is read: recall of persons that stand nowhere in training ("new"), and F1
# of all persons.
KNOWLEDGE = Family(
    "lists of names",
    tuple(
        (amount, *pair)
        for amount in AMOUNTS
        for pair in (
            ("new", "public", "none"),
            ("new", "public", "own"),
            ("new", "own", "none"),
            ("F1", "public", "none"),
        )
    ),
)
LEAKED = Family("what a leak would look like", tuple((amount, "new", "leaked", "public") for amount in AMOUNTS))


@cache
def corpus() -> Any:
    """The splits of CoNLL-2003, loaded once."""
    return data.load("conll2003")


@cache
def public() -> Lists:
    """First and last names of people in the United States, of all groups of the file."""
    return from_groups(names())


def sentences(rows: Any) -> Sentences:
    """Words and tags of each sentence."""
    return list(zip(map(list, rows["tokens"]), gold_tags(rows), strict=True))


def drawn(amount: str, seed: int) -> Any:
    """The training sentences of a seed."""
    return subset(corpus()["train"], AMOUNTS[amount], seed)


def fitted(arm: str, train: Any, test: Any) -> LinearTagger:
    """A tagger that has learnt from some sentences, with the lists of its arm to look words up in."""
    learnt = sentences(train)
    lists = lists_of(arm, public(), learnt, sentences(test))
    words, tags = zip(*learnt, strict=True)
    return LinearTagger(features_with(lists)).fit(words, tags)


def persons_alone(tags: Tags) -> Tags:
    """The tags with every other kind of entity left out."""
    return [[tag if tag in PERSON else "O" for tag in row] for row in tags]


def run(arm: str, amount: str, seed: int) -> dict[str, Any]:
    """Fit one tagger and tag the test split: F1 of persons, and the tags of persons themselves."""
    begun, test = time.process_time(), corpus()["test"]
    tagger = fitted(arm, drawn(amount, seed), test)
    found = persons_alone(tagger.tag(list(test["tokens"])))
    return {
        "arm": arm,
        "amount": amount,
        "seed": seed,
        "f1": round(score(gold_tags(test), found, "PER").f1, 6),
        "tags": pack_tags(found, PERSON),
        "seconds": round(time.process_time() - begun, 1),
    }


def tags_of(run: Run, test: Any) -> Tags:
    """The tags of persons that a stored run gave, sentence by sentence."""
    return unpack_tags(run["tags"], PERSON, list(map(len, test["tokens"])))


def plan(_: Sequence[Run] = ()) -> list[tuple[str, str, int]]:
    """Every run, `(arm, amount, seed)`."""
    return [(arm, amount, seed) for seed in range(SEEDS) for amount in AMOUNTS for arm in ARMS]


def depends(arm: str, amount: str, seed: int) -> dict[str, Any]:
    """A run is that of its corpus and size, and of the lists where they are looked up."""
    listed = {"names": list(ARTEFACTS["person-names"].members.values())} if arm in ("public", "leaked") else {}
    return {"rows": AMOUNTS[amount], "data": data_digests("conll2003")} | listed


EXPERIMENT = Experiment(
    "name-lists", plan, run, depends, threads=1, about="lists of names beside a linear tagger; 15 minutes, 2 workers"
)
