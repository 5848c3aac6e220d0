"""What a fine-tuning costs, by formula: operations of each batch, bytes, and from both the hours on a machine."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from pyft.errors import PyftError
from pyft.maths import flops
from pyft.maths.flops import Cost, encoder_layer, feed_forward, linear, product, total
from pyft.maths.sizes import Size, activation_bytes, own_parameters

MINILM = Size()
SIZES = {
    "MiniLM": MINILM,
    "BERT base": Size(d=768, d_ff=3072, L=12),
    "BERT large": Size(d=1024, d_ff=4096, L=24, h=16),
    "7 billion": Size(
        V=50_257, d=4096, d_ff=16_384, L=32, h=32, positions=2048
    ),  # Brown et al. 2020, table 2.1: "6.7B"
}


# --- operations -------------------------------------------------------------------------------------------------------


def class_token_layer(B: int, T: int, d: int, d_ff: int, learned_input: bool = True) -> Cost:
    """A last layer that computes its first token alone, from keys and values of all (`pyft.finetune.fast_path`)."""
    return total(
        linear(B, d, d, learned_input=learned_input),  # W_Q
        linear(B * T, d, d, learned_input=learned_input),  # W_K
        linear(B * T, d, d, learned_input=learned_input),  # W_V
        product(B, d, T),  # scores
        product(B, T, d),  # sums
        linear(B, d, d),  # W_O
        feed_forward(B, 1, d, d_ff),
    )


def classifier(
    B: int, T: int, size: Size = MINILM, K: int = 2, frozen: int = 0, embeddings_learn: bool = True, fast: bool = True
) -> Cost:
    """A batch of B texts of T tokens through a BERT that classifies texts: operations of its forward and backward pass.

    The `frozen` lowest layers do not learn, and then neither do the embeddings: no gradient goes there. `fast` is the
    last layer of the fast path. Parameters are left at zero: see `own_parameters`.

    Raises:
        PyftError: more frozen layers than there are.
    """
    if not 0 <= frozen <= size.L:
        raise PyftError(f"cannot freeze {frozen} layers of {size.L}: expected a number from 0 to {size.L}.")
    parts = []
    for i in range(size.L):
        layer = class_token_layer if fast and i == size.L - 1 else encoder_layer
        below = i > frozen or (frozen == 0 and embeddings_learn)  # whether what comes in is learned
        cost = layer(B, T, size.d, size.d_ff, below)
        parts.append(cost if i >= frozen else cost._replace(backward=0))
    parts.append(linear(B, size.d, size.d, learned_input=frozen < size.L))  # pooler
    parts.append(linear(B, size.d, K))
    return total(*parts)._replace(parameters=0)


def lora(B: int, T: int, size: Size = MINILM) -> Cost:
    """An encoder with LoRA: no matrix of the base asks for its gradient. What A and B cost is left out, and the head.

    Of a product with a frozen matrix the backward pass has one in place of two; scores and sums still have both. In the
    first layer nothing below learns, so that queries, keys and values need none: that, too, is left out.
    """
    d, d_ff = size.d, size.d_ff
    matrices = 2 * B * T * (4 * d * d + 2 * d * d_ff)
    scores = 2 * 2 * B * T * T * d
    return Cost(0, size.L * (matrices + scores), size.L * (matrices + 2 * scores))


def of_batches(
    shapes: Iterable[tuple[int, int]], size: Size = MINILM, K: int = 2, frozen: int = 0, fast: bool = True
) -> int:
    """Operations of a training on batches of these shapes (B, T)."""
    return sum(classifier(B, T, size, K, frozen, fast=fast).training for B, T in shapes)


def six_n_d(N: int, D: int) -> int:
    """The rule of thumb: six operations for each of N parameters and D tokens (Kaplan et al. 2020, section 2.1)."""
    return 6 * N * D


def matrix_parameters(size: Size = MINILM) -> int:
    """Parameters of an encoder's layers that stand in a product with each token: biases and norms do not count."""
    return size.L * (4 * size.d**2 + 2 * size.d * size.d_ff)


def parameters(size: Size = MINILM) -> int:
    """All parameters of an encoder without a head, its tables included."""
    return own_parameters("full", size)


def vocabulary_head(B: int, T: int, size: Size = MINILM) -> Cost:
    """Scores of all V words at each of T places: what a language model adds, and a classifier does not have."""
    return product(B * T, size.d, size.V)


# --- bytes ------------------------------------------------------------------------------------------------------------


class Memory(NamedTuple):
    """Bytes of one training step, by what takes them."""

    weights: int
    gradients: int
    moments: int
    activations: int

    @property
    def whole(self) -> int:
        """All together."""
        return sum(self)


def memory(
    B: int, T: int, size: Size = MINILM, method: str = "full", half: bool = False, recomputed: bool = False
) -> Memory:
    """What a step of AdamW keeps of an encoder. `half` is mixed precision with a 32-bit copy of what is trained.

    For `half` weights take 4 bytes and 2 more for their copies in 16 bits (frozen ones 2 alone), and activations are
    taken as half: norms and softmax keep 32 bits, so that is a lower bound. `recomputed` keeps the input of each layer,
    and of one layer at a time everything.

    Raises:
        KeyError: a method other than "full" and "LoRA".
    """
    N, learns = parameters(size), own_parameters(method, size)
    frozen = 0 if method == "full" else N
    copies = (2 * learns + 2 * frozen) if half else 4 * frozen
    kept = activation_bytes(method, B, T, size)
    if recomputed:
        one = Size(V=size.V, d=size.d, d_ff=size.d_ff, L=1, h=size.h, positions=size.positions)
        kept = activation_bytes(method, B, T, one) + 4 * B * T * size.d * size.L
    return Memory(4 * learns + copies, 4 * learns, 8 * learns, kept // 2 if half else kept)


# --- hours ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Machine:
    """What a machine could do at most, from its maker's data sheet, and how much of that a run is assumed to use."""

    peak: float  # operations a second, of matrix products in the precision that training has there
    bytes: float
    used: tuple[float, float]  # share of the peak, low and high: an assumption
    half: bool
    source: str  # key of the bibliography; empty if it was measured


T4 = Machine(65e12, 16e9, (0.1, 0.4), True, "nvidia_t4")  # FP16, matrix units
H100 = Machine(989e12, 80e9, (0.1, 0.4), True, "nvidia_h100")  # BF16 on the SXM board: half of the sheet's "sparse"


def hours(operations: float, peak: float, used: float) -> float:
    """Hours that so many operations take at this share of the peak."""
    return operations / (peak * used) / 3600


def hours_range(operations: float, machine: Machine) -> tuple[float, float]:
    """The hours at the high and at the low end of what is assumed: from fewest to most."""
    low, high = machine.used
    return hours(operations, machine.peak, high), hours(operations, machine.peak, low)


def clock(hours: float) -> str:
    """So many hours in a unit of which there is at least one, or in seconds."""
    for unit, name in ((1, "h"), (60, "min")):
        if hours * unit >= 1:
            return f"{hours * unit:,.1f} {name}"
    return f"{3600 * hours:.1f} s"


def training_operations(
    tokens: int, T: int, size: Size = MINILM, method: str = "full", recomputed: bool = False
) -> int:
    """Operations of a training on so many tokens in rows of T, with "full" fine-tuning or "LoRA", heads left out.

    Recomputed layers go forward twice.

    Raises:
        PyftError: another method.
    """
    if method not in ("full", "LoRA"):
        raise PyftError(f"no count for {method!r}: expected 'full' or 'LoRA'.")
    row = lora(1, T, size) if method == "LoRA" else flops.bert(1, T, size.V, size.d, size.d_ff, size.L)
    return tokens // T * (row.training + recomputed * row.forward)
