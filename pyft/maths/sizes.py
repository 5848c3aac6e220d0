"""How many numbers each method of fine-tuning learns, and what its backward pass needs of the forward one."""

from dataclasses import dataclass

from pyft.maths import flops


@dataclass(frozen=True)
class Size:
    """Of an encoder of `pyft.maths.encoder`, and of what is put in beside it. As it stands: MiniLM."""

    V: int = 30522
    d: int = 384
    d_ff: int = 1536
    L: int = 6
    h: int = 12
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


def activation_bytes(method: str, B: int, T: int, size: Size = Size()) -> int:
    """What is kept for the backward pass of a BERT that classifies texts, without dropout, in single precision.

    Each layer keeps queries, keys, values and what attention makes of them (4 d a token), the inputs of both norms
    (2 d), that of gelu (d_ff), and a number a head and two a norm. The input of a linear map is kept for the gradient
    of its matrix alone: three more of d and one of d_ff, if all matrices learn; with LoRA the one that queries and
    values share, and what A makes of it.

    Raises:
        KeyError: a method for which there is no formula here.
    """
    d, d_ff, L = size.d, size.d_ff, size.L
    embedding = d + 2  # the input of its norm, mean and deviation
    layer = {
        "full": 8 * d + 2 * d_ff,
        "BitFit": 6 * d + d_ff,
        "LayerNorm": 6 * d + d_ff,
        "LoRA": 7 * d + d_ff + 2 * size.r,
    }
    if method == "head alone":
        return 4 * (B * T * d + B * d)  # the pooler's input, a part of the last hidden states, and its output
    below = 0 if method == "LoRA" else embedding
    return 4 * (B * T * (L * (layer[method] + size.h + 4) + below + d) + B * d)
