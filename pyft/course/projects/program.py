"""The project of part 5: a model that a reader's own program trained and saved, and that comes back whole."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft import models
from pyft.course.projects import Finding
from pyft.data import from_files
from pyft.errors import PyftError
from pyft.evaluation.stats import accuracy_interval
from pyft.finetune.answers import answer

BATCH = 8  # texts that are read alone and together
TOL = 1e-3  # of a logit, between the two: another order of a sum


def check(folders: Sequence[Path], test: Path) -> Iterator[Finding]:
    """Whether a saved classifier of texts knows its words and classes, minds its padding and beats the commonest class.

    Raises:
        PyftError: not one folder; a folder without weights in safetensors or without the tokenizer of the model.
    """
    if len(folders) != 1:
        raise PyftError(f"expected one folder, found {len(folders)}.")
    rows = from_files.read(test, "sequence-classification")
    texts, y = [row["text"] for row in rows], [row["label"] for row in rows]
    names = _names(folders[0])
    model, tokenizer = models.load(str(folders[0].absolute()), "sequence-classification", num_labels=len(names))
    model.eval()
    yield Finding(True, "weights in safetensors, and a tokenizer with as many words as the model has embeddings")
    nameless = [name for name in names if re.fullmatch(r"LABEL_\d+", name)]
    yield Finding(not nameless, f"the classes have names: {', '.join(names)}")
    unknown = sorted(set(y) - set(names))
    yield Finding(not unknown, f"they are those of {test}" + (f", which has {', '.join(unknown)}" if unknown else ""))
    off = _company(model, tokenizer, texts[:BATCH])
    yield Finding(off < TOL, f"a text alone has the logits that it has in a batch: they differ by {off:.1g} at most")
    if unknown:
        return
    length = min(tokenizer.model_max_length, model.config.max_position_embeddings)
    found = answer(model, tokenizer, texts, "sequence-classification", names, length).found
    right, (name, most) = sum(map(str.__eq__, found, y)), Counter(y).most_common(1)[0]
    low, high = accuracy_interval(right, len(y))
    yield Finding(
        low > most / len(y),
        f"{100 * right / len(y):.1f} % of {len(y):,} texts right ({100 * low:.1f} to {100 * high:.1f}); always "
        f"{name!r}, the commonest class, would be right for {100 * most / len(y):.1f} %",
    )


def _names(folder: Path) -> list[str]:
    """The classes in the order of the model's outputs, as its configuration has them."""
    try:
        names = json.loads((folder / "config.json").read_text(encoding="utf8")).get("id2label") or {
            "0": "LABEL_0",
            "1": "LABEL_1",
        }
        return [names[str(i)] for i in range(len(names))]
    except (OSError, ValueError, KeyError) as error:
        raise PyftError(f"{folder} holds no config.json of a model ({error}): save it with `save_model`.") from error


def _company(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> float:
    """How far a logit moves at most when a text is read together with others."""

    def logits(some: Sequence[str]) -> torch.Tensor:
        batch = tokenizer(list(some), padding=True, truncation=True, max_length=64, return_tensors="pt")
        found: torch.Tensor = model(**batch).logits
        return found

    with torch.no_grad():
        return float((torch.cat([logits([text]) for text in texts]) - logits(texts)).abs().max())
