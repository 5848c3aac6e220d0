"""The stored runs of `pyft bench image-text`, as the page shows them."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from pyft import plots
from pyft.benchmarks.experiment import Found
from pyft.benchmarks.kept import complete
from pyft.course.ch8_1_2_images_and_texts.digits import digits
from pyft.course.ch8_1_2_images_and_texts.experiment import HELD_OUT, NAMED, answers, linear, plan
from pyft.course.ch8_1_2_images_and_texts.recipes import ARMS, FRAMES, NAMES, PHRASINGS, SEEDS, TOWERS
from pyft.evaluation.power import tally
from pyft.evaluation.stats import accuracy_interval, mean_interval
from pyft.evaluation.verdicts import Verdict, compare_runs

Asked = tuple[str, str]  # an arm, and how the names are phrased
Hits = NDArray[np.bool_]
GUESSING = 1 / len(NAMES)


def stored() -> Found:
    """All runs of the plan.

    Raises:
        PyftError: one is missing.
    """
    return complete("image-text", plan, itemgetter("arm", "held", "seed"))


def hits(found: Found) -> dict[Asked, Hits]:
    """Which test images each arm names rightly, by phrasing: (S, N); (N,) for the linear model, which draws nothing."""
    y = digits()["test"][1].numpy()
    runs = sorted((r for r in found["runs"] if r["held"] is None), key=lambda r: r["seed"])
    made: dict[Asked, Hits] = {("linear", ""): linear()[0] == y}
    for arm in ARMS:
        for phrasing in [""] if arm == "softmax" else PHRASINGS:
            made[arm, phrasing] = np.array([answers(r, phrasing) == y for r in runs if r["arm"] == arm])
    return made


def held_out(found: Found, tower: str) -> Hits:
    """Which images of a digit that was held out were given its name, for all ten digits in turn: (S, N)."""
    y = digits()["test"][1].numpy()
    of = {(r["seed"], r["held"]): answers(r, "seen") for r in found["runs"] if r["arm"] == tower}
    return np.array([[of[seed, int(k)][i] == k for i, k in enumerate(y)] for seed in range(SEEDS)])


def verdicts(found: Found) -> dict[tuple[Asked, Asked], Verdict]:
    """The comparisons that were declared, in shares, paired by seed and image; corrected together."""
    of = hits(found)
    return NAMED.correct({(a, b): compare_runs(of[a], of[b]) for a, b in NAMED.members})


def against_guessing(found: Found) -> dict[str, Verdict]:
    """Recall of digits that were held out, less that of guessing among ten; corrected together.

    All images of a digit are asked of one training a seed, so they are counted together.
    """
    y = digits()["test"][1].tolist()
    of = {tower: held_out(found, tower) for tower in HELD_OUT.members}
    return HELD_OUT.correct({t: compare_runs(h, np.full(h.shape[1], GUESSING), y) for t, h in of.items()})


# --- in words ---------------------------------------------------------------------------------------------------------


def told(found: Found) -> Mapping[str, str]:
    """What the runs say, in sentences: `named`, `held`."""
    words = {"better": "more often than guessing", "worse": "less often than guessing"}
    held = "; ".join(
        f"the tower of {tower} names {100 * held_out(found, tower).mean():.1f} % rightly, "
        f"{words.get(v.word, 'and no difference from guessing is shown')}"
        for tower, v in against_guessing(found).items()
    )
    return {
        "named": tally(verdicts(found), lambda pair: f"{_asked(pair[0])} against {_asked(pair[1])}"),
        "held": f"Of the images of a digit that was held out, {held}. Guessing among ten names would give "
        f"{100 * GUESSING:.0f} %.",
    }


def _asked(asked: Asked) -> str:
    arm, phrasing = asked
    return f"{arm} with {phrasing}" if phrasing else arm


# --- tables and figures -----------------------------------------------------------------------------------------------

MARKS = {"better": " ▲", "worse": " ▼", "no difference shown": ""}


def table(found: Found) -> Any:
    """A row an arm: the share of test images that are named rightly, by phrasing, with intervals."""
    columns = ["arm", *PHRASINGS, "a digit held out"]
    of, rows = hits(found), []
    for arm in (*TOWERS, "random batches"):
        held = _share(held_out(found, arm)) if arm in TOWERS else ""
        rows.append([arm, *(_share(of[arm, phrasing]) for phrasing in PHRASINGS), held])
    rows.append(["softmax", _share(of["softmax", ""]), "", "", ""])
    n, right = len(of["linear", ""]), int(of["linear", ""].sum())
    low, high = accuracy_interval(right, n)
    rows.append(["linear", f"{100 * right / n:.1f} ({100 * low:.1f} to {100 * high:.1f})", "", "", ""])
    caption = (
        f"Test images named rightly, in percent: means of {SEEDS} seeds with their intervals; the linear model draws "
        "nothing, and has the interval of its test set. Captions play no part in the last two rows."
    )
    return plots.table(rows, columns, caption)


def _share(of: Hits) -> str:
    mean, low, high = mean_interval((100 * of.mean(1)).tolist())
    return f"{mean:.1f} ({max(low, 0.0):.1f} to {min(high, 100.0):.1f})"


def accuracy_figure(found: Found) -> Any:
    """Images named rightly by phrasing, a point an arm with its interval over seeds; the linear model as a line."""
    plots.style()
    fig, axes = plt.subplots(figsize=(5.4, 4.0))
    axes.set(ylabel="named rightly (%)", ylim=(-4, 104))
    of = hits(found)
    for i, arm in enumerate((*TOWERS, "random batches")):
        for j, phrasing in enumerate(PHRASINGS):
            mean, low, high = mean_interval((100 * of[arm, phrasing].mean(1)).tolist())
            axes.errorbar(
                j + 0.15 * (i - 1), mean, [[mean - low], [high - mean]], fmt="osD"[i], color=plots.PALETTE[i],
                capsize=3, label=arm if j == 0 else None,
            )  # fmt: skip
    axes.axhline(100 * of["linear", ""].mean(), color=plots.PALETTE[6], linestyle="--", linewidth=1, label="linear")
    axes.axhline(100 * GUESSING, color=plots.PALETTE[6], linestyle=":", linewidth=1, label="guessing")
    axes.set_xticks(range(len(PHRASINGS)), list(PHRASINGS))
    axes.margins(x=0.2)
    fig.legend(loc="outside lower center", ncols=3, fontsize="small")
    return fig


def images_figure() -> Any:
    """Ten images, one of each digit, each with a caption that is learnt from."""
    plots.style()
    x, y = digits()["train"]
    fig, panels = plt.subplots(2, 5, figsize=(5.8, 3.2))
    for k, axes in enumerate(panels.flat):
        axes.imshow(x[(y == k).nonzero()[0, 0]].reshape(8, 8), cmap="gray_r")
        axes.set_title(FRAMES[k % len(FRAMES)].format(NAMES[k]), fontsize=6.5)
        axes.set_axis_off()
    return fig


def cosines_figure(both: Any, phrasing: str = "seen") -> Any:
    """The mean cosine of test images with captions, a row a digit as it is and a column a digit as it is named."""
    plots.style()
    x, y = digits()["test"]
    found = both.cosines(x, phrasing).numpy()  # (N, 10)
    means = np.array([found[(y == k).numpy()].mean(0) for k in range(10)])
    fig, axes = plt.subplots(figsize=(5.4, 4.2))
    shown = axes.imshow(means, cmap="cividis", vmin=-1, vmax=1)
    axes.set_xticks(range(10), NAMES, rotation=45, ha="right")
    axes.set_yticks(range(10), NAMES)
    axes.set(xlabel="name in the caption", ylabel="digit on the image")
    axes.grid(visible=False)
    fig.colorbar(shown, ax=axes, label="cosine")
    return fig
