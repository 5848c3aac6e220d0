"""The stored runs of `pyft bench flair`, as the page shows them."""

from operator import itemgetter
from typing import Any

import numpy as np

from pyft import data, paths, plots
from pyft.benchmarks.experiment import Found
from pyft.benchmarks.kept import complete
from pyft.course.ch6_3_named_entities.experiment import unpack_tags
from pyft.course.ch7_1_libraries_and_the_hub.flair_experiment import FLAIR, KINDS, SETUP, locked, plan
from pyft.evaluation.ner import counts, gold_tags, tag_names
from pyft.evaluation.power import undecided
from pyft.evaluation.stats import mean_interval
from pyft.evaluation.verdicts import Verdict, compare_f1

CALLED = {"Flair": "Flair", "ours": "this book's loop"}


def stored() -> Found:
    """The runs of the plan. Raises `PyftError` if one is missing."""
    return complete("flair", plan, itemgetter("kind", "seed"))


def values(found: Found, name: str) -> dict[str, list[Any]]:
    """A figure of each run, by kind and in the order of the seeds."""
    runs = sorted(found["runs"], key=lambda r: r["seed"])
    return {kind: [r[name] for r in runs if r["kind"] == kind] for kind in KINDS}


def verdicts(found: Found) -> dict[tuple[str, str], Verdict]:
    """Flair against our loop, paired by seed and document of the test split."""
    test = data.load("conll2003")["test"]
    names, true, lengths = tag_names(test), gold_tags(test), list(map(len, test["tokens"]))
    counted = {
        kind: np.array([counts(true, unpack_tags(text, names, lengths)) for text in texts])
        for kind, texts in values(found, "tags").items()
    }
    return FLAIR.correct({(a, b): compare_f1(counted[a], counted[b], test["document"][:]) for a, b in FLAIR.members})


def table(found: Found) -> Any:
    """A row for each: F1, and the processor's seconds of a training; means over seeds with their intervals."""
    f1, seconds = values(found, "f1"), values(found, "seconds")
    rows = [[CALLED[kind], _cell(f1[kind], 100, ".1f"), _cell(seconds[kind], 1, ".0f")] for kind in KINDS]
    caption = "F1 on the test split, and seconds of a training on one core; means over seeds with 95 % intervals."
    return plots.table(rows, ["trained with", "F1, %", "seconds"], caption)


def _cell(some: list[float], scale: float, form: str) -> str:
    mean, low, high = (format(scale * x, form) for x in mean_interval(some))
    return f"{mean} ({low} to {high})"


def told(found: Found) -> dict[str, str]:
    """What stands in the page's text: `flair_locks`, `flair_task`, `flair_verdict`, `flair_seconds`."""
    recipe = SETUP.recipe
    ours = locked("transformers", paths.ROOT / "requirements.lock")
    (v,) = verdicts(found).values()
    points = f"{100 * v.difference:+.1f} points of F1 (95 % interval {100 * v.low:+.1f} to {100 * v.high:+.1f})"
    flair, loop = (float(np.mean(some)) for some in values(found, "seconds").values())
    return {
        "flair_locks": f"Flair {locked('flair')} asks for an older Transformers than {ours}, which this book uses. So "
        f"it lives in an environment of its own, with Transformers {locked('transformers')}.",
        "flair_task": f"{SETUP.rows:,} training sentences, {recipe.epochs} epochs, batches of {recipe.batch_size}, a "
        f"rate of {recipe.lr:g}",
        "flair_verdict": f"Flair against this book's loop: {v.word}, {points}." + undecided([v]),
        "flair_seconds": f"A training took Flair {flair:.0f} seconds of one core, and this book's loop {loop:.0f}.",
    }
