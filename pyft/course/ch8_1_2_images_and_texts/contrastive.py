"""CLIP's loss by hand: in a batch of pairs, each image is to find its text and each text its image.

z are similarities, (..., N, N): row i is image i, column j is text j; pairs stand on the diagonal.
"""

import torch
from torch import Tensor


def unit(x: Tensor) -> Tensor:
    """Vectors of length one, (..., d)."""
    return x / x.square().sum(-1, keepdim=True).sqrt()


def similarities(image: Tensor, text: Tensor, log_scale: Tensor) -> Tensor:
    """Cosines of images (..., N, d) with texts (..., M, d), times a scale: (..., N, M)."""
    return log_scale.exp() * unit(image) @ unit(text).mT


def log_sum_exp(z: Tensor, dim: int) -> Tensor:
    """ln sum exp z along one dimension; the largest is taken out first, so that nothing overflows."""
    largest = z.amax(dim, keepdim=True)
    return (largest + (z - largest).exp().sum(dim, keepdim=True).log()).squeeze(dim)


def clip_loss(z: Tensor) -> Tensor:
    """The mean of two cross-entropies, by rows and columns; Radford et al. 2021, figure 3."""
    pairs = z.diagonal(dim1=-2, dim2=-1)  # (..., N)
    of_images = log_sum_exp(z, -1) - pairs  # which text is mine?
    of_texts = log_sum_exp(z, -2) - pairs  # which image is mine?
    return ((of_images + of_texts) / 2).mean()


def clip_gradient(z: Tensor) -> Tensor:
    """d clip_loss / d z: what each softmax gives, less one on the diagonal. (..., N, N)."""
    of_images = (z - log_sum_exp(z, -1)[..., :, None]).exp()  # rows add up to one
    of_texts = (z - log_sum_exp(z, -2)[..., None, :]).exp()  # columns add up to one
    pair = torch.eye(z.size(-1), dtype=z.dtype, device=z.device)
    return ((of_images + of_texts) / 2 - pair) / z.diagonal(dim1=-2, dim2=-1).numel()
