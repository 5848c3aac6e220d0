"""From one format of labelled files to another. What was written is read again, and kept only if no row was changed.

texts with a class    .csv, .tsv, .jsonl, .json     `text` and `label`
words with tags       .conll, .iob, .bio, .txt      a word and its tag a line; IOB1, IOB2 or BIOES
                      .jsonl, .json                 `tokens` and `tags`
entities by offset    .jsonl, .json                 `text`, `spans`, and `tokens` if the words are given
"""

import contextlib
import csv
import io
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from pyft.data import from_files, left_out
from pyft.data.entities import Entity, from_iob2, to_entities, to_tags, word_offsets
from pyft.data.file_formats import decode, read_file
from pyft.data.from_files import SHOWN, USUAL, Layout
from pyft.data.iob2 import spans, split_tag
from pyft.data.row_checks import broken, shown
from pyft.data.splits import Row
from pyft.data.tag_schemes import SCHEMES
from pyft.data.unclosed_quotes import refuse_unclosed
from pyft.errors import PyftError, unknown
from pyft.paths import try_place, write_atomically

TEXTS, WORDS, SPANS = "texts with a class", "words with tags", "entities by offset"
SUFFIXES = {
    TEXTS: (".csv", ".tsv", ".jsonl", ".json"),
    WORDS: (".conll", ".iob", ".iob2", ".bio", ".txt", ".jsonl", ".json"),
    SPANS: (".jsonl", ".json"),
}


@dataclass(frozen=True)
class Converted:
    """What became of a file."""

    rows: int
    what: str
    labels: Counter[str]
    merged: list[str]  # labels that cannot be told apart any more
    left_out: list[str]  # what of the source is neither text nor label

    def said(self) -> str:
        """Say it in up to three lines, or more if labels were merged."""
        counts = ", ".join(f"{label} ({n:,})" for label, n in sorted(self.labels.items())) or "none"
        lines = [f"{self.rows:,} rows of {self.what}; labels: {counts}", *self.merged]
        lines += [f"left out: {'; '.join(self.left_out)}"] if self.left_out else []
        return "\n".join(lines)


# --- reading ----------------------------------------------------------------------------------------------------------


def kind_of(path: Path) -> str:
    """What a file holds: by its suffix, and a file of JSON by the names in its first object."""
    if path.suffix.lower() in SUFFIXES[WORDS] and path.suffix.lower() not in SUFFIXES[TEXTS]:
        return WORDS
    names = _first_names(path) if path.suffix.lower() in (".jsonl", ".json", ".ndjson") else set()
    return SPANS if "spans" in names else WORDS if "tokens" in names else TEXTS


def _first_names(path: Path) -> set[str]:
    content = decode(path)
    with contextlib.suppress(ValueError, RecursionError):  # what is wrong with it the reader will say
        first, _ = json.JSONDecoder().raw_decode(content, content.index("{"))
        return set(first)
    return set()


def read(path: Path, layout: Layout = USUAL) -> list[Row]:
    """The rows of a file: `text` and `label`; or `text`, the `offsets` of its words, and their `tags` in IOB2.

    Raises:
        PyftError: the file is absent or malformed; names lines and reasons.
    """
    if not path.is_file():
        raise PyftError(f"{path}: there is no such file. Expected one to convert.")
    kind = kind_of(path)
    if kind == SPANS:
        return _read_spans(path)
    if kind == TEXTS:
        rows = from_files.read(path, "sequence-classification", layout)
        refuse_unclosed(path, layout.columns("sequence-classification"))
        return rows
    rows = from_files.read(path, "token-classification", layout)
    if any("\r" in tag for row in rows for tag in row["label"]):
        raise PyftError(f"{path}: lines that end as on an old Mac, so that all are one. Save it with line feeds (\\n).")
    return [{"text": row["text"], "offsets": _joined(row["tokens"]), "tags": list(row["label"])} for row in rows]


def _joined(tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Where words stand once they are joined by spaces."""
    found, at = [], 0
    for token in tokens:
        found.append((at, at + len(token)))
        at += len(token) + 1
    return found


def _read_spans(path: Path) -> list[Row]:
    rows, problems = [], []
    for where, found in read_file(path, _names_of_spans(path), words=False):
        try:
            rows.append(_of_spans(found))
        except PyftError as error:
            problems.append(f"{where}: {error}")
    if problems:
        more = f"\n  and {len(problems) - SHOWN:,} more" if len(problems) > SHOWN else ""
        raise PyftError(f"{path}:\n  " + "\n  ".join(problems[:SHOWN]) + more)
    return rows


def _names_of_spans(path: Path) -> list[str]:
    return [name for name in ("text", "spans", "tokens") if name in _first_names(path)]


def _of_spans(found: Row | str) -> Row:
    if isinstance(found, str):
        raise PyftError(found)
    text, given = found["text"], found["spans"]
    if not isinstance(text, str) or not text.strip() or broken(text):
        raise PyftError(f"the text is {shown(text)}, expected a string that is not empty, of Unicode characters")
    entities = []
    for item in _listed(given, "spans"):
        label = item.get("label")
        if not isinstance(label, str) or not label.strip():
            raise PyftError(f"a span's label is {shown(label)}, expected the name of a kind")
        entities.append(Entity(*_bounds(item, text), label))
    offsets = word_offsets(text)
    if "tokens" in found:
        offsets = [_bounds(item, text) for item in _listed(found["tokens"], "tokens")]
        if any(a[1] > b[0] for a, b in pairwise(offsets)):
            raise PyftError("tokens: one begins before the one before it ends; expected them in the text's order")
    return {"text": text, "offsets": offsets, "tags": to_tags(text, sorted(entities), offsets)}


def _listed(items: Any, name: str) -> list[Row]:
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise PyftError(f"{name}: expected a list of objects with start and end, found {shown(items)}")
    return items


def _bounds(item: Row, text: str) -> tuple[int, int]:
    start, end = item.get("start"), item.get("end")
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(text):
        raise PyftError(
            f"start {shown(start)}, end {shown(end)}: expected whole numbers, start before end, within the text's "
            f"{len(text)} characters"
        )
    return start, end


# --- writing ----------------------------------------------------------------------------------------------------------


def written(rows: Sequence[Row], kind: str, suffix: str, scheme: str = "iob2") -> str:
    """The content of a file of these rows.

    Raises:
        PyftError: files of this suffix do not hold this kind of rows.
    """
    if suffix not in SUFFIXES[kind]:
        raise PyftError(f"{kind} cannot be written as {suffix or 'a file without suffix'}: {', '.join(SUFFIXES[kind])}")
    objects: Iterator[Row] = map(_ROW[kind], rows, [scheme] * len(rows))
    if suffix in (".jsonl", ".json"):
        lines = [json.dumps(row, ensure_ascii=False) for row in objects]
        return "\n".join(lines) + "\n" if suffix == ".jsonl" else "[\n" + ",\n".join(lines) + "\n]\n"
    if kind == TEXTS:
        table = io.StringIO(newline="")
        writer = csv.writer(table, delimiter="," if suffix == ".csv" else "\t", lineterminator="\n")
        writer.writerows([("text", "label"), *((row["text"], row["label"]) for row in objects)])
        return table.getvalue()
    sentences = (zip(row["tokens"], row["tags"], strict=True) for row in objects)
    return "\n".join("".join(f"{word}\t{tag}\n" for word, tag in pairs) for pairs in sentences)


def _as_text(row: Row, _: str) -> Row:
    return {"text": row["text"], "label": row["label"]}


def _as_words(row: Row, scheme: str) -> Row:
    return {"tokens": [row["text"][s:e] for s, e in row["offsets"]], "tags": from_iob2(row["tags"], scheme)}


def _as_spans(row: Row, _: str) -> Row:
    tokens = [{"text": row["text"][s:e], "start": s, "end": e, "id": i} for i, (s, e) in enumerate(row["offsets"])]
    return {
        "text": row["text"],
        "tokens": tokens,
        "spans": [entity._asdict() for entity in to_entities(row["tags"], row["offsets"])],
    }


_ROW: dict[str, Callable[[Row, str], Row]] = {TEXTS: _as_text, WORDS: _as_words, SPANS: _as_spans}


# --- the whole way ----------------------------------------------------------------------------------------------------


def rename(rows: Sequence[Row], names: Mapping[str, str]) -> list[Row]:
    """The same rows with other names of classes or of kinds of entities.

    Raises:
        PyftError: a label of the rows has no new name.
    """
    if missing := sorted(_labels(rows).keys() - names.keys()):
        raise PyftError(f"no new name for the label {missing[0]!r}. Names are given for: {', '.join(sorted(names))}.")

    def of(tag: str) -> str:
        part, kind = split_tag(tag)
        return f"{part}-{names[kind]}" if kind else tag

    return [
        row | ({"tags": list(map(of, row["tags"]))} if "tags" in row else {"label": names[row["label"]]})
        for row in rows
    ]


def _labels(rows: Sequence[Row]) -> Counter[str]:
    return Counter(
        label for row in rows for label in ((s.kind for s in spans(row["tags"])) if "tags" in row else (row["label"],))
    )


def read_names(path: Path) -> dict[str, str]:
    """New names of labels: a file of one JSON object, `{"0": "negative", "1": "positive"}`. Raises `PyftError`."""
    try:
        names = json.loads(decode(path))
    except ValueError as error:
        raise PyftError(f"{path}: not JSON ({error}). Expected one object: old names, each with its new one.") from None
    if not isinstance(names, dict) or not all(isinstance(new, str) and new.strip() for new in names.values()):
        raise PyftError(f'{path}: expected one object of texts, such as {{"0": "negative", "1": "positive"}}.')
    return names


def convert(
    source: Path,
    target: Path,
    layout: Layout = USUAL,
    scheme: str = "iob2",
    by_offset: bool = False,
    names: Mapping[str, str] | None = None,
) -> Converted:
    """Write the rows of one file into another, of the format that its suffix says.

    `layout` says how the source calls its columns and writes its tags, `scheme` how tags are written; entities are
    written by offset if asked for. The new file is read again, and kept only if it says the same.

    Raises:
        PyftError: a malformed source, a target that exists or cannot hold these rows, or a place where nothing can be
            written; there is no new file then.
    """
    if target.exists():
        raise PyftError(f"{target} is there already. Delete it, or choose another name.")
    if scheme not in SCHEMES:
        raise unknown("scheme of tags", scheme, list(SCHEMES))
    rows = read(source, layout)
    kind = (SPANS if by_offset else WORDS) if "tags" in rows[0] else TEXTS
    if kind == TEXTS and by_offset:
        raise PyftError(f"{source} holds texts with a class each, and no entities that could have offsets.")
    before = _labels(rows)
    if names is not None:
        rows = rename(rows, names)
    merged = _merged(before, names) if names else []
    done = Converted(len(rows), kind, _labels(rows), merged, _left_out(source, kind, layout))
    content = written(rows, kind, target.suffix.lower(), scheme)
    try_place(target)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:  # beside it: a move is then a change of names alone
        part = Path(folder) / target.name
        write_atomically(part, content)
        _refuse_loss(rows, kind, part, target, scheme)
        part.replace(target)
    return done


def _left_out(source: Path, kind: str, layout: Layout) -> list[str]:
    """In words, what of the source the rows of this kind do not hold."""
    if kind == TEXTS:
        return left_out.of_texts(source, layout.columns("sequence-classification"))
    if kind_of(source) == WORDS:
        return left_out.of_words(source, layout.columns("token-classification"))
    between = ["what stands between words, white space too"] if kind == WORDS else []
    return [*left_out.of_spans(source, _names_of_spans(source)), *between]


def _merged(labels: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """In words, each new name that several labels share."""
    olds: dict[str, list[str]] = {}
    for label in sorted(labels):
        olds.setdefault(names[label], []).append(label)
    return [f"{' and '.join(old)} are both {new!r} now" for new, old in olds.items() if len(old) > 1]


def _refuse_loss(rows: Sequence[Row], kind: str, part: Path, target: Path, scheme: str) -> None:
    """Read what was written. Raises `PyftError` with the first row that comes back as another."""
    try:
        again = read(part, Layout(tags=scheme))
    except PyftError as error:
        reason = str(error).replace(str(part), target.name)
        raise PyftError(f"{target.suffix} cannot hold these rows. Try .jsonl. It would say: {reason}") from None
    same = _ROW[kind]
    pairs = [(same(a, "iob2"), same(b, "iob2")) for a, b in zip(rows, again, strict=False)]
    for number, (a, b) in enumerate(pairs, start=1):
        if a != b:
            raise PyftError(
                f"{target.suffix} cannot hold row {number}, try .jsonl: {shown(a)} would come back as {shown(b)}"
            )
    if len(rows) != len(again):
        raise PyftError(f"{target.suffix} cannot hold these rows, try .jsonl: {len(rows)} would be {len(again)}")
