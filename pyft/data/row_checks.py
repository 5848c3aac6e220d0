"""What is wrong with a row of a reader's file, in words, and what becomes of it if nothing is."""

import math
import re
import unicodedata
from typing import Any

from pyft.data.iob2 import follows
from pyft.data.tag_schemes import to_iob2
from pyft.errors import PyftError

Row = dict[str, Any]
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.ASCII | re.IGNORECASE)
LARGEST = 1e30  # of ratings: their squares are still numbers
HALF = "a character that is not Unicode text (half of an emoji)"


def checked(row: Row, task: str, scheme: str = "iob2") -> Row | str:
    """A row of `text` and `label`, or of `tokens` and `tags`, as the splits hold it; or what is wrong with it."""
    if task == "token-classification":
        return _tagged(row["tokens"], row["tags"], scheme)
    text = row["text"]
    wrong = _wrong_text(text) or (_wrong_rating if task == "regression" else _wrong_class)(row["label"])
    if wrong:
        return wrong
    return {"text": text.strip(), "label": float(row["label"]) if task == "regression" else str(row["label"]).strip()}


def visible(text: str) -> bool:
    """Whether a text has a character that is seen: neither white space nor a control or format character."""
    return any(unicodedata.category(c)[0] not in "CZ" and not "\ufe00" <= c <= "\ufe0f" for c in text)


def broken(text: str) -> bool:
    """Whether a text holds half of a pair of surrogates, which no encoding can write."""
    return any("\ud800" <= c <= "\udfff" for c in text)


def shown(value: Any) -> str:
    """A value for a message, cut if it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _wrong_text(text: Any) -> str | None:
    if not isinstance(text, str):
        return f"the text is {shown(text)}, expected a string"
    if not text.strip():
        return "the text is empty"
    if broken(text):
        return HALF
    return None if visible(text) else f"the text has no visible character: {ascii(text)[:80]}"


def _wrong_rating(label: Any) -> str | None:
    expected = f"label {shown(label)}, expected a number"
    if isinstance(label, bool) or not isinstance(label, str | int | float):
        return expected
    if isinstance(label, str) and not NUMBER.fullmatch(label):
        comma = re.fullmatch(r"\s*[+-]?[\d.]*,\d+\s*", label)
        return f"{expected} with a decimal point" if comma else expected
    try:
        value = abs(float(label))
    except OverflowError:  # a whole number of more than 308 digits
        value = math.inf
    if math.isnan(value):
        return expected
    return None if value <= LARGEST else f"{expected} up to {LARGEST:g}"


def _wrong_class(label: Any) -> str | None:
    fit = isinstance(label, str | int) or (isinstance(label, float) and math.isfinite(label))
    if not fit or not str(label).strip():
        return f"label {shown(label)}, expected the name of a class"
    return f"the label holds {HALF}" if broken(str(label)) else None


def _tagged(tokens: Any, tags: Any, scheme: str) -> Row | str:
    if not isinstance(tokens, list) or not tokens or not all(isinstance(w, str) and w.strip() for w in tokens):
        return "tokens: expected a list of words, none of them empty"
    if not isinstance(tags, list) or not all(isinstance(t, str) for t in tags):
        return "tags: expected a list of strings"
    if len(tokens) != len(tags):
        return f"{len(tokens)} tokens, {len(tags)} tags. Give each word one."
    if any(map(broken, [*tokens, *tags])):
        return HALF
    before = "O"
    try:
        tags = to_iob2(tags, scheme)
        for word, tag in zip(tokens, tags, strict=True):
            if not follows(tag, before):
                return f"tag {tag} of {shown(word)} comes after {before}: in IOB2 an entity begins with B-"
            before = tag
    except PyftError as error:
        return str(error)
    return {"text": " ".join(tokens), "tokens": tokens, "label": tuple(tags)}
