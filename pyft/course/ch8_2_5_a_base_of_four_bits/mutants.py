"""Plausible mistakes in the code of section 8.2.5, one line each."""

from types import ModuleType

from pyft.course.ch8_2_5_a_base_of_four_bits import proofs
from pyft.maths import four_bits
from pyft.mutation import Family, Mutant, broken_copy

PROOFS: dict[str, Family] = {
    "levels": proofs.levels,
    "nearest": proofs.nearest,
    "bytes": proofs.bytes_of_codes,
    "forward and gradients": proofs.forward_and_gradients,
    "fifty steps": proofs.training,
    "in BERT": proofs.in_bert,
}


def code() -> ModuleType:
    """The module as it is."""
    return four_bits


def mutate(module: str, old: str, new: str) -> ModuleType:
    """A fresh copy of the module, broken; the real one is not touched."""
    return broken_copy(four_bits, old, new)


def _broken(name: str, old: str, new: str, note: str) -> Mutant:
    return Mutant(name, "four_bits", old, new, note)


MUTANTS: list[Mutant] = [
    _broken(
        "the outermost quantile of one side",
        "(1 / (4 * n) + 1 / (4 * n - 2)) / 2",
        "1 / (4 * n)",
        "looks like the paper's formula, and is not its table",
    ),
    _broken("no zero", "torch.zeros(1, dtype=torch.float64), above", "above", "what pads a text is no longer nothing"),
    _broken("as many below as above", "for k in (n, n - 1)", "for k in (n, n)", "seventeen levels for four bits"),
    _broken(
        "positive and negative exchanged",
        "for k in (n, n - 1)",
        "for k in (n - 1, n)",
        "the finer half is the published one's coarser",
    ),
    _broken("equal steps to one", "torch.arange(-n, n, ", "torch.arange(1 - n, n + 1, ", "the lowest level is lost"),
    _broken(
        "down, not to the nearest",
        "((levels[1:] + levels[:-1]) / 2)",
        "levels[1:]",
        "the error is up to twice as large, and of one sign",
    ),
    _broken(
        "one scale for all",
        "blocks / torch.where(scale == 0, 1, scale)[:, None]",
        "blocks / scale.abs().max()",
        "an outlier far away decides",
    ),
    _broken("a block of zeros", "torch.where(scale == 0, 1, scale)", "scale", "zero over zero"),
    _broken(
        "the scale without its sign", "extreme.abs() if levels[-1] == 1 else -extreme", "extreme.abs()", "cut at 7/8"
    ),
    _broken(
        "halves exchanged",
        "torch.stack([packed >> 4, packed & 15], -1)",
        "torch.stack([packed & 15, packed >> 4], -1)",
        "neighbours change places",
    ),
    _broken("halves one after the other", "-1).flatten(-2)", "-2).flatten(-2)", "as E5's file has them, not as packed"),
    _broken("bias lost", "F.linear(x, of.weight, of.bias)", "F.linear(x, of.weight)", "the matrix alone is kept"),
    _broken(
        "gradient through the transpose",
        "return g @ ctx.of.weight.to(g.dtype), None",
        "return g @ ctx.of.weight.T.to(g.dtype), None",
        "of a square matrix nothing warns",
    ),
    _broken(
        "no gradient goes through",
        "return g @ ctx.of.weight.to(g.dtype), None",
        "return torch.zeros_like(g @ ctx.of.weight.to(g.dtype)), None",
        "only the last layer would learn",
    ),
    _broken(
        "the matrix is kept",
        "return ThroughFrozen.apply(x, self)",
        "return F.linear(x, self.weight, self.bias)",
        "every output is right, and the memory is as full as before",
    ),
    _broken("all maps", " and not part.weight.requires_grad", "", "the head could not learn any more"),
    _broken(
        "biases not put back", "linear.bias.copy_(part.bias)", "linear.bias.zero_()", "merged, it does something else"
    ),
]
