"""A model that `pyft finetune` has saved: what it is for, and what it answers."""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pyft import models
from pyft.data.row_checks import HALF, broken
from pyft.errors import PyftError
from pyft.finetune.answers import Answers, answer, unread_words
from pyft.finetune.output_folder import CARD


class SavedModel:
    """A folder that holds a finished model. Raises `PyftError` if it does not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.card = read_card(folder)

    @cached_property
    def loaded(self) -> tuple[Any, Any]:
        """The model and its tokenizer."""
        return models.load(str(self.folder), self.card["task"], num_labels=len(self.card["labels"]))

    def units(self, texts: Sequence[Any]) -> list[Any]:
        """What the model is asked of texts: the texts, or their words, split at white space where they are not yet.

        Raises:
            PyftError: a text that is empty, or that no encoding can write.
        """
        for i, text in enumerate(texts, start=1):
            whole = text if isinstance(text, str) else " ".join(text)
            if not whole.strip():
                raise PyftError(f"text {i} is empty: expected at least one word.")
            if broken(whole):
                raise PyftError(f"text {i} holds {HALF}.")
        if self.card["task"] != "token-classification":
            return list(texts)
        return [text.split() if isinstance(text, str) else text for text in texts]

    def answer(self, texts: Sequence[Any]) -> Answers:
        """The answers for texts, or for lists of words. Raises `PyftError`, see `units`."""
        asked = self.units(texts)
        if not asked:
            return Answers([], None)
        model, tokenizer = self.loaded
        return answer(model, tokenizer, asked, self.card["task"], self.card["labels"], self.card["max_length"])

    def not_read(self, texts: Sequence[Any]) -> list[list[str]]:
        """The words of each text beyond the cut; whole texts, which have one answer, have none."""
        if self.card["task"] != "token-classification":
            return [[] for _ in texts]
        return unread_words(self.loaded[1], self.units(texts), self.card["max_length"])


def read_card(folder: Path) -> dict[str, Any]:
    """What `pyft finetune` wrote of a model. Raises `PyftError` if it is not there, or not whole."""
    path = folder / CARD
    if not path.is_file():
        raise PyftError(
            f"{folder} holds no finished model: expected {CARD}, which `pyft finetune --out {folder}` writes."
        )
    try:
        card = json.loads(path.read_text(encoding="utf8"))
        fit = isinstance(card["max_length"], int) and card["max_length"] > 2 and isinstance(card["scores"], dict)
        fit = fit and card["task"] in ("sequence-classification", "regression", "token-classification")
        if not fit or not card["labels"] or not all(isinstance(name, str) for name in card["labels"]):
            raise ValueError("a field is not what it is in a card of ours")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise PyftError(
            f"{path} cannot be read ({type(error).__name__}: {error}): it is cut, or was changed. Train again into "
            "another folder; the weights beside it are untouched."
        ) from error
    return dict(card)
