"""How many numbers each method learns, and what a training keeps in memory for it, by formula."""

from dataclasses import dataclass

from pyft.maths import flops


@dataclass(frozen=True)
class Size:
    """Of an encoder, as in section 4.1; and of what is put in beside it. As it stands: MiniLM."""

    V: int = 30522
    d: int = 384
    d_ff: int = 1536
    L: int = 6
    positions: int = 512
    r: int = 8  # rank of LoRA
    bottleneck: int = 24  # width of an adapter
    vectors: int = 16  # of a prefix or a prompt


def own_parameters(method: str, size: Size = Size()) -> int:
    """The numbers that a method learns below the head.

    Raises:
        KeyError: no such method.
    """
    d, d_ff, L, r = size.d, size.d_ff, size.L, size.r
    norms, adapter = 4 * L * d + 2 * d, 2 * size.bottleneck * d + size.bottleneck + d
    return {
        "full": flops.bert(1, 1, size.V, d, d_ff, L, size.positions).parameters,
        "head alone": 0,
        "BitFit": L * (7 * d + d_ff) + d,
        "LayerNorm": norms,
        "LoRA": L * 2 * r * (d + d),
        "LoRA, all matrices": L * r * (4 * (d + d) + 2 * (d + d_ff)),
        "DoRA": L * 2 * (r * (d + d) + d),
        "Houlsby adapters": 2 * L * adapter + norms,
        "Pfeiffer adapters": L * adapter,
        "(IA)³": L * (2 * d + d_ff),
        "prefix": L * 2 * size.vectors * d,
        "prompt": size.vectors * d,
    }[method]
