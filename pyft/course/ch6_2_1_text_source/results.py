"""What the stored runs on news say, in a table and in sentences."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from IPython.display import HTML

from pyft import plots
from pyft.course.ch6_2_1_text_source.experiment import (
    BEGINNING,
    LENGTH,
    MODELS,
    RECIPES,
    SEEDS,
    WHOLE,
    answers,
)
from pyft.evaluation.verdicts import Verdict

CALLED = {"bert": "BERT", "roberta": "RoBERTa", "xlnet": "XLNet", BEGINNING: f"TF-IDF, the first {LENGTH} tokens"}
PARTS = {"reuters-r8": "R8", "reuters-r52": "R52"}
MARKS = {"better": " ▲", "worse": " ▼", "no difference shown": ""}
Found = Mapping[str, Any]
Judged = Mapping[tuple[str, str, str], Verdict]


def table(found: Found, judged: Judged) -> HTML:
    """Accuracy of each way on each part, with the range of the seeds and a mark for the verdict against TF-IDF."""
    rows = []
    for name in (WHOLE, BEGINNING, *MODELS):
        row = [CALLED.get(name, name)]
        for corpus in RECIPES:
            of = [100 * r["accuracy"] for r in found["runs"] if (r["corpus"], r["model"]) == (corpus, name)]
            spread = f" ({min(of):.1f} to {max(of):.1f})" if len(of) > 1 else ""
            pair = (name, WHOLE) if name in MODELS else (WHOLE, name)
            mark = MARKS[judged[corpus, *pair].word] if name in MODELS else ""
            row.append(f"{np.mean(of):.1f}{spread}{mark}")
        rows.append(row)
    caption = f"Accuracy (%) on the published test stories, mean and range of {SEEDS} seeds."
    caption += " ▼ and ▲: the test says worse or better than TF-IDF on whole stories."
    return plots.table(rows, ["method", *PARTS.values()], caption)


def told(found: Found, judged: Judged) -> dict[str, str]:
    """What the tests say: `models`, `length`, `visible`; and `stories`, how many are tested."""
    against = {key: v for key, v in judged.items() if key[1] in MODELS and key[2] == WHOLE}
    beside = {key: v for key, v in judged.items() if key[1] in MODELS and key[2] == BEGINNING}
    visible = sorted(100 * v.visible for v in against.values())
    stories = [len(answers(found, corpus, WHOLE)) for corpus in RECIPES]
    return {
        "models": f"Against TF-IDF on whole stories: {_counted(against)}. Against TF-IDF on the same beginnings: "
        f"{_counted(beside)}.",
        "visible": f"A test by itself would find a difference of {visible[0]:.1f} to {visible[-1]:.1f} points four "
        f"times in five; corrected for all {len(judged)} comparisons, with {SEEDS} seeds, it needs larger ones.",
        "length": "Counted words on whole stories against counted words on their beginnings: "
        + "; ".join(
            f"{PARTS[corpus]} {100 * judged[corpus, WHOLE, BEGINNING].difference:+.1f} points, "
            f"{judged[corpus, WHOLE, BEGINNING].word}"
            for corpus in RECIPES
        )
        + ".",
        "stories": " and ".join(f"{n:,}" for n in stories),
    }


def _counted(judged: Judged) -> str:
    """How many of some comparisons of a model say what, and where its mean is higher."""
    words = [v.word for v in judged.values()]
    higher = sum(v.difference > 0 for v in judged.values())
    shown = [f"{words.count(word)} {word}" for word in ("better", "worse") if word in words]
    said = f"{' and '.join(shown)} of {len(words)}" if shown else f"no difference is shown in any of {len(words)}"
    return f"{said} comparisons of a model, whose mean is higher in {higher or 'none'} of them"
