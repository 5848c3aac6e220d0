"""From documents to rows of continued pretraining: blocks of one length, and pairs of sentences."""

import random
from collections.abc import Sequence
from typing import Any

from torch import Tensor
from transformers import PreTrainedTokenizerBase

from pyft import data

Batch = dict[str, Tensor]
Document = list[list[int]]  # token ids of each of its sentences, without special tokens

SOURCES = ("movie-reviews", "product-reviews", "editorials", "tweets", "sms-spam", "conll2003")

# --- text -------------------------------------------------------------------------------------------------------------


def texts() -> list[list[str]]:
    """Documents of the English corpora's training splits, each a list of its sentences, in their order.

    A text that stands in the validation or test split of any corpus is left out, wherever it is. Editorials and product
    reviews were published by the sentence, and the other splits have taken some: what comes next is the next that is
    left. Tweets, messages and film reviews are documents of one sentence.
    """
    corpora = {name: data.load(name) for name in [*SOURCES, "text-source"]}
    held_out = {
        data.fold(text)
        for corpus in corpora.values()
        for split in ("validation", "test")
        for text in _sentences(corpus[split])
    }
    documents: dict[tuple[str, str], list[str]] = {}
    for name in SOURCES:
        train = corpora[name]["train"]
        keys = train["document"] if "document" in train.column_names else [_document(name, row) for row in train["id"]]
        for key, text in zip(keys, _sentences(train), strict=True):
            if data.fold(text) not in held_out:
                documents.setdefault((name, str(key)), []).append(text)
    return list(documents.values())


def _sentences(split: Any) -> list[str]:
    return [" ".join(t) for t in split["tokens"]] if "tokens" in split.column_names else list(split["text"])


def _document(corpus: str, key: str) -> str:
    """Editorials and product reviews are numbered by document and sentence, `12_3`; the others by text."""
    return key.split("_")[0] if corpus in ("editorials", "product-reviews") else key


def tokenize_documents(documents: Sequence[Sequence[str]], tokenizer: PreTrainedTokenizerBase) -> list[Document]:
    """Token ids of each sentence of each document."""
    flat = tokenizer([s for document in documents for s in document], add_special_tokens=False)["input_ids"]
    rest = iter(flat)
    return [[next(rest) for _ in document] for document in documents]


# --- rows of three objectives -----------------------------------------------------------------------------------------


def blocks(
    documents: Sequence[Document], tokenizer: PreTrainedTokenizerBase, T: int, rng: random.Random
) -> list[dict[str, Any]]:
    """Full sentences: documents in random order, end to end, a separator between two, cut into rows of T tokens.

    Liu et al. 2019, section 4.2: rows cross the borders of documents. What is left at the end is dropped.
    """
    order = list(documents)
    rng.shuffle(order)
    stream = [token for document in order for ids in [*document, [tokenizer.sep_token_id]] for token in ids]
    length = T - tokenizer.num_special_tokens_to_add()
    starts = range(0, len(stream) - length + 1, length)
    around = tokenizer("")  # [CLS] [SEP], or XLNet's [SEP] [CLS]
    before = 0 if tokenizer.padding_side == "left" else 1

    def row(name: str, values: list[int]) -> list[int]:
        return [*around[name][:before], *values, *around[name][before:]]

    rows = []
    for start in starts:
        made = {"input_ids": row("input_ids", stream[start : start + length])}
        if "token_type_ids" in around:
            made["token_type_ids"] = row("token_type_ids", [0] * length)
        rows.append(made)
    return rows


def pairs(
    documents: Sequence[Document], tokenizer: PreTrainedTokenizerBase, T: int, rng: random.Random
) -> list[dict[str, Any]]:
    """Two segments a row; the second follows the first, or not, and then `next_sentence_label` is 1.

    As Devlin et al. 2019 made theirs (appendix A.2): sentences are gathered until a row is full, and cut in two at a
    sentence; or the second part is taken from another document. A single sentence has nothing that follows it.
    """
    length = T - tokenizer.num_special_tokens_to_add(pair=True)
    order = list(documents)
    rng.shuffle(order)
    rows = []
    for number, document in enumerate(order):
        rest = list(document)
        while rest:
            chunk: Document = [rest.pop(0)]
            while rest and sum(map(len, chunk)) + len(rest[0]) <= length:
                chunk.append(rest.pop(0))
            cut = rng.randrange(1, len(chunk)) if len(chunk) > 1 else 1
            other = len(chunk) == 1 or rng.random() < 0.5
            first = [token for ids in chunk[:cut] for token in ids][: length - 1]
            if other:
                rest = chunk[cut:] + rest  # not used here, so it comes again
                elsewhere = order[(number + rng.randrange(1, len(order))) % len(order)]
                after = elsewhere[rng.randrange(len(elsewhere)) :]
            else:
                after = chunk[cut:]
            second = [token for ids in after for token in ids][: length - len(first)]
            ids = [tokenizer.cls_token_id, *first, tokenizer.sep_token_id, *second, tokenizer.sep_token_id]
            types = [0] * (len(first) + 2) + [1] * (len(second) + 1)
            rows.append({"input_ids": ids, "token_type_ids": types, "next_sentence_label": int(other)})
    return rows
