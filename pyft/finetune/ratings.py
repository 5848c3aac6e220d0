"""Ratings of any size: learnt in standard deviations from their mean, which the head then gives back as ratings."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from datasets import Dataset
from torch import nn

from pyft.errors import PyftError


class Scale(NamedTuple):
    """The mean and the standard deviation of the training ratings."""

    mean: float
    sd: float


def scale_of(ratings: Sequence[float]) -> Scale:
    """The scale of some ratings, (N,), which are not all the same."""
    y = np.asarray(ratings, dtype=float)
    return Scale(float(y.mean()), float(y.std()))


def standardised(rows: Dataset, scale: Scale) -> Dataset:
    """The same texts with ratings of mean 0 and standard deviation 1, as far as they have that scale."""
    labels = [(y - scale.mean) / scale.sd for y in rows["label"]]
    return Dataset.from_dict({"text": rows["text"][:], "label": labels})


def head(model: nn.Module) -> nn.Linear:
    """The last layer, whose one output is the rating. Raises `PyftError` for a model that has none."""
    found = [layer for layer in model.modules() if isinstance(layer, nn.Linear) and layer.out_features == 1]
    if not found or found[-1].bias is None:
        raise PyftError("this model ends in no linear layer with one output and a bias: ratings need one.")
    return found[-1]


def give_back(model: nn.Module, scale: Scale) -> None:
    """Let the head answer in ratings, in place: sd (w·h + b) + mean is a linear layer of h too."""
    last = head(model)
    with torch.no_grad():
        last.weight.mul_(scale.sd)
        last.bias.mul_(scale.sd).add_(scale.mean)
