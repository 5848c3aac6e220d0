"""What is about to be learnt from, for a reader to look at before the first step: a table, and what looks wrong."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np
from transformers import PreTrainedTokenizerBase

from pyft.data.from_files import Gathered
from pyft.data.label_checks import classes_of
from pyft.finetune.batches import tokenize

SPLITS = ("train", "validation", "test")
MOST = 30  # classes that are listed
UNKNOWN = 0.2  # of all pieces, beyond which a tokenizer is not for these texts
FEW = 30  # rows of a test, with which an interval is a third of the scale wide
CUT = 0.1  # of all texts, beyond which `max_length` is worth a thought

Table = list[list[str]]


def data_table(data: Gathered, tokenizer: PreTrainedTokenizerBase, max_length: int) -> tuple[Table, list[str]]:
    """Rows, lengths, cut and dropped rows and classes of each split, the first row their names; and warnings."""
    rows = data.splits
    read = "tokens" if data.task == "token-classification" else "text"
    pieces = {name: tokenize(tokenizer, [row[read] for row in rows[name]], 10**6) for name in SPLITS}
    lengths = {name: [len(row["input_ids"]) for row in some] for name, some in pieces.items()}
    cut = {name: sum(n > max_length for n in some) for name, some in lengths.items()}
    unknown = {name: share_unknown(tokenizer, some) for name, some in pieces.items()}
    left_out = {name: sum(data.left_out.get(name, {}).values()) for name in SPLITS}
    table = [
        ["", *SPLITS],
        _line("rows", {name: len(rows[name]) for name in SPLITS}),
        _line("left out", left_out),
        _line("tokens, median", {name: median(some) for name, some in lengths.items()}),
        _line("tokens, longest", {name: max(some) for name, some in lengths.items()}),
        _line(f"cut at {max_length} tokens", cut),
        ["pieces unknown (%)", *(f"{100 * unknown[name]:.1f}" for name in SPLITS)],
        *_labels(data),
    ]
    warnings = []
    if unknown["train"] > UNKNOWN:
        warnings.append(
            f"{100 * unknown['train']:.0f} % of the pieces of the training texts are unknown to the tokenizer: the "
            "model was hardly trained on this language or script. Name another with --model."
        )
    if cut["train"] > CUT * len(rows["train"]):
        of = f"{cut['train']:,} of {len(rows['train']):,} training texts"
        warnings.append(f"longer than {max_length} tokens, and cut there: {of}. --max-length reads more.")
    if len(rows["test"]) < FEW:
        warnings.append(
            f"rows of the test: {len(rows['test']):,}. Its scores say little: label more, or give --test a file."
        )
    return table, warnings


def share_unknown(tokenizer: PreTrainedTokenizerBase, rows: Sequence[Mapping[str, Any]]) -> float:
    """Of all pieces, special tokens apart, the share that the tokenizer does not know."""
    special = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
    ids = [i for row in rows for i in row["input_ids"] if i not in special]
    return sum(i == tokenizer.unk_token_id for i in ids) / max(len(ids), 1)


def _labels(data: Gathered) -> Table:
    """A line a class, the commonest first; of ratings their mean and their ends."""
    if data.task == "regression":
        of = {name: [row["label"] for row in data.splits[name]] for name in SPLITS}
        words: dict[str, Callable[..., float]] = {
            "mean": np.mean,
            "standard deviation": np.std,
            "lowest": min,
            "highest": max,
        }
        return [[f"rating, {word}", *(f"{f(of[name]):.4g}" for name in SPLITS)] for word, f in words.items()]
    counts = {name: classes_of(data.splits[name], data.task) for name in SPLITS}
    known = [label for label, _ in sum(counts.values(), type(counts["train"])()).most_common()]
    lines = [_line(f"label {label}", {name: counts[name][label] for name in SPLITS}) for label in known[:MOST]]
    if rest := known[MOST:]:
        lines.append(
            _line(f"{len(rest)} more labels", {name: sum(counts[name][label] for label in rest) for name in SPLITS})
        )
    return lines


def _line(name: str, counts: Mapping[str, float]) -> list[str]:
    return [name, *(f"{counts[split]:,.10g}" for split in SPLITS)]


def as_text(table: Sequence[Sequence[str]]) -> str:
    """The table in columns, names on the left and numbers on the right."""
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    return "\n".join(
        row[0].ljust(widths[0]) + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in table
    )
