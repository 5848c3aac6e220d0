"""Plausible mistakes in the code of section 4.1.2, one line each."""

from pyft.course.ch4_1_2_multi_head_attention import proofs
from pyft.course.ch4_1_3_feed_forward.proofs import layer
from pyft.mutation import Family, Mutant

MUTANTS: list[Mutant] = [
    Mutant(
        "heads split on the wrong axis",
        "attention",
        "x.unflatten(-1, (h, -1)).transpose(-3, -2)",
        "x.reshape(len(x), h, -1, x.size(-1) // h)",
        "the shape is right; a head holds several pieces of one token",
    ),
    Mutant(
        "heads interleaved",
        "attention",
        "x.unflatten(-1, (h, -1)).transpose(-3, -2)",
        "x.unflatten(-1, (-1, h)).movedim(-1, -3)",
        "every h-th column makes a head: harmless from scratch, wrong for pretrained weights",
    ),
    Mutant(
        "heads joined without turning back",
        "attention",
        "heads.transpose(1, 2).flatten(2)",
        "heads.reshape(q.shape)",
        "the shape is right; tokens are mixed",
    ),
    Mutant(
        "values made from keys' input",
        "attention",
        "split(self.W_V(v), self.h)",
        "split(self.W_V(k), self.h)",
        "the wrong letter",
    ),
    Mutant(
        "keys made with W_Q", "attention", "self.W_K(k)", "self.W_Q(k)", "the wrong matrix: a token looks for itself"
    ),
    Mutant(
        "no output projection",
        "attention",
        "self.W_O(heads.transpose(1, 2).flatten(2))",
        "heads.transpose(1, 2).flatten(2)",
        "W_O forgotten",
    ),
    Mutant(
        "dropout at evaluation",
        "attention",
        "self.dropout if self.training else 0.0",
        "self.dropout",
        "answers change from call to call",
    ),
]

PROOFS: dict[str, Family] = {"multi-head attention": proofs.multi_head, "layer": layer}
