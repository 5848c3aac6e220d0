"""Plausible mistakes in the contrastive loss of section 8.1.2, one line each."""

from types import ModuleType

from pyft.course.ch8_1_2_images_and_texts import contrastive, proofs
from pyft.mutation import Family, Mutant, broken_copy

PROOFS: dict[str, Family] = {
    "similarities": proofs.compared,
    "losses": proofs.losses,
    "derivatives": proofs.derivatives,
}


def code() -> ModuleType:
    """The module as it is."""
    return contrastive


def mutate(module: str, old: str, new: str) -> ModuleType:
    """A fresh copy of the module, broken; the real one is not touched."""
    return broken_copy(contrastive, old, new)


def _broken(name: str, old: str, new: str, note: str) -> Mutant:
    return Mutant(name, "contrastive", old, new, note)


MUTANTS: list[Mutant] = [
    _broken("length squared", ".sum(-1, keepdim=True).sqrt()", ".sum(-1, keepdim=True)", "no vector has length one"),
    _broken("mean for sum", "x.square().sum(-1", "x.square().mean(-1", "lengths grow with the width"),
    _broken("texts as they are", "@ unit(text).mT", "@ text.mT", "long captions win"),
    _broken("the scale's logarithm", "log_scale.exp() * unit", "log_scale * unit", "the scale may become negative"),
    _broken(
        "divided by the scale", "log_scale.exp() * unit", "(-log_scale).exp() * unit", "a scale is not a temperature"
    ),
    _broken("overflow", "largest = z.amax(dim, keepdim=True)", "largest = 0 * z.amax(dim, keepdim=True)", "exp of 900"),
    _broken("not put back", "(largest + (z - largest)", "((z - largest)", "what was taken out is lost"),
    _broken("images alone", "of_texts = log_sum_exp(z, -2) - pairs", "of_texts = of_images", "half of CLIP's loss"),
    _broken("texts alone", "of_images = log_sum_exp(z, -1) - pairs", "of_images = log_sum_exp(z, -2) - pairs", "rows"),
    _broken("the sum of both", "((of_images + of_texts) / 2).mean()", "(of_images + of_texts).mean()", "twice"),
    _broken(
        "summed over pairs", "((of_images + of_texts) / 2).mean()", "((of_images + of_texts) / 2).sum()", "no mean"
    ),
    _broken("rows for columns", "log_sum_exp(z, -2)[..., None, :]", "log_sum_exp(z, -2)[..., :, None]", "transposed"),
    _broken("no pairs", "/ 2 - pair)", "/ 2)", "everything is pushed apart, and nothing together"),
    _broken(
        "a mean over cells", "z.diagonal(dim1=-2, dim2=-1).numel()", "z.numel()", "the gradient shrinks with the batch"
    ),
]
