"""What the stored runs say of each way to solve a task: what it reaches, and what it costs.

A way has no cost that was not measured for it: what is missing is `None`, and no guess.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyft.evaluation import stats
from pyft.evaluation.verdicts import Verdict, compare_runs
from pyft.paths import results_folder

Found = Mapping[str, Any]  # a file of stored runs: {"runs": [...]}
Cost = Callable[["Way"], float | None]
BYTES = 4  # of a weight in single precision
NOTHING: Mapping[str, float] = {}
PROCESSOR, WALL = "processor seconds", "seconds by the clock"


@dataclass(frozen=True, eq=False)
class Way:
    """One way to solve a task, learnt from so many labels. Two are the same if they are one object."""

    name: str
    labels: int
    records: str  # where its runs are kept
    accuracy: tuple[float, ...]  # by seed
    tested: int  # examples, N
    right: NDArray[np.bool_] | None = None  # (S, N), or (N,) where nothing is drawn; None: the answers are not kept
    weights: int | None = None  # kept to answer
    trained: int | None = None  # changed by training
    seconds: float | None = None  # to learn, the median over seeds
    clock: str = PROCESSOR  # how these seconds were taken; others are not compared with them
    ms: float | None = None  # to answer one text, of which most takes no longer
    language: str = "English"

    @property
    def mean(self) -> float:
        """The mean accuracy over seeds."""
        return float(np.mean(self.accuracy))

    @property
    def interval(self) -> tuple[float, float]:
        """At 95 %: over seeds, or of a single run, or of runs that all answer alike, over the examples tested."""
        if len(set(self.accuracy)) > 1:
            _, low, high = stats.mean_interval(self.accuracy)
            return max(low, 0.0), min(high, 1.0)
        return stats.accuracy_interval(round(self.mean * self.tested), self.tested)

    @property
    def mib(self) -> float | None:
        """Memory of its weights, in MiB."""
        return None if self.weights is None else BYTES * self.weights / 2**20


def versus(a: Way, b: Way) -> Verdict | None:
    """Compare the accuracies of two ways on the same examples, over the seeds that both have; None: answers not kept.

    Runs of one seed had the same labels, so that they are pairs.
    """
    if a.right is None or b.right is None or a.tested != b.tested:
        return None
    S = min([len(x) for x in (a.right, b.right) if x.ndim == 2], default=1)
    x, y = (right[:S] if right.ndim == 2 else right for right in (a.right, b.right))
    return compare_runs(x, y)


def have(name: str) -> bool:
    """Whether runs of `pyft bench NAME` are stored."""
    return (results_folder() / "bench" / f"{name}.json").is_file()


# --- film reviews -----------------------------------------------------------------------------------------------------

FILMS = {  # of `pyft bench transfer`: its name there, and here
    "TF-IDF": "TF-IDF, linear",
    "features": "BERT's features, linear",
    "head": "BERT, head alone",
    "top layers": "BERT, top two layers",
    "fine-tuned": "BERT, fine-tuned",
    "scratch": "BERT, from random weights",
}
MODELS = {  # of `pyft bench models`; its BERT is the one above
    "bert": "BERT, fine-tuned",
    "roberta": "RoBERTa, fine-tuned",
    "xlnet": "XLNet, fine-tuned",
    "bert-continued": "BERT, trained on, fine-tuned",
    "roberta-continued": "RoBERTa, trained on, fine-tuned",
    "xlnet-continued": "XLNet, trained on, fine-tuned",
}


def films(transfer: Found, tested: int, ms: Mapping[str, float] = NOTHING) -> list[Way]:
    """Every way of `pyft bench transfer`, by number of labels: all learnt by one processor, and its seconds counted.

    `ms` says what a text takes (`milliseconds`).
    """
    runs = [r for r in transfer["runs"] if r["split"] == "test" and r["method"] in FILMS]
    kept = weights_kept(runs)
    found = []
    for name in FILMS:
        for n in sorted({r["n"] for r in runs if r["method"] == name}):
            some = by_seed(r for r in runs if (r["method"], r["n"]) == (name, n))
            found.append(
                Way(
                    FILMS[name],
                    n,
                    f"transfer, {len(some)} seeds",
                    tuple(r["accuracy"] for r in some),
                    tested,
                    answers(some, tested),
                    kept[name] or some[0]["trained"],
                    some[0]["trained"],
                    float(np.median([r["seconds"] for r in some])),
                    ms=ms.get(FILMS[name]),
                )
            )
    return found


def architectures(
    models: Found,
    corpus: str,
    labels: int,
    tested: int,
    ms: Mapping[str, float] = NOTHING,
    names: Sequence[str] = ("bert", "roberta", "xlnet"),
) -> list[Way]:
    """The ways of `pyft bench models` on a corpus, with the share of its texts of which all was right."""
    found = []
    for name, called in ((name, MODELS[name]) for name in names):
        some = by_seed(r for r in models["runs"] if (r["model"], r["corpus"]) == (name, corpus))
        if len(some) > 1:
            right = answers(some, tested)
            weights = some[0]["parameters"]
            found.append(
                Way(
                    called,
                    labels,
                    f"models, {len(some)} seeds",
                    tuple(float(x) for x in np.atleast_2d(right).mean(1)),
                    tested,
                    right,
                    weights,
                    weights,
                    float(np.median([r["seconds"] for r in some])),
                    WALL,
                    ms.get(called),
                )
            )
    return found


def weights_kept(runs: Sequence[Mapping[str, Any]]) -> dict[str, int | None]:
    """How many weights each method of `transfer` keeps to answer; None: those that it trained.

    A network that is trained in part is kept whole. Features are the body's, whose head is left away.
    """
    trained = {r["method"]: r["trained"] for r in runs}
    whole = trained["fine-tuned"]
    return {
        "TF-IDF": None,
        "features": whole - trained.get("head", 0) + trained["features"],
        **dict.fromkeys(("head", "top layers", "fine-tuned", "scratch"), whole),
    }


def milliseconds(transfer: Found, latency: Found | None = None) -> dict[str, float]:
    """What a text takes to be answered, by way.

    With `latency`, the 95th percentile, one text at a time; ways that answer with one network, BERT's, differ by chance
    alone and get the time of one. Without it, of film reviews in batches: features are one
    forward pass a text, so their seconds are the body's; and TF-IDF has read each text at least once when it has
    learnt it, so that its seconds of learning are more than enough.
    """
    if latency is not None:
        p95 = dict(latency["runs"][0]["p95"])
        same = p95.keys() & {FILMS[name] for name in ("head", "top layers", "fine-tuned", "scratch")}
        return p95 | dict.fromkeys(same, p95[MODELS["bert"]])
    runs = [r for r in transfer["runs"] if r["split"] == "test"]

    def a_text(method: str) -> float:
        n = max(r["n"] for r in runs if r["method"] == method)
        return 1000 * float(np.median([r["seconds"] / n for r in runs if (r["method"], r["n"]) == (method, n)]))

    bodied = [called for name, called in FILMS.items() if name != "TF-IDF"]
    return dict.fromkeys(bodied, a_text("features")) | {FILMS["TF-IDF"]: a_text("TF-IDF")}


# --- other records ----------------------------------------------------------------------------------------------------


def chinese_reviews(found: Found, labels: int) -> list[Way]:
    """The ways of `pyft bench chinese-labels`, whose "all" are so many labels."""
    called = {"encoder": "multilingual E5, fine-tuned", "characters": "TF-IDF of characters, linear"}
    ways = []
    for kind, size in dict.fromkeys((r["kind"], r["size"]) for r in found["runs"] if r["kind"] in called):
        some = by_seed(r for r in found["runs"] if (r["kind"], r["size"]) == (kind, size))
        ways.append(
            Way(
                called[kind],
                labels if size == "all" else int(size.replace(",", "")),
                f"chinese-labels, {len(some)} seeds",
                tuple(r["accuracy"] for r in some),
                some[0]["texts"],
                answers(some, some[0]["texts"]),
                seconds=float(np.median([r["provenance"]["seconds"] for r in some])),
                clock=WALL,
                language="Chinese",
            )
        )
    return ways


def own_data(found: Found, name: str) -> list[Way]:
    """The ways of `pyft bench own-data` on a set of texts, which count the processor's seconds."""
    ways = []
    for way in dict.fromkeys(r["way"] for r in found["runs"]):
        some = by_seed(r for r in found["runs"] if (r["set"], r["way"]) == (name, way))
        rows = some[0]["rows"]
        right = answers(some, rows["test"])
        seconds = float(np.median([r["seconds"] for r in some]))
        accuracy = tuple(r["score"] for r in some)
        about = f"own-data, {len(some)} seeds"
        ways.append(Way(way, rows["train"], about, accuracy, rows["test"], right, seconds=seconds))
    return ways


def by_seed(runs: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Some runs in the order of their seeds."""
    return sorted(runs, key=lambda r: r["seed"])


def answers(runs: Sequence[Mapping[str, Any]], tested: int) -> NDArray[np.bool_]:
    """Which test texts were right, (S, N); (N,) of runs that all answer alike, as they do where nothing is drawn."""
    rows = np.array([stats.unpack_bits(r["right"], tested) for r in runs])
    same: NDArray[np.bool_] = rows[0]
    return same if (rows == same).all() else rows
