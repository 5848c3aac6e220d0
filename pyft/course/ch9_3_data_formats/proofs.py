"""The proofs of section 9.3: entities in three schemes against seqeval's, and round trips of random sentences."""

import random
from collections.abc import Iterator, Sequence
from types import ModuleType

from seqeval.scheme import IOB1, IOB2, IOBES, Tokens

from pyft.data.iob2 import repair
from pyft.evidence.proofs import Case

KINDS = ("LOC", "ORG", "PER")
SCHEMES = {"iob1": IOB1, "iob2": IOB2, "bioes": IOBES}


def random_tags(seed: int, n: int = 12) -> list[str]:
    """Tags in IOB2 with at least one entity, and many that touch."""
    rng = random.Random(seed)
    names = ["O", *(f"{part}-{kind}" for part in "BI" for kind in KINDS)]
    return repair(["B-PER", *rng.choices(names, k=n - 1)])


def _numbers(entities: Sequence[tuple[str, int, int]]) -> list[list[int]]:
    return [[KINDS.index(kind), start, end] for kind, start, end in entities]  # a proof compares numbers


def schemes(m: ModuleType) -> Iterator[Case]:
    """Of every scheme, seqeval reads the entities that the IOB2 tags spell."""
    for seed in range(50):
        tags = random_tags(seed)
        wanted = _numbers([(e.tag, e.start, e.end) for e in Tokens(tags, IOB2).entities])
        for name, theirs in SCHEMES.items():
            found = Tokens(m.from_iob2(tags, name), theirs).entities
            yield f"{name}, sentence {seed}", _numbers([(e.tag, e.start, e.end) for e in found]), wanted, 0


def offsets(m: ModuleType) -> Iterator[Case]:
    """Tags come back from offsets, whatever stands between the words."""
    for seed in range(50):
        tags, rng = random_tags(seed), random.Random(seed)
        text = "".join(rng.choice(["Ann", "Zoë", "😀", "北京", "-"]) + rng.choice([" ", "  ", "\n"]) for _ in tags)
        where = m.word_offsets(text)
        again = m.to_tags(text, m.to_entities(tags, where), where)
        ours, reference = ([ord(c) for c in " ".join(some)] for some in (again, tags))
        yield f"text {seed}", ours, reference, 0
