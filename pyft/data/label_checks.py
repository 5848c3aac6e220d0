"""Labels that would make a wrong model without a word: two spellings of one class, classes that training never sees."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from pyft.data.iob2 import split_tag
from pyft.data.splits import Row
from pyft.errors import PyftError

MISSING = {"nan", "none", "null", "n/a", "na", "<na>", "nat", "nil", "undefined"}  # how programs spell what is missing
FEW = 5  # training rows, below which a class is named


def classes_of(rows: Iterable[Row], task: str) -> Counter[str]:
    """How often each class stands in some rows; of tags, how many entities of each kind begin."""
    if task == "token-classification":
        return Counter(split_tag(tag)[1] for row in rows for tag in row["label"] if tag.startswith("B-"))
    return Counter(row["label"] for row in rows)


def refuse_unfit(splits: Mapping[str, Sequence[Row]], task: str, left_out: str = "") -> None:
    """Refuse what no model can be trained on, or none that is right.

    Raises:
        PyftError: classes that look like one, one class (or rating) alone, classes that no training row has.
    """
    counts = {name: classes_of(rows, task) for name, rows in splits.items()}
    if task != "regression":
        _refuse_alike(sum(counts.values(), Counter()))
    known = counts["train"]
    if task == "token-classification":
        if not known:
            raise PyftError(f"split 'train' has no entity: all its words are O. Expected at least one.{left_out}")
        return
    if len(known) < 2:
        what = "rating" if task == "regression" else "label"
        raise PyftError(
            f"split 'train' has one {what} only ({next(iter(known))!r}): nothing can be learned from it. "
            f"Expected at least 2.{left_out}"
        )
    if task == "sequence-classification":
        for name, found in counts.items():
            if unseen := sorted(found.keys() - known.keys()):
                raise PyftError(
                    f"{_quoted(unseen)}: in split {name!r}, but in no row of 'train', whose classes are "
                    f"{_quoted(sorted(known))}. What training never sees cannot be found: spell the classes alike in "
                    f"all files, or give training rows of them.{left_out}"
                )


def warnings_of(splits: Mapping[str, Sequence[Row]], task: str) -> list[str]:
    """What a reader should look at before a model is trained, a sentence each."""
    counts = {name: classes_of(rows, task) for name, rows in splits.items()}
    said = []
    if task != "regression":
        for label, n in sorted(sum(counts.values(), Counter()).items()):
            if label.casefold() in MISSING:
                said.append(f"{_rows(n)} the label {label!r}: if that says that it is missing, leave it out.")
        few = [f"{label!r} ({n})" for label, n in sorted(counts["train"].items()) if n < FEW]
        if few:
            said.append(f"labels with fewer than {FEW} in training, too few to learn them: {_listed(few)}.")
        if len(counts["train"]) > counts["train"].total() / 2:
            said.append(f"{len(counts['train']):,} labels in {counts['train'].total():,}: is it the right column?")
        unseen = sorted(counts["test"].keys() - counts["train"].keys()) if task == "token-classification" else []
        if unseen:
            said.append(f"labels in the test, but never in training, which cannot be found: {_quoted(unseen)}.")
    texts = Counter(row["text"] for rows in splits.values() for row in rows if row["text"].casefold() in MISSING)
    said += [
        f"{_rows(n)} the text {text!r}: if that says that it is missing, leave it out."
        for text, n in sorted(texts.items())
    ]
    return said


def _rows(n: int) -> str:
    return "1 row has" if n == 1 else f"{n:,} rows have"


def fold_label(name: str) -> str:
    """The form in which two names are one class: without case, Unicode forms, invisible characters, or 1.0 for 1."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    seen = "".join(c for c in folded if unicodedata.category(c) != "Cf" and not "\ufe00" <= c <= "\ufe0f")
    seen = {"true": "1", "false": "0"}.get(seen := " ".join(seen.split()), seen)
    if re.fullmatch(r"[+-]?\d{1,12}(\.\d{0,12})?", seen, re.ASCII):
        return str(Decimal(seen).normalize() + 0)
    return seen


def _refuse_alike(counts: Counter[str]) -> None:
    alike: dict[str, list[str]] = {}
    for name in sorted(counts):
        alike.setdefault(fold_label(name), []).append(name)
    for names in alike.values():
        if len(names) > 1:
            told = " and ".join(
                f"{ascii(name) if not name.isascii() else repr(name)} ({counts[name]:,})" for name in names
            )
            raise PyftError(
                f"labels that look like one: {told}. They differ in case, in invisible characters, in the form of a "
                "letter or of a number alone. Write each class in one way, in all files."
            )


def _listed(names: Sequence[str], most: int = 10) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _quoted(names: Sequence[str]) -> str:
    return _listed([repr(name) for name in names])
