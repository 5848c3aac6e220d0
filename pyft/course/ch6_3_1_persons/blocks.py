"""The People's Daily split and counted by blocks of neighbouring lines.

Its lines stand in the order of the paper, but this copy does not say where an article begins. Lines of one article
share its names: they should not lie on both sides of a split, and a test should not count them as so many draws.
"""

from datasets import DatasetDict, concatenate_datasets

from pyft.data import peoples_daily
from pyft.data.splits import split_by_text

LINES = 50  # of a block: several articles


def load() -> DatasetDict:
    """The lines of `peoples_daily.load`, with the number of their `block`, split by the hash of the block's text.

    An article that the end of a block cuts in two may stand in two splits.
    """
    rows = concatenate_datasets(list(peoples_daily.load().values()))
    rows = rows.add_column("block", [int(key) // LINES for key in rows["id"]])
    texts: dict[int, str] = {}
    for block, characters in zip(rows["block"], rows["tokens"], strict=True):
        texts[block] = texts.get(block, "") + "".join(characters)
    whole = split_by_text([{"id": str(block), "text": text, "label": 0} for block, text in texts.items()])
    split_of = {int(row["id"]): split for split, some in whole.items() for row in some}
    where = [split_of[block] for block in rows["block"]]
    return DatasetDict(
        {
            name: rows.select([i for i, split in enumerate(where) if split == name])
            for name in ("train", "validation", "test")
        }
    )
