"""Plausible mistakes in the code of section 4.1.4, one line each."""

from pyft.course.ch4_1_1_self_attention.proofs import orders
from pyft.course.ch4_1_4_encoders import proofs
from pyft.mutation import Family, Mutant

MUTANTS: list[Mutant] = [
    Mutant(
        "no segment embedding",
        "encoder",
        " + self.segment(segments)",
        "",
        "BERT then misses a constant in every token, too",
    ),
    Mutant(
        "mask on queries",
        "encoder",
        "mask[:, None, None, :]",
        "mask[:, None, :, None]",
        "padding is read, and sees nothing",
    ),
    Mutant(
        "RoBERTa: positions from 0",
        "encoder",
        "real.cumsum(1) * real + self.pad_id",
        "real.cumsum(1) * real",
        "fairseq's offset forgotten",
        run="RoBERTa",
    ),
    Mutant(
        "RoBERTa: padding counted",
        "encoder",
        "real.cumsum(1) * real + self.pad_id",
        "torch.arange(1, ids.size(1) + 1) + self.pad_id",
        "right until a text is padded on the left",
        run="RoBERTa",
    ),
    Mutant(
        "head without its norm",
        "encoder",
        "self.norm(F.gelu(self.dense(x))) @",
        "F.gelu(self.dense(x)) @",
        "a layer forgotten",
        run="XLNet",
    ),
    Mutant(
        "XLNet: shift by one",
        "encoder",
        "(place[:, None] - place + T - 1)",
        "(place[:, None] - place + T).clamp(max=2 * T - 2)",
        "every key one place further than it is",
        run="XLNet",
    ),
    Mutant(
        "XLNet: direction turned",
        "encoder",
        "(place[:, None] - place + T - 1)",
        "(place - place[:, None] + T - 1)",
        "left taken for right",
        run="XLNet",
    ),
    Mutant(
        "XLNet: query sees its own token",
        "encoder",
        "visible.gather(1, at)",
        "(visible | itself).gather(1, at)",
        "the answer leaks, and the loss falls far too low",
        run="XLNet",
    ),
    Mutant(
        "XLNet: content misses its own token",
        "encoder",
        "other, visible | itself)",
        "other, visible)",
        "the two masks taken for one",
        run="XLNet",
    ),
    Mutant(
        "XLNet: query reads the next layer",
        "encoder",
        "g = layer(g, h, R, *query_side)",
        "g = layer(g, layer(h, h, R, offset, other, visible | itself), R, *query_side)",
        "h moved on before g has read",
        run="XLNet",
    ),
    Mutant(
        "XLNet: biases exchanged",
        "encoder",
        "(Q + self.u) @ K",
        "(Q + self.v) @ K",
        "u is for content, v for position",
        run="XLNet",
    ),
    Mutant(
        "XLNet: segments turned",
        "encoder",
        "segments[:, :, None] != segments",
        "segments[:, :, None] == segments",
        "same taken for other",
        run="XLNet",
    ),
    Mutant(
        "XLNet: order taken for ranks",
        "encoder",
        "rank = order.argsort(-1)",
        "rank = order",
        "a permutation is not its inverse",
        run="XLNet",
    ),
    Mutant(
        "XLNet: sines and cosines in turn",
        "encoder",
        "torch.cat([angles.sin(), angles.cos()], dim=-1)",
        "torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)",
        "the order of the first paper, not of XLNet's code",
        run="XLNet",
    ),
]

PROOFS: dict[str, Family] = {
    "orders": orders,
    "BERT": proofs.bert,
    "RoBERTa": proofs.roberta,
    "XLNet": proofs.xlnet,
    "tied head": proofs.tied_head,
}
