"""The proofs of section 8.1.2: the contrastive loss and its gradient against torch and transformers."""

from collections.abc import Iterator
from types import ModuleType

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers.models.clip.modeling_clip import image_text_contrastive_loss

from pyft.evidence.proofs import Case

SHAPES = ((2, 3), (5, 4), (10, 32))  # pairs, width


def vectors(N: int, d: int, seed: int, *groups: int) -> Tensor:
    """Normal numbers in double precision, (*groups, N, d), some of them large."""
    x = torch.randn(*groups, N, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return 3 * x


def compared(m: ModuleType) -> Iterator[Case]:
    """Cosines times the scale are torch's, of pairs and of images with other numbers of texts."""
    scale = torch.tensor(1.5, dtype=torch.float64)
    for N, d in SHAPES:
        a, b = vectors(N, d, 0), vectors(N + 2, d, 1)
        yield f"{N} by {N + 2}, lengths", m.unit(a).norm(dim=-1), torch.ones(N), 1e-12
        reference = scale.exp() * F.cosine_similarity(a[:, None], b[None], dim=-1)
        yield f"{N} by {N + 2}, cosines", m.similarities(a, b, scale), reference, 1e-10
        groups = vectors(N, d, 2, 3)
        each = torch.stack([m.similarities(x, x, scale) for x in groups])
        yield f"{N}, in groups", m.similarities(groups, groups, scale), each, 1e-12


def losses(m: ModuleType) -> Iterator[Case]:
    """The loss is the mean of torch's two cross-entropies, and that of transformers; groups are averaged."""
    for N, d in SHAPES:
        z = m.similarities(vectors(N, d, 0), vectors(N, d, 1), torch.tensor(2.0, dtype=torch.float64))
        y = torch.arange(N)
        reference = (F.cross_entropy(z, y) + F.cross_entropy(z.T, y)) / 2
        yield f"{N} pairs, torch", m.clip_loss(z), reference, 1e-12
        yield f"{N} pairs, transformers", m.clip_loss(z), image_text_contrastive_loss(z), 1e-12
        groups = torch.stack([z, 2 * z, z.T])
        yield f"{N} pairs, groups", m.clip_loss(groups), sum(map(m.clip_loss, groups)) / 3, 1e-12
        yield f"{N} pairs, nothing known", m.clip_loss(torch.zeros(N, N)), torch.tensor(float(N)).log(), 1e-6
        mixed = torch.randperm(N, generator=torch.Generator().manual_seed(3))
        yield f"{N} pairs, in another order", m.clip_loss(z[mixed][:, mixed]), m.clip_loss(z), 1e-12
    huge = torch.tensor([[900.0, 0.0], [0.0, 900.0]], dtype=torch.float64)
    yield "no overflow", m.clip_loss(huge), 0.0, 1e-12


def derivatives(m: ModuleType) -> Iterator[Case]:
    """The gradient by hand is autograd's, for a batch and for groups, and adds up to zero."""
    for N, d in SHAPES:
        scale = torch.tensor(1.0, dtype=torch.float64)
        for what, groups in (("one batch", ()), ("groups", (3,))):
            z = m.similarities(vectors(N, d, 4, *groups), vectors(N, d, 5, *groups), scale).requires_grad_()
            reference = torch.autograd.grad((torch_loss(z)), z)[0]
            yield f"{N} pairs, {what}", m.clip_gradient(z.detach()), reference, 1e-12
            yield f"{N} pairs, {what}, sum", m.clip_gradient(z.detach()).sum(), 0.0, 1e-12


def torch_loss(z: Tensor) -> Tensor:
    """The loss by torch's own cross-entropy, the mean over all groups."""
    flat = z.reshape(-1, *z.shape[-2:])
    y = torch.arange(z.size(-1)).expand(len(flat), -1)
    return (F.cross_entropy(flat.mT, y) + F.cross_entropy(flat, y)) / 2  # classes are in the second dimension
