"""The stored runs of `pyft bench name-lists`, as the page shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from pyft import plots
from pyft.benchmarks.experiment import Found
from pyft.benchmarks.kept import complete
from pyft.course.ch6_3_named_entities.answers import entities
from pyft.course.ch8_1_3_knowledge_beside_the_model.experiment import KNOWLEDGE, LEAKED, plan, tags_of
from pyft.course.ch8_1_3_knowledge_beside_the_model.leaks import coverage
from pyft.course.ch8_1_3_knowledge_beside_the_model.lists import Lists, covers
from pyft.course.ch8_1_3_knowledge_beside_the_model.recipes import AMOUNTS, ARMS, SEEDS
from pyft.evaluation.ner import Tags, counts, f1, gold_tags, known_entities
from pyft.evaluation.power import tally
from pyft.evaluation.stats import mean_interval
from pyft.evaluation.verdicts import Verdict, compare_f1, compare_runs

NAMES = {"none": "no list", "own": "its own names", "public": "public lists", "leaked": "leaked"}
MARKS = {"better": " ▲", "worse": " ▼", "no difference shown": ""}
Key = tuple[str, str, str, str]  # amount of sentences, measure, arm, the arm that it is held against
Flags = NDArray[np.bool_]


def stored() -> Found:
    """All runs of the plan.

    Raises:
        PyftError: one is missing.
    """
    return complete("name-lists", plan, itemgetter("arm", "amount", "seed"))


@dataclass(frozen=True)
class Answers:
    """The persons of the test split, and what the runs of every arm made of them."""

    hits: Mapping[tuple[str, str], Flags]  # by arm and amount: which of the new persons were found, (S, E)
    counted: Mapping[tuple[str, str], NDArray[np.int64]]  # persons right, found and true of each sentence, (S, N, 3)
    document: NDArray[np.int64]  # of each new person, (E,)
    documents: Sequence[int]  # of each sentence
    listed: Flags  # of each new person: whether the public lists know a word of it, (E,)


def answers(found: Found, train: Any, test: Any, public: Lists) -> Answers:
    """What the stored runs found among persons that stand nowhere in `train`."""
    all_, known, true = entities(test), known_entities(train), gold_tags(test)
    new = (all_.kind == "PER") & np.array([(w, "PER") not in known for w in all_.words])
    tokens = list(test["tokens"])
    listed = [covers(public, tokens[i][s.start : s.end]) for i, s, n in zip(all_.row, all_.span, new, strict=True) if n]
    hits, counted = {}, {}
    runs = sorted(found["runs"], key=lambda r: r["seed"])
    for arm in ARMS:
        for amount in AMOUNTS:
            told: list[Tags] = [tags_of(r, test) for r in runs if (r["arm"], r["amount"]) == (arm, amount)]
            hits[arm, amount] = all_.hits(told)[:, new]
            counted[arm, amount] = np.array([counts(true, tags, "PER") for tags in told])
    return Answers(hits, counted, all_.document[new], list(test["document"]), np.array(listed, dtype=bool))


def verdicts(a: Answers) -> dict[Key, Verdict]:
    """The comparisons that were declared, in shares, paired by seed and document; each family corrected by itself."""

    def compared(key: Key) -> Verdict:
        amount, measure, arm, rival = key
        if measure == "F1":
            return compare_f1(a.counted[arm, amount], a.counted[rival, amount], a.documents)
        return compare_runs(a.hits[arm, amount], a.hits[rival, amount], list(a.document))

    return {
        key: verdict
        for family in (KNOWLEDGE, LEAKED)
        for key, verdict in family.correct({key: compared(key) for key in family.members}).items()
    }


# --- in words ---------------------------------------------------------------------------------------------------------


def told(a: Answers) -> Mapping[str, str]:
    """What the runs say, in sentences: `verdict`, `where`, `leak`."""
    judged = verdicts(a)
    return {
        "verdict": tally({key: judged[key] for key in KNOWLEDGE.members}, _named),
        "where": " ".join(_where(a, amount) for amount in AMOUNTS),
        "leak": " ".join(_leak(judged, amount) for amount in AMOUNTS),
    }


def _named(key: Key) -> str:
    amount, metric, x, y = key
    return f"{'new persons' if metric == 'new' else metric}, {amount}: {NAMES[x]} than {NAMES[y]}"


def _where(a: Answers, amount: str) -> str:
    """One sentence: how far recall moves where the public lists know a word of the name, and where they do not."""
    moved = a.hits["public", amount].mean(0) - a.hits["none", amount].mean(0)  # (E,)
    known, unknown = (100 * float(moved[a.listed == x].mean()) for x in (True, False))
    return (
        f"With {amount} sentences, recall moves by {known:+.1f} points on new persons of whom the public lists know a "
        f"word, and by {unknown:+.1f} on those of whom they know none."
    )


def _leak(judged: Mapping[Key, Verdict], amount: str) -> str:
    v = judged[amount, "new", "leaked", "public"]
    return (
        f"With {amount} sentences, the leaked lists move recall of new persons by {100 * v.difference:+.1f} points "
        f"({100 * v.low:+.1f} to {100 * v.high:+.1f}) against the public ones: {v.word}."
    )


def leak_table(validation: Any, test: Any, train: Any, lists: Mapping[str, Lists]) -> Any:
    """A row a list: how many new persons it knows in validation and in test, and whether it knows the test better."""
    known = known_entities(train)
    said = {"better": "knows the test better", "worse": "knows the test less", "no difference shown": "no leak shown"}
    rows = []
    for name, some in lists.items():
        there, here, v = coverage(validation, test, some, known)
        shares = [f"{100 * there:.1f}", f"{100 * here:.1f}"]
        rows.append([NAMES[name], len(some.first | some.last), *shares, _points(v), said[v.word]])
    return plots.table(
        rows,
        ["list", "words", "validation (%)", "test (%)", "difference", "verdict"],
        "New persons of whom a list knows a word; the difference in points, over documents. Its own names are "
        "here those of the whole training split.",
    )


def _points(v: Verdict) -> str:
    return f"{100 * v.difference:+.1f} ({100 * v.low:+.1f} to {100 * v.high:+.1f})"


# --- tables and figures -----------------------------------------------------------------------------------------------


def table(a: Answers) -> Any:
    """A row an arm: recall of new persons and F1 of all, with few sentences and with many; marks against no list."""
    measures = [("new", "recall of new"), ("F1", "F1")]
    columns = ["list", *(f"{amount}: {name}" for amount in AMOUNTS for _, name in measures)]
    judged, rows = verdicts(a), []
    for arm in ARMS:
        row = [NAMES[arm]]
        for amount in AMOUNTS:
            for measure, _ in measures:
                v = judged.get((amount, measure, arm, "none"))
                row.append(_over_seeds(scores(a, arm, amount, measure)) + (MARKS[v.word] if v else ""))
        rows.append(row)
    caption = (
        f"Percent, means of {SEEDS} seeds with their intervals. ▲ better, ▼ worse than no list, where that was tested. "
        "The leaked lists are no rival."
    )
    return plots.table(rows, columns, caption)


def scores(a: Answers, arm: str, amount: str, measure: str) -> NDArray[np.float64]:
    """Recall of new persons, or F1 of all persons, of each seed: (S,)."""
    if measure == "F1":
        return f1(a.counted[arm, amount].sum(1))
    return np.asarray(a.hits[arm, amount].mean(1))


def _over_seeds(values: NDArray[np.float64]) -> str:
    return "{:.1f} ({:.1f} to {:.1f})".format(*mean_interval((100 * values).tolist()))


def recall_figure(a: Answers) -> Any:
    """Recall of new persons, a panel an amount: of those whom the public lists know a word of, and of the others."""
    plots.style()
    fig, panels = plt.subplots(1, len(AMOUNTS), figsize=(5.8, 3.6), sharey=True)
    for axes, (amount, n) in zip(panels, AMOUNTS.items(), strict=True):
        axes.set(title=f"{n:,} sentences", ylim=(-4, 104))
        for i, arm in enumerate(ARMS):
            for j, known in enumerate((True, False)):
                some = (100 * a.hits[arm, amount][:, a.listed == known].mean(1)).tolist()
                mean, low, high = mean_interval(some)
                axes.errorbar(
                    j + 0.16 * (i - 1.5), mean, [[mean - low], [high - mean]], fmt="osDx"[i], color=plots.PALETTE[i],
                    capsize=3, label=NAMES[arm] if j == 0 else None,
                )  # fmt: skip
        axes.set_xticks(range(2), ["in public lists", "not in them"])
        axes.margins(x=0.25)
    panels[0].set_ylabel("recall of new persons (%)")
    fig.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize="small")
    return fig
