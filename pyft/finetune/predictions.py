"""Answers to a file of texts, written into a file with their probabilities."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pyft.data.file_formats import decode, read_file
from pyft.data.row_checks import shown
from pyft.errors import PyftError
from pyft.finetune.answers import Answers
from pyft.finetune.batches import tokenize
from pyft.finetune.saved import SavedModel
from pyft.paths import try_place, write_atomically

SHOWN = 5  # texts that are named


def read_texts(path: Path, task: str, column: str | None = None) -> list[Any]:
    """The texts of a file, or their words where words have tags: one a row, or one a line of a .txt file.

    Raises:
        PyftError: a file that cannot be read, or a row without a text; it names the first ones.
    """
    words = task == "token-classification"
    if path.suffix.lower() == ".txt" and path.is_file():
        return [line.split() if words else line for line in decode(path).splitlines() if line.strip()]
    name = column or ("tokens" if words else "text")
    texts, problems = [], []
    for where, row in read_file(path, [name], words):
        text = row[name] if isinstance(row, dict) else None
        if isinstance(row, str):
            problems.append(f"{where}: {row}")
        elif not isinstance(text, list if words else str) or not all(isinstance(w, str) for w in text):
            problems.append(f"{where}: {name} is {shown(text)}, expected {'a list of words' if words else 'a string'}")
        elif not any(part.strip() for part in text):
            problems.append(f"{where}: the text is empty")
        else:
            texts.append(text)
    if problems:
        more = f"\n  and {len(problems) - SHOWN:,} more" if len(problems) > SHOWN else ""
        raise PyftError(f"{path}:\n  " + "\n  ".join(problems[:SHOWN]) + more)
    if not texts:
        raise PyftError(f"{path}: no texts. Expected at least one in {name}.")
    return texts


def check_place(out: Path) -> None:
    """Refuse a file that is there, of an unknown kind, or that cannot be written. Raises `PyftError`."""
    if out.suffix.lower() not in (".csv", ".jsonl"):
        raise PyftError(f"{out}: expected a .csv or .jsonl file for answers, found {out.suffix or 'no suffix'}.")
    if out.exists():
        raise PyftError(f"{out} is there already, and nothing is written over. Name a new file.")
    try_place(out)


def cut_texts(saved: SavedModel, texts: Sequence[Any]) -> Iterator[str]:
    """Lines that say which texts were longer than the model reads; of tagged texts, the words that were not read."""
    limit, tokenizer = saved.card["max_length"], saved.loaded[1]
    if saved.card["task"] == "token-classification":
        for i, words in enumerate(saved.not_read(texts), start=1):
            if words:
                yield f"text {i}: {len(words):,} words beyond {limit} tokens were not read and are O: {_first(words)}"
        return
    long = [i for i, row in enumerate(tokenize(tokenizer, texts, 10**6), start=1) if len(row["input_ids"]) > limit]
    if long:
        yield f"{len(long):,} texts are longer than {limit} tokens and were cut there: {_first(list(map(str, long)))}"


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def write(out: Path, saved: SavedModel, texts: Sequence[Any], given: Answers) -> None:
    """Write the answers: a row a text, or a row a word, with the probability of each class, or of the word's tag.

    Raises:
        PyftError: the file cannot be written, as on a full disk.
    """
    kind = _of_words if saved.card["task"] == "token-classification" else _of_texts
    rows = list(kind(saved, texts, given))
    text = io.StringIO()
    if out.suffix.lower() == ".jsonl":
        text.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    else:
        table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    try:
        write_atomically(out, text.getvalue())
    except OSError as error:
        raise PyftError(
            f"could not write {out}: {error.strerror or error}. Make room, or name another file with --out."
        ) from error


def _of_texts(saved: SavedModel, texts: Sequence[str], given: Answers) -> Iterator[dict[str, Any]]:
    for i, (text, found) in enumerate(zip(texts, given.found, strict=True)):
        p = {} if given.p is None else dict(zip(saved.card["labels"], given.p[i].tolist(), strict=True))
        yield {"text": text, "found": found} | {f"p({name})": round(x, 4) for name, x in p.items()}


def _of_words(saved: SavedModel, texts: Sequence[Any], given: Answers) -> Iterator[dict[str, Any]]:
    units = saved.units(texts)
    unread = saved.not_read(texts)
    for i, (words, tags) in enumerate(zip(units, given.found, strict=True)):
        number = {name: k for k, name in enumerate(saved.card["labels"])}
        for w, (word, tag) in enumerate(zip(words, tags, strict=True)):
            p = round(float(given.p[i][w][number[tag]]), 4)
            read = w < len(words) - len(unread[i])
            yield {"text": i + 1, "word": w + 1, "token": word, "found": tag, "p": p, "read": read}
