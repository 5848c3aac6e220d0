"""A report beside the model, in Markdown and HTML, and a model card: what it learnt from, how well, where it errs."""

import html
import platform
import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import transformers
from datasets import Dataset
from huggingface_hub import ModelCardData
from markdown_it import MarkdownIt
from matplotlib.figure import Figure

from pyft import __version__
from pyft.finetune import findings
from pyft.finetune.answers import Answers
from pyft.finetune.history import History
from pyft.finetune.output_folder import OutputFolder
from pyft.finetune.scores import gold

Table = Sequence[Sequence[str]]
CURVE = "learning_curve.svg"
PIPELINES = {"sequence-classification": "text-classification", "regression": "text-classification"}  # else as ours
STYLE = """
body { max-width: 60em; margin: 2em auto; font-family: sans-serif }
table { border-collapse: collapse }
td, th { border: 1px solid #bbb; padding: .2em .6em }
code { overflow-wrap: anywhere }
"""


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
    with place.adding() as beside:
        learning_curve(history).savefig(beside / CURVE, metadata={"Date": None})
    text = report(card, data, left_out, history, test, given, command)
    place.write("report.md", text)
    place.write("report.html", as_html(text))
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
    notes = [*left_out, *(f"WARNING: {line}" for line in card["warnings"])]
    parts = [
        f"# A model for {task}",
        "\n".join(f"- {escape(line)}" for line in card["advice"]),
        "## Data",
        table(data),
        "\n".join(f"- {escape(line)}" for line in notes),
        "## Scores",
        f"On {len(y):,} test rows; intervals hold the true value in 95 of 100 tests.",
        table(score_lines(card["scores"])),
        *(f"Against {escape(name)}: **{found['verdict']}**." for name, found in verdicts(card["scores"]).items()),
        "## Learning",
        f"![Training and validation loss by step.]({CURVE})",
        table(curve_lines(history)),
    ]
    if task != "regression":
        sure = findings.calibration_of(task, names, y, given.p)
        bins = [[str(n), f"{100 * s:.1f}", f"{100 * r:.1f}"] for n, s, r in sure.bins]
        parts += [
            "## Confusions",
            table(findings.confusions(task, y, given.found)),
            "## Calibration",
            f"What the model holds probable differs from what is right by {100 * sure.error:.1f} points in the mean.",
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


def made_with(card: Mapping[str, Any]) -> dict[str, Any]:
    """What the model was made of and with."""
    versions = {"pyft": __version__, "torch": torch.__version__, "transformers": transformers.__version__}
    versions["Python"] = platform.python_version()
    return {name: card[name] for name in ("model", "profile", "seed")} | card["recipe"] | versions


def score_lines(scores: Mapping[str, Mapping[str, Any]]) -> Table:
    """A line a method, its metrics in columns."""
    found = {name: s for name, s in scores.items() if not name.startswith("against ")}
    metrics = list(found["model"])
    return [
        ["", *metrics],
        *([name, *(_number(s.get(m)) for m in metrics)] for name, s in found.items() if "not made" not in s),
        *(
            [name, f"not made: {s['not made']}", *[""] * (len(metrics) - 1)]
            for name, s in found.items()
            if "not made" in s
        ),
    ]


def verdicts(scores: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The paired tests, by the name of the rival."""
    return {name.removeprefix("against "): s for name, s in scores.items() if name.startswith("against ")}


def _number(value: Any) -> str:
    return " to ".join(f"{x:g}" for x in value) if isinstance(value, list) else "" if value is None else f"{value:g}"


def curve_lines(history: History) -> Table:
    """A line a measurement: step, losses, score; the step whose weights came back is marked."""
    lines = zip(history.steps, history.train_loss, history.validation_loss, history.validation_score, strict=True)
    return [
        ["step", "training loss", "validation loss", "validation score"],
        *([f"{n} (kept)" if n == history.best else str(n), *(f"{x:.4g}" for x in found)] for n, *found in lines),
    ]


def learning_curve(history: History) -> Figure:
    """The losses by step."""
    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.plot(history.steps, history.train_loss, "o-", label="training")
    axes.plot(history.steps, history.validation_loss, "s--", label="validation")
    axes.set(xlabel="step", ylabel="loss")
    axes.legend()
    return figure


def still_falling(history: History, epochs: int) -> list[str]:
    """Advice, if the validation loss fell until the end, by a hundredth or more in the last epoch."""
    loss = history.validation_loss  # measured twice an epoch
    if len(loss) < 3 or not history.improved() or loss[-1] > 0.99 * loss[-3]:
        return []
    return [f"The validation loss was still falling when training ended: try --epochs {2 * epochs}."]


def model_card(card: Mapping[str, Any]) -> str:
    """The card that the hub and its users read, with labels, rows, scores, limits and how to use the model."""
    task = PIPELINES.get(card["task"], card["task"])
    about = ModelCardData(library_name="transformers", pipeline_tag=task, tags=["pyft", card["task"]])
    labels = ", ".join(map(escape, card["labels"]))
    rows = ", ".join(f"{n:,} for {'training' if name == 'train' else name}" for name, n in card["rows"].items())
    parts = [
        f"---\n{about.to_yaml()}\n---",
        f"# A model for {card['task']}",
        f"It begins with `{card['model']}` and was fine-tuned on a file of labelled texts: {rows} rows."
        + (f" Its labels are {labels}." if card["task"] != "regression" else " It answers with a number."),
        table(score_lines(card["scores"])),
        f"It reads {card['max_length']} tokens of a text, and was tested on texts like those that it learnt from "
        "alone: on others, measure it first. What is wrong in its data, it has learnt. The report beside this card "
        "shows its errors.",
        f'    from transformers import pipeline\n    model = pipeline("{task}", "THIS/FOLDER")',
        "\n".join(f"- {escape(line)}" for line in card["warnings"]),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


# --- Markdown ---------------------------------------------------------------------------------------------------------


def escape(text: Any) -> str:
    """A text that Markdown shows as it stands: marks escaped, no line break or control character, cut if long."""
    plain = "".join(c if c.isprintable() or c in "\u200d\ufe0f" else " " for c in str(text))
    plain = plain if len(plain) <= 200 else plain[:199] + "…"
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", plain)


def table(rows: Table) -> str:
    """A table, the first row its head; cells are escaped."""
    head, *lines = ([escape(cell) or " " for cell in row] for row in rows)
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *lines))


def as_html(text: str) -> str:
    """The same as a page of HTML, in which raw HTML has no effect."""
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    title = html.escape(text.partition("\n")[0].lstrip("# "))
    head = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}</body></html>\n'
