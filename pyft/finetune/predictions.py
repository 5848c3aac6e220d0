"""Answers to a file of texts, written into a file with their probabilities."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pyft.data.file_formats import DOCUMENT, decode, read_file
from pyft.data.row_checks import shown
from pyft.data.tag_schemes import is_tag
from pyft.data.unclosed_quotes import refuse_unclosed
from pyft.errors import PyftError
from pyft.finetune.answers import Answers
from pyft.finetune.batches import tokenize
from pyft.finetune.saved import SavedModel
from pyft.paths import try_place, write_atomically

SHOWN = 5  # texts that are named
COLUMNS = (".conll", ".iob", ".iob2", ".bio", ".tsv", ".txt")  # a word a line
ENDLESS = 10**6  # tokens: where nothing is cut


def read_texts(path: Path, task: str, column: str | None = None) -> list[Any]:
    """The texts of a file, or their words where words have tags: one a row, or one a line of a .txt file.

    A .txt file of words with their tags is read as `pyft finetune` reads it: a word a line.

    Raises:
        PyftError: a file that cannot be read, a row without a text or with several rows in it; it names the first ones.
    """
    words, kind = task == "token-classification", path.suffix.lower()
    name = column or ("tokens" if words else "text")
    wanted = [name]
    if (kind == ".txt" or (words and kind in COLUMNS)) and path.is_file():
        lines = [line.removesuffix("\r") for line in decode(path).split("\n")]
        if words and _are_tagged(lines):
            wanted = [name, "tags"]
        elif kind == ".txt":
            return [line.split() if words else line for line in lines if line.strip()]
        else:
            _refuse_comments(path, lines)
    texts, problems = [], []
    for where, row in read_file(path, wanted, words):
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
    if not words:
        refuse_unclosed(path, [name])
    return texts


def _are_tagged(lines: Sequence[str]) -> bool:
    """Whether lines are words with their tags, as of CoNLL, and no sentences: most end in a tag."""
    rows = [line.split() for line in lines if line.strip() and not line.startswith(("#", DOCUMENT))]
    return 2 * sum(len(row) > 1 and is_tag(row[-1]) for row in rows) > len(rows)


def _refuse_comments(path: Path, lines: Sequence[str]) -> None:
    """Refuse comments among words without tags, where they would be read as words. Raises `PyftError`."""
    for number, line in enumerate(lines, start=1):
        if line.startswith("# ") and not is_tag(line.split()[-1]) and len(line.split()) > 1:
            raise PyftError(
                f"{path}, line {number}: {shown(line)} would be the word '#': comments are left out only where words "
                "have tags. Take it out, or give the words as lists in .jsonl."
            )


def check_place(out: Path) -> None:
    """Refuse a file that is there, of an unknown kind, or that cannot be written. Raises `PyftError`."""
    if out.suffix.lower() not in (".csv", ".jsonl"):
        raise PyftError(f"{out}: expected a .csv or .jsonl file for answers, found {out.suffix or 'no suffix'}.")
    if out.exists():
        raise PyftError(f"{out} is there already, and nothing is written over. Name a new file.")
    try_place(out)


def cut_texts(saved: SavedModel, texts: Sequence[Any]) -> Iterator[str]:
    """Lines that say which texts were longer than the model reads; of tagged texts, the words that were not read."""
    limit = saved.card["max_length"]
    if saved.card["task"] == "token-classification":
        for i, words in enumerate(saved.not_read(texts), start=1):
            if words:
                yield f"text {i}: {len(words):,} words beyond {limit} tokens were not read and are O: {_first(words)}"
        return
    long = [i for i, n in enumerate(unread(saved, texts), start=1) if n]
    if long:
        yield f"{len(long):,} texts are longer than {limit} tokens and were cut there: {_first(list(map(str, long)))}"


def unread(saved: SavedModel, texts: Sequence[Any]) -> list[int]:
    """How much of each text's end is not read: so many words, or so many tokens of a text that has one answer.

    Words that the tokenizer drops count like the others, so this is more than the length of `SavedModel.not_read`.

    Raises:
        PyftError: a text that is empty, or that no encoding can write.
    """
    asked, tokenizer, limit = saved.units(texts), saved.loaded[1], saved.card["max_length"]
    whole = tokenize(tokenizer, asked, ENDLESS)
    if saved.card["task"] != "token-classification":
        return [max(0, len(row["input_ids"]) - limit) for row in whole]
    last = [max(row["words"], default=-1) for row in tokenize(tokenizer, asked, limit)]
    return [
        len(words) - (n + 1) if max(row["words"], default=-1) > n else 0
        for words, row, n in zip(asked, whole, last, strict=True)
    ]


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def write(out: Path, saved: SavedModel, texts: Sequence[Any], given: Answers) -> None:
    """Write the answers: a row a text, or a row a word, with the probability of each class, or of the word's tag.

    Raises:
        PyftError: the file cannot be written, as on a full disk.
    """
    kind = _of_words if saved.card["task"] == "token-classification" else _of_texts
    rows = list(kind(saved, texts, given))
    if out.suffix.lower() == ".jsonl":
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    else:
        text = "".join(_line(fields) for fields in (list(rows[0]), *(row.values() for row in rows)))
    try:
        write_atomically(out, text)
    except OSError as error:
        raise PyftError(
            f"could not write {out}: {error.strerror or error}. Make room, or name another file with --out."
        ) from error


def _line(fields: Iterable[Any]) -> str:
    """A line of CSV. Before Python 3.13 a lone \\r is quoted only if lines end in it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(fields)
    return text.getvalue().removesuffix("\r\n") + "\n"


def _of_texts(saved: SavedModel, texts: Sequence[str], given: Answers) -> Iterator[dict[str, Any]]:
    for i, (text, found) in enumerate(zip(texts, given.found, strict=True)):
        p = {} if given.p is None else dict(zip(saved.card["labels"], given.p[i].tolist(), strict=True))
        yield {"text": text, "found": found} | {f"p({name})": round(x, 4) for name, x in p.items()}


def _of_words(saved: SavedModel, texts: Sequence[Any], given: Answers) -> Iterator[dict[str, Any]]:
    units = saved.units(texts)
    beyond = unread(saved, units)
    for i, (words, tags) in enumerate(zip(units, given.found, strict=True)):
        number = {name: k for k, name in enumerate(saved.card["labels"])}
        for w, (word, tag) in enumerate(zip(words, tags, strict=True)):
            p = round(float(given.p[i][w][number[tag]]), 4)
            read = w < len(words) - beyond[i]
            yield {"text": i + 1, "word": w + 1, "token": word, "found": tag, "p": p, "read": read}
