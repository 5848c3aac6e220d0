"""Images of handwritten digits, which scikit-learn ships, in three parts."""

import hashlib
from functools import cache

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from pyft.course.ch8_1_2_images_and_texts.recipes import TRAIN, VALIDATION

Images = tuple[Tensor, Tensor]  # pixels from 0 to 1, (N, 64); digits (N,)


@cache
def digits() -> dict[str, Images]:
    """The images in the order of the file: neighbours, which may be of one hand, are hardly ever in two parts.

    They are the test half of a set by E. Alpaydin and C. Kaynak (UCI, 1998): eight by eight pixels, thirteen people.
    """
    found = load_digits()
    x = torch.tensor(found.data, dtype=torch.float32) / 16
    y = torch.tensor(found.target, dtype=torch.int64)
    ends = {"train": (0, TRAIN), "validation": (TRAIN, TRAIN + VALIDATION), "test": (TRAIN + VALIDATION, len(y))}
    return {part: (x[a:b], y[a:b]) for part, (a, b) in ends.items()}


@cache
def digest() -> str:
    """What the images and their labels are, in sixteen hexadecimal digits."""
    found = load_digits()
    made = hashlib.sha256(np.asarray(found.data, dtype=np.uint8).tobytes())
    made.update(np.asarray(found.target, dtype=np.uint8).tobytes())
    return made.hexdigest()[:16]
