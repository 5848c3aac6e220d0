"""Whether a list knows more of the test than it could by chance: its coverage of new names, there and in validation.

A list that was made without the test has no reason to know its names better than those of other texts of the same
kind. One that was copied from it knows them all.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyft.course.ch8_1_3_knowledge_beside_the_model.lists import Lists, covers
from pyft.data.iob2 import spans
from pyft.evaluation.ner import gold_tags
from pyft.evaluation.verdicts import Verdict, compare_influences

Flags = NDArray[np.bool_]


def covered_new(rows: Any, lists: Lists, known: set[tuple[str, str]]) -> tuple[Flags, NDArray[np.int64]]:
    """Of each person that stands nowhere in training: whether the lists know a word of it, and its document: (E,)."""
    found, documents = [], []
    for words, tags, document in zip(rows["tokens"], gold_tags(rows), rows["document"], strict=True):
        for s in spans(tags):
            name = words[s.start : s.end]
            if s.kind == "PER" and (" ".join(name).casefold(), "PER") not in known:
                found.append(covers(lists, name))
                documents.append(document)
    return np.array(found, dtype=bool), np.array(documents)


def compare_shares(a: Flags, b: Flags, of_a: Any, of_b: Any) -> Verdict:
    """The share of a less that of b, two sets of examples; of_a and of_b are their documents.

    Each example adds its distance from its set's share to it, over the set's size.
    """
    x, y = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    influences = np.concatenate([(x - x.mean()) / len(x), -(y - y.mean()) / len(y)])
    clusters = [*((0, int(d)) for d in of_a), *((1, int(d)) for d in of_b)]
    numbers = {cluster: i for i, cluster in enumerate(dict.fromkeys(clusters))}
    difference = float(x.mean() - y.mean())
    return compare_influences(difference, influences, [numbers[c] for c in clusters])


def coverage(validation: Any, test: Any, lists: Lists, known: set[tuple[str, str]]) -> tuple[float, float, Verdict]:
    """The share of new persons that the lists know, in validation and in test, and their difference."""
    there, documents_there = covered_new(validation, lists, known)
    here, documents_here = covered_new(test, lists, known)
    return float(there.mean()), float(here.mean()), compare_shares(here, there, documents_here, documents_there)
