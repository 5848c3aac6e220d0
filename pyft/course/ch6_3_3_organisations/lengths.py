"""What section 6.3.3 asks of long names: are they found less often than short ones, and as often as chance has it?"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pyft.evaluation.verdicts import Family, Verdict, compare_influences

SHORT, LONG = 1, 3  # words: so many, and so many or more
LENGTHS = Family("names of three words or more", ("names of one word", "the toy"))  # declared before runs are read


def compare_lengths(hits: ArrayLike, words: ArrayLike, documents: ArrayLike) -> dict[Any, Verdict]:
    """Recall on long names less that on short ones, and less what q^n promises, q the recall on short ones.

    Which of E names each of S runs found, (S, E); their lengths in words and their documents, (E,) both. The recalls
    are on different names, so these cannot be paired; each name has an influence on the difference, as in
    `compare_f1`, and those of a document are one draw. A short name has its influence on the toy by way of q.

    Raises:
        ValueError: one seed only, or fewer than two documents.
    """
    h, n, of = np.asarray(hits, dtype=float), np.asarray(words), list(np.asarray(documents))
    short, long = n == SHORT, n >= LONG
    q, recall = h[:, short].mean(1, keepdims=True), h[:, long].mean(1, keepdims=True)  # (S, 1)
    promised, slope = q ** n[long], n[long] * q ** (n[long] - 1)  # (S, names), by each name's own length
    of_short, of_long = (h - q) / short.sum() * short, (h - recall) / long.sum() * long  # (S, E)
    gap = h[:, long] - promised
    of_toy = -slope.mean(1, keepdims=True) * of_short
    of_toy[:, long] = (gap - gap.mean(1, keepdims=True)) / long.sum()
    return LENGTHS.correct(
        {
            "names of one word": compare_influences((recall - q)[:, 0], of_long - of_short, of),
            "the toy": compare_influences(gap.mean(1), of_toy, of),
        }
    )
