"""What a test shows of a model beyond its score: confusions, calibration, and the answers that were furthest off."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from pyft.data.iob2 import spans
from pyft.evaluation.ner import mistakes
from pyft.finetune.markdown import Strong

WORST, BINS = 10, 10  # errors and bins that are shown
MATRIX, MOST = 12, 20  # classes of a confusion matrix; confusions that are listed where there are more
Table = list[list[str]]


def confusions(task: str, y: Sequence[Any], z: Sequence[Any]) -> Table:
    """Classes: how often each was taken for each, or the commonest confusions of very many. Tags: errors by kind."""
    if task == "token-classification":
        return _errors_by_kind(y, z)
    counts = Counter(zip(y, z, strict=True))
    names = sorted({*y, *z})
    if len(names) <= MATRIX:
        lines = ([Strong(n) if a == b else n for b in names for n in [str(counts[a, b])]] for a in names)
        return [["is \\ found", *names], *([name, *line] for name, line in zip(names, lines, strict=True))]
    wrong = Counter({pair: n for pair, n in counts.items() if pair[0] != pair[1]})
    return [["is", "found", "rows"], *([is_, found, str(n)] for (is_, found), n in wrong.most_common(MOST))]


def _errors_by_kind(y: Sequence[Sequence[str]], z: Sequence[Sequence[str]]) -> Table:
    found: Counter[tuple[str, str]] = Counter()
    for true, guess in zip(y, z, strict=True):
        found.update((s.kind, "right") for s in set(spans(true)) & set(spans(guess)))
        for m in mistakes(true, guess):
            found[(m.true or m.found).kind, m.what] += 1  # type: ignore[union-attr]  # one of the two is there
    columns = ("right", "kind", "boundary", "both", "missed", "invented")
    kinds = sorted({kind for kind, _ in found})
    return [["entity", *columns], *([kind, *(str(found[kind, what]) for what in columns)] for kind in kinds)]


class Calibration(NamedTuple):
    """Whether answers held for 80 % sure are right in 80 %: the mean distance, and bins (answers, sure, right)."""

    error: float
    bins: list[tuple[int, float, float]]


def calibration(p: NDArray[Any], right: NDArray[np.bool_]) -> Calibration:
    """The expected calibration error over bins of like confidence; p (N, K), right (N). Guo et al. 2017."""
    sure = p.max(-1)
    at = np.minimum((sure * BINS).astype(int), BINS - 1)
    bins = [(int(n.sum()), float(sure[n].mean()), float(right[n].mean())) for k in range(BINS) if (n := at == k).any()]
    return Calibration(sum(n * abs(s - r) for n, s, r in bins) / len(sure), bins)


def calibration_of(task: str, names: Sequence[str], y: Sequence[Any], p: Any) -> Calibration:
    """The calibration of answers for texts, p (N, K), or for all their words, p a tensor (words, K) a text."""
    number = {name: k for k, name in enumerate(names)}
    flat = p if task == "sequence-classification" else torch.cat(p)
    true = y if task == "sequence-classification" else [tag for tags in y for tag in tags]
    found = flat.numpy()
    return calibration(found, found.argmax(-1) == np.array([number[name] for name in true]))


def worst(task: str, names: Sequence[str], rows: Any, y: Sequence[Any], z: Sequence[Any], p: Any) -> Table:
    """The errors of the highest loss: row, text, what is right, what was found, and how probable the right was held."""
    if task == "regression":
        off = np.abs(np.array(z) - np.array(y))
        order = [i for i in np.argsort(-off, kind="stable")[:WORST] if off[i] > 0]
        lines = [[rows["id"][i], rows["text"][i], f"{y[i]:g}", f"{z[i]:g}"] for i in map(int, order)]
        return [["row", "text", "is", "found"], *lines]
    number = {name: k for k, name in enumerate(names)}
    wrong = [i for i in range(len(y)) if y[i] != z[i]]
    if task == "sequence-classification":
        held = {i: float(p[i][number[y[i]]]) for i in wrong}
        lines = [[rows["id"][i], rows["text"][i], y[i], z[i], f"{held[i]:.3f}"] for i in sorted(wrong, key=held.get)]  # type: ignore[arg-type]
        return [["row", "text", "is", "found", "probability of the right one"], *lines[:WORST]]
    loss = {i: -float(sum(p[i][w][number[tag]].clamp(min=1e-9).log() for w, tag in enumerate(y[i]))) for i in wrong}
    lines = []
    for i in sorted(wrong, key=lambda i: -loss[i])[:WORST]:
        words = rows["tokens"][i]
        told = [_told(words, tags) for tags in (y[i], z[i])]
        lines.append([rows["id"][i], " ".join(words), *told])
    return [["row", "text", "is", "found"], *lines]


def _told(words: Sequence[str], tags: Sequence[str]) -> str:
    return "; ".join(f"{' '.join(words[s.start : s.end])}: {s.kind}" for s in spans(tags)) or "nothing"
