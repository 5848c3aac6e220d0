"""One style for every figure and table of the book: colour-blind safe, axes named with units."""

import html
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from IPython.display import HTML
from numpy.typing import ArrayLike

from pyft.finetune.history import History

PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]  # Okabe & Ito 2008
Measured = tuple[Sequence[float], Sequence[float]]  # as measured, by formula


def style() -> None:
    """Set the book's style. White ground, so that a figure is legible on a dark page too."""
    sns.set_theme(style="whitegrid", palette=PALETTE, font_scale=1.0)
    mpl.rcParams.update(
        {
            "figure.figsize": (5.4, 3.4),  # no wider: on a phone its letters would be too small
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": "medium",
            "legend.edgecolor": "none",
            "legend.framealpha": 0.85,  # else lines of the grid run through its words
        }
    )


def learning_curve(history: History, baseline: float | None = None, baseline_name: str = "baseline") -> Any:
    """Loss and validation accuracy over the steps of a run; a dashed line for the baseline."""
    style()
    fig, (top, bottom) = plt.subplots(2, 1, figsize=(5.4, 5.8))  # above each other: legible on a phone
    top.plot(history.steps, history.train_loss, marker="o", label="training (mean since last point)")
    top.plot(history.steps, history.validation_loss, marker="s", label="validation")
    top.set(xlabel="step (batches)", ylabel="cross-entropy (nats)", ylim=(0, None))
    top.legend()
    bottom.plot(
        history.steps, [100 * a for a in history.validation_score], marker="s", color=PALETTE[1], label="fine-tuned"
    )
    if baseline is not None:
        bottom.axhline(100 * baseline, color=PALETTE[6], linestyle="--", linewidth=1, label=baseline_name)
        bottom.legend(loc="upper left")
        bottom.margins(y=0.35)  # room for the legend above the curve
    bottom.set(xlabel="step (batches)", ylabel="validation accuracy (%)")
    return fig


def growth(T: Sequence[int], seconds: Mapping[str, Measured], kept: Mapping[str, Measured]) -> Any:
    """Time and memory of some modules over the length of the text T: measured as points, by formula as lines.

    `seconds` and `kept` (bytes) map a module's name to `(measured, by formula)`, a value for each length. Both axes are
    logarithmic: a power of T is a straight line, and its exponent the slope.
    """
    style()
    fig, panels = plt.subplots(2, 1, figsize=(5.4, 6.2))
    mib = {name: [[x / 2**20 for x in values] for values in pair] for name, pair in kept.items()}
    for axes, pairs, what in [(panels[0], seconds, "time (s)"), (panels[1], mib, "kept for backward (MiB)")]:
        for (name, (measured, formula)), colour, marker in zip(pairs.items(), PALETTE, "osD^vP*", strict=False):
            axes.plot(T, formula, color=colour, label=f"{name}, by formula")
            axes.plot(T, measured, marker, color=colour, label=f"{name}, measured")
        axes.set(xscale="log", yscale="log", xlabel="length T (tokens)", ylabel=what)
        axes.set_xticks(T, labels=[str(t) for t in T])
        axes.minorticks_off()
    panels[0].legend(fontsize="small")
    return fig


def confusion_matrix(counts: ArrayLike, names: Sequence[str]) -> Any:
    """Counts (K, K), rows the true label, columns the predicted one, with the share of the row below each count."""
    style()
    table = np.asarray(counts)
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)  # a label that never occurs: shares of 0
    text = np.array([[f"{n}\n{s:.0%}" for n, s in zip(*row, strict=True)] for row in zip(table, share, strict=True)])
    fig, axes = plt.subplots(figsize=(4.2, 3.4))
    sns.heatmap(
        share,
        annot=text,
        fmt="",
        cmap="cividis",
        vmin=0,
        vmax=1,
        ax=axes,
        cbar_kws={"label": "share of the true label"},
        xticklabels=names,
        yticklabels=names,
    )
    legible(axes)
    axes.set(xlabel="predicted label", ylabel="true label")
    axes.tick_params(axis="y", rotation=0)
    return fig


def legible(axes: Any) -> None:
    """Write the figures in a heatmap's cells in black or white, whichever has more contrast (WCAG 2.2, 1.4.3)."""
    for text, colour in zip(axes.texts, axes.collections[0].get_facecolors(), strict=True):
        text.set_color("black" if sns.utils.relative_luminance(colour) > 0.179 else "white")


FIGURES = re.compile(r"[-+]?\d[\d,.]*(?:e[-+]?\d+)?(?: ?%)?|")
RANGES = re.compile(r"(?=.*\d)(?:[-+\d.,()%: ]|to)+")  # a figure and its interval
POWER = re.compile(r"([-+]?\d[\d.]*)e([-+]?)0*(\d+)")


def table(rows: Sequence[Sequence[Any]], columns: Sequence[str], caption: str = "", code: Collection[int] = ()) -> HTML:
    """An HTML table. Every cell is escaped, since texts come from data sets; `$` in them does not start a formula.

    Columns whose numbers are in `code` hold lines of code. One of figures alone stands on the right.
    """
    numeric = [all(_is_figure(row[j]) for row in rows) for j in range(len(columns))]
    align = ["right" if n else "left" for n in numeric]
    head = "".join(
        f'<th scope="col" style="text-align:{a}">{html.escape(str(c))}</th>'
        for c, a in zip(columns, align, strict=True)
    )
    align = ["code" if j in code else a for j, a in enumerate(align)]
    body = "".join("<tr>" + "".join(_cell(v, a) for v, a in zip(row, align, strict=True)) + "</tr>\n" for row in rows)
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return HTML(
        '<div class="tex2jax_ignore mathjax_ignore" style="overflow-x:auto">'
        f'<table class="dataframe">{title}<thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></div>'
    )


def _is_figure(value: Any) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and FIGURES.fullmatch(value) is not None)


def _cell(value: Any, align: str) -> str:
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        text = f"{value:,}"
    if align == "code":
        style = "text-align:left;min-width:18em;font-family:monospace;white-space:pre-wrap;overflow-wrap:anywhere"
        return f'<td style="{style}">{_breakable(text)}</td>'
    short = len(text) <= (26 if RANGES.fullmatch(text) else 12)  # a browser would break -1.2 at its minus
    wrap = ";white-space:nowrap" if short else ""
    return f'<td style="text-align:{align}{wrap}">{_figures(text)}</td>'


def _figures(text: str) -> str:
    """A cell's text as HTML: a minus where there are figures alone, and powers of ten raised."""
    if power := POWER.fullmatch(text):
        digits, sign, exponent = power.groups()
        return f"{digits.replace('-', '−')}&nbsp;·&nbsp;10<sup>{'−' if sign == '-' else ''}{exponent}</sup>"
    return _breakable(text.replace("-", "−") if RANGES.fullmatch(text) else text)


def _breakable(text: str) -> str:
    """A text as HTML in which a long name may go on in the next line after each `_`."""
    return re.sub(r"\w{12,}", lambda name: name[0].replace("_", "_<wbr>"), html.escape(text))
