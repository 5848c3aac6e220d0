"""Sentences with the rest of their document around them."""

from typing import Any

from datasets import Dataset, Features
from torch import Tensor
from transformers import PreTrainedModel

from pyft.finetune.loop import task_loss
from pyft.maths.objectives import IGNORED


def add_context(rows: Any, words: int, separator: str) -> tuple[Any, list[int]]:
    """Each sentence between `words` words of what stands before and after it in its document, as one row.

    A separator ends what is before and begins what is after, so that `own_words` knows the sentence; where it begins,
    in words, is returned too. Words of the context are tagged `O`, and `own_words` makes sure that this is not learnt.
    """
    tokens, documents, tags = list(rows["tokens"]), rows["document"], list(rows["ner_tags"])
    made: list[dict[str, Any]] = []
    for i, document in enumerate(documents):
        before: list[str] = []
        for j in range(i - 1, -1, -1):
            if documents[j] != document or len(before) >= words:
                break
            before = tokens[j] + before
        after: list[str] = []
        for j in range(i + 1, len(tokens)):
            if documents[j] != document or len(after) >= words:
                break
            after = after + tokens[j]
        left, right = [*before[max(0, len(before) - words) :], separator], [separator, *after[:words]]
        made.append(
            {
                "tokens": [*left, *tokens[i], *right],
                "ner_tags": [0] * len(left) + tags[i] + [0] * len(right),
                "begins": len(left),
            }
        )
    features = Features({name: rows.features[name] for name in ("tokens", "ner_tags")})
    read = Dataset.from_list([{name: row[name] for name in features} for row in made], features=features)
    return read, [row["begins"] for row in made]


def own_words_loss(model: PreTrainedModel, x: dict[str, Tensor], separator: int) -> Tensor:
    """The loss of a sentence in its context: of words between the first separator and the second alone."""
    ends = x["input_ids"] == separator  # (B, T)
    own = (ends.cumsum(1) == 1) & ~ends
    return task_loss(model, x | {"labels": x["labels"].masked_fill(~own, IGNORED)})
