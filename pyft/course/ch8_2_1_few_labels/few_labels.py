"""Learning from few labels, by hand: nearest centroids, pairs that are pulled together, words in a pattern."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pyft.errors import PyftError
from pyft.models.features import features
from pyft.models.inference import in_batches

Labels = NDArray[np.int64]


# --- vectors of texts -------------------------------------------------------------------------------------------------


def unit(X: NDArray[Any]) -> NDArray[Any]:
    """Rows of length one: (N, d)."""
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def vectors(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], T: int) -> NDArray[Any]:
    """The mean hidden state of each text, of length one: (N, d)."""
    return unit(features(model, tokenizer, texts, max_length=T))


def centroids(X: NDArray[Any], y: Labels) -> NDArray[Any]:
    """The mean vector of each class: (N, d), (N) -> (K, d)."""
    return np.stack([X[y == k].mean(0) for k in range(y.max() + 1)])


def nearest(X: NDArray[Any], M: NDArray[Any]) -> Labels:
    """The class whose mean is nearest, by Euclidean distance: (N, d), (K, d) -> (N). Snell et al. 2017."""
    distances = ((X[:, None] - M[None]) ** 2).sum(-1)  # (N, K)
    return distances.argmin(1)


# --- pairs ------------------------------------------------------------------------------------------------------------


def pair_loss(u: Tensor, y: Tensor) -> Tensor:
    """The mean over all pairs of (cosine - 1)^2 if their labels are the same, else cosine^2: (B, d), (B) -> ().

    The loss of SetFit (Tunstall et al. 2022), over all pairs of a batch instead of pairs that are drawn beforehand.
    """
    u = F.normalize(u, dim=-1)
    cosines, same = u @ u.T, (y[:, None] == y[None]).to(u.dtype)  # (B, B)
    first, second = torch.triu_indices(len(y), len(y), offset=1)
    return (cosines - same)[first, second].square().mean()


def pull_pairs(model: PreTrainedModel, x: dict[str, Tensor]) -> Tensor:
    """The loss of a batch's pairs, for `fine_tune`: ()."""
    y = x.pop("labels")  # (B)
    h = model.base_model(**x).last_hidden_state  # (B, T, d)
    mask = x["attention_mask"][..., None]  # (B, T, 1)
    return pair_loss((h * mask).sum(1) / mask.sum(1), y)


# --- a pattern --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pattern:
    """A text with a hole before each text, and one word a class that may fill it (Schick & Schütze 2021).

    It stands before the text, so that a text that is too long is cut at its end and the hole stays.
    """

    before: str
    words: Sequence[str]

    def write(self, rows: Dataset) -> Dataset:
        """The rows with the pattern before each text."""
        return Dataset.from_dict({"text": [self.before + text for text in rows["text"]], "label": rows["label"][:]})

    def ids(self, tokenizer: PreTrainedTokenizerBase) -> list[int]:
        """The words' numbers: (K).

        Raises:
            PyftError: a word that the tokenizer cuts or does not know.
        """
        for word in self.words:
            if tokenizer.tokenize(word) != [word] or word == tokenizer.unk_token:
                raise PyftError(f"{word!r} is no single token of the vocabulary: expected a common word.")
        return list(tokenizer.convert_tokens_to_ids(list(self.words)))

    def logits(self, model: Any, x: dict[str, Tensor], tokenizer: PreTrainedTokenizerBase) -> Tensor:
        """The scores of the words at the hole: (B, K)."""
        h = model.base_model(**x).last_hidden_state[x["input_ids"] == tokenizer.mask_token_id]  # (B, d)
        head, ids = model.cls.predictions, self.ids(tokenizer)
        return F.linear(head.transform(h), head.decoder.weight[ids], head.decoder.bias[ids])

    def loss(self, model: PreTrainedModel, x: dict[str, Tensor], tokenizer: PreTrainedTokenizerBase) -> Tensor:
        """The cross-entropy of the words alone, for `fine_tune`: ()."""
        y = x.pop("labels")
        return F.cross_entropy(self.logits(model, x, tokenizer), y)

    def predict(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], T: int
    ) -> Labels:
        """The class of each text, with the pattern written before it here: (N)."""
        texts = [self.before + text for text in texts]

        def answers(batch: list[int]) -> list[int]:
            some = [texts[i] for i in batch]
            x = tokenizer(some, padding=True, truncation=True, max_length=T, return_tensors="pt").to(model.device)
            return self.logits(model, dict(x), tokenizer).argmax(-1).tolist()

        return np.array(in_batches(model, answers, [len(text) for text in texts], 64))
