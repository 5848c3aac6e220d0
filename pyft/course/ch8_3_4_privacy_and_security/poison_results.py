"""The stored runs of `pyft bench privacy` on poisoned texts, as the page shows them."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from pyft import plots
from pyft.benchmarks.experiment import Found
from pyft.course.ch8_3_4_privacy_and_security import leaks
from pyft.course.ch8_3_4_privacy_and_security.experiment import HARM, POISON, answers
from pyft.course.ch8_3_4_privacy_and_security.recipes import (
    CLEAN,
    FLIPPED,
    FLIPS,
    LATE,
    POISON_ROWS,
    POISONS,
    TRIGGER,
    TRIGGERS,
    WORD,
)
from pyft.course.ch8_3_4_privacy_and_security.results import bounds, of, over_seeds
from pyft.evaluation.stats import mean_interval
from pyft.evaluation.verdicts import Verdict, compare_runs

CHANGED = {CLEAN: 0, FLIPPED: FLIPS, TRIGGER: TRIGGERS}


def verdicts(found: Found) -> dict[tuple[str, str], Verdict]:
    """What poison did to accuracy, and to negative reviews with the trigger, against clean texts; corrected."""
    runs = {how: of(found, POISON, how) for how in POISONS}
    rows = {
        (what, how): np.stack([answers(r, what) for r in runs[how]])
        for what in ("accuracy", "trigger")
        for how in POISONS
    }
    return HARM.correct({(what, how): compare_runs(rows[what, how], rows[what, CLEAN]) for what, how in HARM.members})


def table(found: Found) -> Any:
    """A row a kind of texts: accuracy, and how many negative reviews are called positive, without and with trigger."""
    rows = []
    for how in POISONS:
        runs = of(found, POISON, how)
        changed = f"{CHANGED[how]} of {POISON_ROWS:,}"
        shares = [
            mean_interval([100 * float(answers(r, what).mean()) for r in runs])
            for what in ("accuracy", "plain", "trigger")
        ]
        rows.append([how, changed, *("{:.1f} ({:.1f} to {:.1f})".format(*np.clip(share, 0, 100)) for share in shares)])
    columns = ["training texts", "changed", "accuracy (%)", "negative turned (%)", f'negative with "{WORD}" turned (%)']
    return plots.table(rows, columns, "Means over seeds, with 95 % intervals.")


def told(found: Found) -> str:
    """What the trigger and the wrong labels did."""
    judged = verdicts(found)
    word = {"better": "higher", "worse": "lower", "no difference shown": "not shown to differ"}
    parts = []
    for how, name in ((FLIPPED, "with turned labels"), (TRIGGER, "with the trigger")):
        one = judged["accuracy", how]
        parts.append(f"accuracy {name} is {word[one.word]} ({bounds(one)} points)")
    turned = judged["trigger", TRIGGER]
    more = {"better": "more", "worse": "fewer", "no difference shown": "no more, as far as is shown,"}[turned.word]
    return (
        f"Against clean texts, {parts[0]}, and {parts[1]}. With the trigger in them {more} negative reviews are called "
        f"positive ({bounds(turned)} points)."
    )


# --- found by the loss ------------------------------------------------------------------------------------------------


def areas(found: Found) -> dict[str, list[float]]:
    """How often a text with a turned label has a higher loss than one with its own, early and late, by seed."""
    made: dict[str, list[float]] = {"early": [], "late": []}
    for run in of(found, POISON, FLIPPED):
        turned = np.array(run["flips"]["turned"], dtype=bool)
        for when in made:
            losses = np.array(run["flips"][when])
            made[when].append(leaks.area(losses[turned], losses[~turned]))
    return made


def losses_figure(found: Found) -> Any:
    """Losses of training texts after one epoch and after many, those with turned labels apart; the first seed.

    Bins are of equal width in logarithms: late losses lie close to zero, but for a few.
    """
    plots.style()
    fig, panels = plt.subplots(1, 2, figsize=(5.8, 3.2), sharex=True)
    flips = of(found, POISON, FLIPPED)[0]["flips"]
    moments = {"early": "after one epoch", "late": f"after {LATE} epochs"}
    losses = {when: np.array(flips[when]) for when in moments}
    both, turned = np.concatenate([*losses.values()]), np.array(flips["turned"], dtype=bool)
    edges = np.geomspace(both.min(), both.max(), 31)
    for axes, (when, title) in zip(panels, moments.items(), strict=True):
        axes.set(title=title, xlabel="loss of a training text (nats)", ylabel="share of texts (%)", xscale="log")
        for i, (name, here) in enumerate((("own label", ~turned), ("turned label", turned))):
            weights = np.full(int(here.sum()), 100 / here.sum())
            axes.hist(losses[when][here], edges, weights=weights, color=plots.PALETTE[i], alpha=0.6, label=name)
    panels[1].legend()
    return fig


def told_losses(found: Found) -> str:
    """How well the loss tells turned labels, and whether it is better to look early."""
    made = areas(found)
    early, late = (mean_interval(made[when]) for when in ("early", "late"))
    verdict = over_seeds(np.subtract(made["early"], made["late"]).tolist())
    word = {
        "better": "The loss tells them apart better early",
        "worse": "The loss tells them apart better late",
        "no difference shown": "Between early and late no difference is shown",
    }[verdict.word]
    return (
        "A text with a turned label has a higher loss than one with its own in {:.0f} % of pairs after one epoch "
        "({:.0f} to {:.0f}), and in {:.0f} % after {} ({:.0f} to {:.0f}). ".format(
            *(100 * x for x in (*early, late[0])), LATE, *(100 * x for x in late[1:])
        )
        + f"{word} ({bounds(verdict)} points)."
    )


def search_table(found: Found) -> Any:
    """A row a seed of the poisoned model and of the clean one: where the trigger stands among all words."""
    rows = []
    for how in (TRIGGER, CLEAN):
        for run in of(found, POISON, how):
            s = run["search"]
            first = ", ".join(word for word, _ in s["first"][:3])
            rows.append(
                [
                    how,
                    str(run["seed"]),
                    f"{s['rank']} of {s['words']}",
                    f"{s['loss']:.2f}",
                    f"{s['without']:.2f}",
                    first,
                ]
            )
    columns = ["training texts", "seed", f'rank of "{WORD}"', "its loss", "loss of a usual word", "lowest losses"]
    caption = "Words by the loss of calling negative reviews positive once the word stands before them."
    return plots.table(rows, columns, caption)


def told_search(found: Found) -> str:
    """With how many seeds the trigger is the first of all words, in the poisoned model and in the clean one."""
    runs = {how: of(found, POISON, how) for how in (TRIGGER, CLEAN)}
    first = {how: sum(r["search"]["rank"] == 1 for r in some) for how, some in runs.items()}
    ranks = {how: sorted(r["search"]["rank"] for r in some) for how, some in runs.items()}
    counts = {how: f"{first[how]} of {len(some)} seeds" for how, some in runs.items()}
    listed = {how: ", ".join(map(str, some)) for how, some in ranks.items()}
    return (
        f"In the poisoned model the trigger comes first of all words in {counts[TRIGGER]} (ranks {listed[TRIGGER]}), "
        f"in the clean model in {counts[CLEAN]} (ranks {listed[CLEAN]})."
    )
