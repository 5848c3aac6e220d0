"""Plausible mistakes in the code of section 4.1.3, one line each."""

from pyft.course.ch4_1_3_feed_forward import proofs
from pyft.mutation import Family, Mutant

MUTANTS: list[Mutant] = [
    Mutant(
        "Bessel's correction in LayerNorm",
        "encoder",
        "c.square().mean(-1, keepdim=True)",
        "x.var(-1, keepdim=True)",
        "divided by d - 1; published in The Annotated Transformer and copied from there",
    ),
    Mutant(
        "epsilon outside the root",
        "encoder",
        "torch.rsqrt(var + self.eps)",
        "1 / (var.sqrt() + self.eps)",
        "published in The Annotated Transformer and copied from there",
    ),
    Mutant(
        "LayerNorm over tokens",
        "encoder",
        "c = x - x.mean(-1, keepdim=True)",
        "c = x - x.mean(-2, keepdim=True)",
        "the wrong axis: a token depends on the others of its text, padding included",
    ),
    Mutant(
        "GELU by tanh",
        "encoder",
        "Tensor] = F.gelu, dropout",
        'Tensor] = lambda x: F.gelu(x, approximate="tanh"), dropout',
        "the approximation that BERT's code took later",
    ),
    Mutant(
        "ReLU for GELU",
        "encoder",
        "Tensor] = F.gelu, dropout",
        "Tensor] = relu, dropout",
        "the paper's network under BERT's weights",
    ),
    Mutant(
        "no residual",
        "encoder",
        "self.norm_1(x + self.dropout(self.attention(x, x, x, mask)[0]))",
        "self.norm_1(self.dropout(self.attention(x, x, x, mask)[0]))",
        "the sum forgotten",
    ),
    Mutant(
        "norm inside the residual",
        "encoder",
        "self.norm_1(x + self.dropout(self.attention(x, x, x, mask)[0]))",
        "x + self.norm_1(self.dropout(self.attention(x, x, x, mask)[0]))",
        "neither post-LN nor pre-LN",
    ),
]

PROOFS: dict[str, Family] = {"LayerNorm": proofs.layer_norm, "feed-forward": proofs.feed_forward, "layer": proofs.layer}
