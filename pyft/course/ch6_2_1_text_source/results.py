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
    verdicts,
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
    count = {word: sum(v.word == word for v in against.values()) for word in MARKS}
    ahead = sum(v.difference > 0 for v in against.values())
    visible = sorted(100 * v.visible for v in against.values())
    stories = [len(answers(found, corpus, WHOLE)) for corpus in RECIPES]
    return {
        "models": f"Of {len(against)} comparisons of a model with TF-IDF on whole stories, {count['worse']} came out "
        f"worse and {count['better']} better; in the others no difference is shown. On average over its seeds the "
        f"model is ahead in {ahead} of the {len(against)}.",
        "visible": f"With {SEEDS} seeds the test finds a difference of {visible[0]:.1f} to {visible[-1]:.1f} points "
        "four times in five, so of smaller ones it says little.",
        "length": "Whole stories against their beginnings, both counted: "
        + "; ".join(
            f"{PARTS[corpus]} {100 * judged[corpus, WHOLE, BEGINNING].difference:+.1f} points, "
            f"{judged[corpus, WHOLE, BEGINNING].word}"
            for corpus in RECIPES
        )
        + ".",
        "stories": " and ".join(f"{n:,}" for n in stories),
    }
