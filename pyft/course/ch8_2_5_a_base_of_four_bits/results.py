"""The stored runs of `pyft bench four-bits`, as the page shows them."""

from operator import itemgetter
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch

from pyft import plots
from pyft.benchmarks.experiment import Found, Run
from pyft.benchmarks.kept import complete
from pyft.course.ch6_1_2_social_media.experiment import documents
from pyft.course.ch8_2_5_a_base_of_four_bits.counts import base_bytes, bits_a_number
from pyft.course.ch8_2_5_a_base_of_four_bits.experiment import AGAINST_WHOLE, hits, plan, tested
from pyft.course.ch8_2_5_a_base_of_four_bits.recipes import BASES, SEEDS, TASKS, WHOLE
from pyft.evaluation.power import tally
from pyft.evaluation.stats import mean_interval
from pyft.evaluation.verdicts import Verdict, compare_runs
from pyft.maths.four_bits import dequantise, normal_levels, quantise, uniform_levels

MARKS = {"better": " ▲", "worse": " ▼", "no difference shown": ""}


def stored() -> Found:
    """The kept runs.

    Raises:
        PyftError: one of the plan is missing.
    """
    return complete("four-bits", plan, itemgetter("task", "base", "seed"))


def by_base(found: Found) -> dict[tuple[str, str], list[Run]]:
    """The runs of each task and base, by seed."""
    runs = sorted(found["runs"], key=lambda r: r["seed"])
    keys = [(task, base) for task in TASKS for base in BASES]
    return {key: [r for r in runs if (r["task"], r["base"]) == key] for key in keys}


def verdicts(found: Found) -> dict[tuple[str, str], Verdict]:
    """Each quantised base against the one of 32 bits, in shares, paired by seed and document; corrected together."""
    answers = {key: np.stack([hits(r) for r in some]) for key, some in by_base(found).items()}  # (S, N)
    clusters = {task: documents_of(task) for task in TASKS}
    return AGAINST_WHOLE.correct(
        {
            (task, base): compare_runs(answers[task, base], answers[task, WHOLE], clusters[task])
            for task, base in AGAINST_WHOLE.members
        }
    )


def documents_of(task: str) -> list[str]:
    """The document of each test text: sentences of one are not independent."""
    return documents(tested(task))


def bits_of(name: str) -> float:
    """Bits that a number of the base's matrices takes, with its share of the scale."""
    base = BASES[name]
    return 32.0 if base is None else bits_a_number(base.bits, base.block)


# --- in words ---------------------------------------------------------------------------------------------------------


def told(found: Found) -> dict[str, str]:
    """What the runs say, in sentences: `verdict`, `four`."""
    judged = verdicts(found)
    nf4 = {task: judged[task, "NF4"] for task in TASKS}
    shown = [task for task in TASKS if nf4[task].word != "no difference shown"]
    bounds = "; ".join(
        f"{task} {100 * v.difference:+.1f} points, {100 * v.low:+.1f} to {100 * v.high:+.1f}" for task, v in nf4.items()
    )
    what = (
        f"NF4 differs from 32 bits on {' and '.join(shown)}"
        if shown
        else "Between NF4 and 32 bits no difference is shown on either task"
    )
    return {
        "verdict": tally(judged, lambda key: f"{key[1]}, {key[0]}", "comparisons with 32 bits"),
        "four": f"{what} ({bounds}; 95 % intervals of the single comparisons).",
    }


# --- tables and figures -----------------------------------------------------------------------------------------------


def table(found: Found) -> Any:
    """A row a base: bits a number, MiB of all matrices, accuracy with a mark where the test finds a difference."""
    runs, judged = by_base(found), verdicts(found)
    rows = []
    for name in sorted(BASES, key=bits_of, reverse=True):
        row: list[Any] = [name, f"{bits_of(name):.1f}", f"{base_bytes(bits_of(name)) / 2**20:.1f}"]
        for task in TASKS:
            mark = MARKS[judged[task, name].word] if name != WHOLE else ""
            row.append(f"{100 * np.mean([r['accuracy'] for r in runs[task, name]]):.1f}{mark}")
        rows.append(row)
    caption = (
        f"Accuracy in percent, means of {SEEDS} seeds. ▲ better, ▼ worse than 32 bits, no mark: no difference shown. "
        "MiB by formula: the code packs two codes a byte, so bases of fewer than four bits take as much as one of four."
    )
    return plots.table(rows, ["base", "bits a number", "MiB", *TASKS], caption)


def accuracy_figure(found: Found) -> Any:
    """Accuracy over the bits of a number, a panel a task, with intervals over seeds."""
    plots.style()
    runs = by_base(found)
    fig, panels = plt.subplots(1, len(TASKS), figsize=(5.8, 3.4))
    for axes, task in zip(panels, TASKS, strict=True):
        axes.set(title=task, xlabel="bits a number", ylabel="accuracy (%)", xscale="log")
        for i, name in enumerate(BASES):
            mean, low, high = mean_interval([100 * r["accuracy"] for r in runs[task, name]])
            axes.errorbar(
                bits_of(name) * (1.06 if name.startswith("uniform") else 1), mean, [[mean - low], [high - mean]],
                fmt="osD^v"[i], color=plots.PALETTE[i], capsize=3, label=name,
            )  # fmt: skip
        axes.set_xticks([2.5, 3.5, 4.5, 32], ["2.5", "", "4.5", "32"])
        axes.minorticks_off()
    fig.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return fig


def levels_figure(W: torch.Tensor, block: int) -> Any:
    """How a real matrix's numbers, over the largest of their block, are spread, and both kinds of levels below."""
    plots.style()
    blocks = W.reshape(-1, block)
    shares = (blocks / blocks.abs().amax(1, keepdim=True)).flatten().numpy()
    fig, axes = plt.subplots(figsize=(5.8, 3.4))
    axes.hist(shares, bins=121, color=plots.PALETTE[5], density=True, label="numbers of a matrix")
    for i, (name, levels) in enumerate((("NF4", normal_levels()), ("uniform", uniform_levels()))):
        y = -0.12 - 0.16 * i
        axes.plot(levels, [y] * len(levels), "|", markersize=11, markeredgewidth=2, color=plots.PALETTE[i], label=name)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set(xlabel="number over the largest of its block", ylabel="density", xlim=(-1.05, 1.05))
    axes.legend(fontsize="small")
    return fig


def relative_error(x: torch.Tensor, levels: torch.Tensor, block: int) -> float:
    """The root of the mean squared error that blocks make, over the root mean square of the numbers."""
    made = dequantise(*quantise(x, levels, block), levels)
    return float((made - x.reshape(-1, block)).square().mean().sqrt() / x.square().mean().sqrt())
