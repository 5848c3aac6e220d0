"""A report beside the model, in Markdown and HTML, and a model card: what it learnt from, how well, where it errs."""

import io
import platform
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import torch
import transformers
from datasets import Dataset
from huggingface_hub import ModelCardData
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pyft import __version__
from pyft.finetune import findings
from pyft.finetune.answers import Answers
from pyft.finetune.history import History
from pyft.finetune.markdown import Table, as_html, escape, table
from pyft.finetune.output_folder import OutputFolder
from pyft.finetune.scores import gold

CURVE = "learning_curve.svg"
BLUE, RED = "#0072B2", "#D55E00"  # Okabe & Ito 2008, as in the book's figures
PIPELINES = {"sequence-classification": "text-classification", "regression": "text-classification"}  # else as ours
MODELS_FOR = {
    "sequence-classification": "A model for classes of texts",
    "regression": "A model for ratings of texts",
    "token-classification": "A model for entities in texts",
}
METRICS = {  # as a reader sees them, and whether they are shares
    "accuracy": ("accuracy (%)", True),
    "macro_f1": ("macro F1 (%)", True),
    "f1": ("F1 (%)", True),
    "precision": ("precision (%)", True),
    "recall": ("recall (%)", True),
    "pearson_r": ("Pearson's r", False),
    "mse": ("mean squared error", False),
    "interval": ("95 % interval", False),
}
LINES = 12  # of measurements that are listed; the curve shows all
ERRORS = (
    "Entities that were found right; with right words but another kind; of the right kind with other words; with both "
    "wrong; missed; and invented."
)
TESTS = {
    "sequence-classification": "McNemar's exact test",
    "regression": "paired test of squared errors",
    "token-classification": "paired bootstrap",
}


def write_report(
    place: OutputFolder,
    card: Mapping[str, Any],
    data: Table,
    left_out: Sequence[str],
    history: History,
    test: Dataset,
    given: Answers,
    command: str,
) -> None:
    """Write `report.md`, `report.html`, the learning curve and the model card, `README.md`, into the folder."""
    curve = learning_curve(history)
    place.write(CURVE, curve.decode())
    text = report(card, data, left_out, history, test, given, command)
    place.write("report.md", text)
    place.write("report.html", as_html(text, {CURVE: curve}))
    place.write("README.md", model_card(card))


def report(
    card: Mapping[str, Any],
    data: Table,
    left_out: Sequence[str],
    history: History,
    test: Dataset,
    given: Answers,
    command: str,
) -> str:
    """The report, in Markdown. What comes from the data is escaped: it shows as it stands, and is no markup."""
    task, names = card["task"], card["labels"]
    y = gold(test, task, names)
    parts = [
        f"# {MODELS_FOR[task]}",
        summary(card["scores"], len(y)),
        *(escape(line) for line in test_lines(task, card["scores"])),
        "\n".join(f"- {escape(line)}" for line in [*card["advice"], *(f"WARNING: {w}" for w in card["warnings"])]),
        "## Data",
        table(data),
        "\n".join(f"- {escape(line)}" for line in left_out),
        "## Scores",
        f"On {len(y):,} test rows, of which the model learnt none. In 95 of 100 tests such an interval holds the true "
        "value.",
        table(score_lines(card["scores"])),
        "## Learning",
        f"![Training and validation loss by step.]({CURVE})",
        table(curve_lines(history)),
    ]
    if task != "regression":
        sure = findings.calibration_of(task, names, y, given.p)
        bins = [[f"{n:,}", f"{100 * s:.1f}", f"{100 * r:.1f}"] for n, s, r in sure.bins]
        parts += [
            "## Confusions",
            ERRORS if task == "token-classification" else "",
            table(findings.confusions(task, y, given.found)),
            "## Calibration",
            "How sure the model was of its answers, and how many of them were right. "
            f"The two differ by {100 * sure.error:.1f} points in the mean.",
            table([["answers", "sure (%)", "right (%)"], *bins]),
        ]
    errors = findings.worst(task, names, test, y, given.found, given.p)
    parts += [
        "## The errors furthest off",
        table(errors) if len(errors) > 1 else "There is none.",
        "## How it was made",
        f"    {command.splitlines()[0]}" if command else "",
        table([["", "value"], *([name, str(value)] for name, value in made_with(card).items())]),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def summary(scores: Mapping[str, Mapping[str, Any]], n: int) -> str:
    """The main figure of the model and of each rival, in one line."""
    said: list[str] = []
    for name, found in scores.items():
        metric = next(iter(found), "")
        if metric in METRICS and found[metric] is not None:
            told, share = METRICS[metric]
            value = f"{_number(found[metric], share)}{' %' * share}"
            if said:
                said.append(f"{escape(name)} {value}")
            else:
                said.append(f"**{told.removesuffix(' (%)')} {value}** ({_number(found['interval'], share)})")
    return f"On {n:,} test rows: {', '.join(said)}." if said else ""


def made_with(card: Mapping[str, Any]) -> dict[str, Any]:
    """What the model was made of and with."""
    versions = {"pyft": __version__, "torch": torch.__version__, "transformers": transformers.__version__}
    versions["Python"] = platform.python_version()
    return {name: card[name] for name in ("model", "profile", "seed")} | card["recipe"] | versions


def score_lines(scores: Mapping[str, Mapping[str, Any]]) -> Table:
    """A line a method, its metrics in columns; shares in percent."""
    found = {name: s for name, s in scores.items() if not name.startswith("against ")}
    metrics = list(found.get("model", {}))
    lines = [
        [name, *(_number(s.get(m), METRICS[m][1] or _shares(m, s)) for m in metrics)]
        for name, s in found.items()
        if "not made" not in s
    ]
    why = [
        [name, f"not made: {s['not made']}", *[""] * (len(metrics) - 1)] for name, s in found.items() if "not made" in s
    ]
    return [["", *(METRICS[m][0] for m in metrics)], *lines, *why]


def _shares(metric: str, scores: Mapping[str, Any]) -> bool:
    """Whether this is the interval of a share."""
    return metric == "interval" and "pearson_r" not in scores


def test_lines(task: str, scores: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A sentence for each rival of the paired tests."""
    said = []
    for name, found in scores.items():
        if not name.startswith("against "):
            continue
        if "p" in found:
            numbers = f"p = {found['p']:g}"
        else:
            what, by = next((key, value) for key, value in found.items() if key.endswith(" by"))
            share = what.startswith("f1")
            of, interval = ("F1" if share else "mean squared error"), _number(found["interval"], share)
            change = "gain" if share else "fall"
            numbers = f"{change} in {of}: {_number(by, share)}{' points' * share}, 95 % interval {interval}"
        said.append(
            f"The model against {name.removeprefix('against ')}: {found['verdict']} ({TESTS[task]}, {numbers})."
        )
    return said


def _number(value: Any, share: bool = False) -> str:
    if isinstance(value, list):
        return " to ".join(_number(x, share) for x in value)
    return "" if value is None else f"{100 * value:.1f}" if share else f"{value:.4g}"


def curve_lines(history: History) -> Table:
    """A line a measurement: step, losses, score; the step whose weights came back is marked. Of very many, some."""
    lines = list(zip(history.steps, history.train_loss, history.validation_loss, history.validation_score, strict=True))
    every, last = -(-len(lines) // LINES), len(lines) - 1
    kept = [(n, *of) for i, (n, *of) in enumerate(lines) if i % every == every - 1 or i == last or n == history.best]
    return [
        ["step", "training loss", "validation loss", "validation score"],
        *([f"{n} (kept)" if n == history.best else str(n), *(f"{x:.4g}" for x in of)] for n, *of in kept),
    ]


def learning_curve(history: History) -> bytes:
    """The losses by step, as SVG: the same bytes for the same run."""
    figure = Figure(figsize=(5.6, 3.4), layout="constrained", facecolor="white")
    axes = figure.subplots()
    axes.plot(history.steps, history.train_loss, "o-", color=BLUE, label="training")
    axes.plot(history.steps, history.validation_loss, "s--", color=RED, label="validation")
    if history.best is not None:
        axes.axvline(history.best, color="0.6", linewidth=1, linestyle=":", label="kept")
    axes.set(xlabel="step (batches)", ylabel="loss", xlim=(0, None))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    drawn = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "pyft"}):
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    return drawn.getvalue()


def how_it_ended(history: History, epochs: int, steps: int) -> list[str]:
    """Whether training, of so many `steps` an epoch, stopped early, or the validation loss fell until the end.

    It still fell if it did so by a hundredth or more in the last epoch.
    """
    loss, done = history.validation_loss, len(history.losses) / steps  # measured twice an epoch, or at each step
    if done < epochs:
        kept = f"; the weights are those after {history.best / steps:.1f}" if history.best else ""
        return [f"Training stopped after {done:.1f} of {epochs} epochs, as the validation loss fell no more{kept}."]
    if len(loss) < 3 or not history.improved() or loss[-1] > 0.99 * loss[-3]:
        return []
    return [f"The validation loss was still falling when training ended: try --epochs {2 * epochs}."]


def model_card(card: Mapping[str, Any]) -> str:
    """The card that the hub and its users read, with labels, rows, scores, limits and how to use the model."""
    task = PIPELINES.get(card["task"], card["task"])
    about = ModelCardData(library_name="transformers", pipeline_tag=task, tags=["pyft", card["task"]])
    labels = ", ".join(map(escape, card["labels"]))
    rows = "{train:,} rows to learn from, {validation:,} to validate and {test:,} to test".format(**card["rows"])
    how = ', aggregation_strategy="first"' if task == "token-classification" else ""
    parts = [
        f"---\n{about.to_yaml()}\n---",
        f"# {MODELS_FOR[card['task']]}",
        f"It begins with `{card['model']}` and was fine-tuned on labelled texts: {rows}."
        + (f" Its labels are {labels}." if card["task"] != "regression" else " It answers with a number."),
        table(score_lines(card["scores"])),
        *(escape(line) for line in test_lines(card["task"], card["scores"])),
        f"It reads {card['max_length']} tokens of a text, and was tested on texts like those that it learnt from "
        "alone: on others, measure it first. What is wrong in its data, it has learnt. The report beside this card "
        "shows its errors.",
        f'    from transformers import pipeline\n    model = pipeline("{task}", "THIS/FOLDER"{how})',
        "\n".join(f"- {escape(line)}" for line in card["warnings"]),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"
