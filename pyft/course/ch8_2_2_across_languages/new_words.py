"""An English model with words of another language: all else stays, and their vectors learn (Artetxe et al. 2020)."""

import copy
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedTokenizerBase

from pyft.errors import PyftError
from pyft.finetune.batches import encode, length_grouped_batches, pad
from pyft.finetune.schedule import set_lr
from pyft.profiles import Recipe

HIDDEN = 0.15  # of the characters


class NewWords(nn.Module):
    """A word embedding of which only the rows of new words learn.

    It looks up `new` for a word that has a number there, and the frozen rows for all others.
    """

    frozen: Tensor  # (V, d)
    number: Tensor  # (V): where in `new` a word stands

    def __init__(self, frozen: Tensor, ids: Sequence[int], new: Tensor) -> None:
        super().__init__()
        number = torch.full((len(frozen),), -1)
        number[list(ids)] = torch.arange(len(ids))
        self.register_buffer("frozen", frozen.detach())
        self.register_buffer("number", number)
        self.new = nn.Parameter(new)  # (M, d)

    def forward(self, ids: Tensor) -> Tensor:
        """ids (B, T) -> (B, T, d)."""
        at = self.number[ids]
        return torch.where(at[..., None] < 0, self.frozen[ids], self.new[at.clamp(min=0)])

    def merged(self) -> Tensor:
        """All rows: (V, d)."""
        whole = self.frozen.clone()
        whole[self.number >= 0] = self.new.detach()[self.number[self.number >= 0]]
        return whole


# --- the characters ---------------------------------------------------------------------------------------------------


def characters(texts: Sequence[str], least: int) -> list[str]:
    """The Chinese characters that occur so often or more, the most frequent first.

    Raises:
        PyftError: there are none.
    """
    counts = Counter(c for text in texts for c in text if "\u4e00" <= c <= "\u9fff")
    found = sorted((c for c in counts if counts[c] >= least), key=lambda c: (-counts[c], c))
    if not found:
        raise PyftError(f"no Chinese character occurs {least} times in {len(texts):,} texts: expected Chinese texts.")
    return found


def with_characters(tokenizer: PreTrainedTokenizerBase, some: Sequence[str]) -> tuple[Any, list[int]]:
    """A copy of the tokenizer that knows these characters, and their numbers: (M)."""
    grown = copy.deepcopy(tokenizer)
    grown.add_tokens(list(some))
    return grown, list(grown.convert_tokens_to_ids(list(some)))


def carried(X: NDArray[Any], Y: NDArray[Any], Z: NDArray[Any], ridge: float = 1.0) -> NDArray[Any]:
    """Carry vectors of one model into another: X (P, d), Y (P, e) of words that both know; Z (M, d) -> (M, e).

    By ridge regression from X to Y, both centred; Z is centred by its own mean, so that it lands around that of Y.
    In the manner of Minixhofer et al. 2022, who use static vectors of both languages.
    """
    x, y = X - X.mean(0), Y - Y.mean(0)
    W = np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ y)  # (d, e)
    return (Z - Z.mean(0)) @ W + Y.mean(0)


def start_at_random(Y: Tensor, M: int, seed: int) -> Tensor:
    """M vectors with the mean and the spread of the known ones, Y (V, d): (M, d)."""
    drawn = torch.randn(M, Y.shape[1], generator=torch.Generator().manual_seed(seed))
    return Y.mean(0) + Y.std(0) * drawn


def start_from(
    other: Any, other_tokenizer: Any, tokenizer: Any, Y: Tensor, some: Sequence[str], ridge: float
) -> Tensor:
    """The characters' vectors in another model, carried over by the words that both models know: (M, d).

    `tokenizer` and `Y` (V, d) are of the model that they are carried into.
    """
    theirs = other_tokenizer.get_vocab()
    both = [(theirs[f"▁{w}"], i) for w, i in tokenizer.get_vocab().items() if w.isalpha() and f"▁{w}" in theirs]
    both = sorted(pair for pair in both if pair[1] < len(Y))
    X = other.get_input_embeddings().weight.detach().double().numpy()
    of_theirs, of_ours = map(list, zip(*both, strict=True))
    numbers = [theirs.get(c, theirs.get(f"▁{c}", other_tokenizer.unk_token_id)) for c in some]
    made = carried(X[of_theirs], Y.double().numpy()[of_ours], X[numbers], ridge)
    return torch.from_numpy(made).float()


# --- learning them ----------------------------------------------------------------------------------------------------


def learn(
    model: Any, tokenizer: Any, ids: Sequence[int], new: Tensor, texts: Sequence[str], recipe: Recipe, steps: int,
    seed: int,
) -> tuple[Tensor, list[float]]:  # fmt: skip
    """Learn the rows of new words by guessing hidden ones among them: (M, d), and the loss of each step in nats.

    The body of `model`, a BERT with a head for words, stays; its embedding is replaced within, and restored.
    """
    old = model.get_input_embeddings()
    grown = torch.cat([old.weight.detach(), torch.zeros(max(0, max(ids) + 1 - len(old.weight)), old.weight.shape[1])])
    words, bias = NewWords(grown, ids, new.clone()), nn.Parameter(torch.zeros(len(ids)))
    rows, losses, rng = encode(tokenizer, texts, recipe.max_length), list[float](), np.random.default_rng(seed)
    model.requires_grad_(False).eval()
    model.set_input_embeddings(words)
    optimiser = torch.optim.AdamW([{"params": [words.new, bias], "peak": recipe.lr}], weight_decay=recipe.weight_decay)
    try:
        for t, batch in enumerate(_batches(rows, recipe.batch_size, steps, rng)):
            x, mask = pad([rows[i] for i in batch], tokenizer.pad_token_id)  # (B, T)
            at = (words.number[x] >= 0) & torch.from_numpy(rng.random(x.shape) < HIDDEN)
            if not at.any():
                continue
            y = words.number[x[at]]
            h = model.base_model(x.masked_fill(at, tokenizer.mask_token_id), mask).last_hidden_state[at]  # (m, d)
            z = F.linear(model.cls.predictions.transform(h), words.new, bias)  # (m, M): new words alone are in question
            loss = F.cross_entropy(z, y)
            loss.backward()
            set_lr(optimiser, recipe, t, steps)
            optimiser.step()
            optimiser.zero_grad()
            losses.append(loss.item())
    finally:
        model.set_input_embeddings(old)
    return words.new.detach(), losses


def _batches(rows: Sequence[Sequence[int]], size: int, steps: int, rng: Any) -> list[list[int]]:
    """So many batches of texts of like length, epoch after epoch."""
    lengths, drawn, found = [len(row) for row in rows], random.Random(int(rng.integers(2**31))), list[list[int]]()
    while len(found) < steps:
        found += length_grouped_batches(lengths, size, drawn)
    return found[:steps]


def speaks(classifier: Any, ids: Sequence[int], new: Tensor) -> Any:
    """A copy of a classifier that reads the new words too, its other words unchanged."""
    made = copy.deepcopy(classifier)
    old = made.get_input_embeddings()
    grown = nn.Embedding(max(len(old.weight), max(ids) + 1), old.weight.shape[1], old.padding_idx)
    grown.weight.data[: len(old.weight)] = old.weight.detach()
    grown.weight.data[list(ids)] = new
    grown.to(old.weight.device)
    made.set_input_embeddings(grown)
    made.config.vocab_size = len(grown.weight)
    return made
