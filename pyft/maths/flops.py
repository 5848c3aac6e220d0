"""What the encoders of `pyft.maths.encoder` cost, by formula: parameters, floating-point operations, bytes kept.

One multiplication or one addition is one operation. Matrix products alone are counted, as by PyTorch's
`FlopCounterMode`: (m, k) times (k, n) is m n sums of k products, 2 m k n operations. The rest (softmax, norms,
activations) does a few operations for each number, not one for each term of a sum. In the backward pass a product has
two, one for the gradient of each input, and each costs what it cost itself. An input that is data asks for none.

The number of heads is in no count of operations: h heads of width d / h cost what one of width d does.
"""

from typing import NamedTuple


class Cost(NamedTuple):
    """Parameters (numbers), operations of one forward pass and of one backward pass."""

    parameters: int
    forward: int
    backward: int

    @property
    def training(self) -> int:
        """Operations of a forward and a backward pass."""
        return self.forward + self.backward


def total(*parts: Cost, times: int = 1) -> Cost:
    """The sum of the parts, `times` over."""
    parameters, forward, backward = (times * sum(x) for x in zip(*parts, strict=True))
    return Cost(parameters, forward, backward)


def product(m: int, k: int, n: int, gradients: int = 2) -> Cost:
    """(m, k) times (k, n), of which `gradients` inputs need a gradient; no parameters."""
    return Cost(0, 2 * m * k * n, gradients * 2 * m * k * n)


def linear(N: int, d_in: int, d_out: int, bias: bool = True, learned_input: bool = True) -> Cost:
    """x W + b on N vectors. `learned_input` is false if x is data: nothing then asks for its gradient."""
    return product(N, d_in, d_out, 1 + learned_input)._replace(parameters=d_out * (d_in + bias))


# --- attention and feed-forward: Vaswani et al. 2017, sections 3.2 and 3.3 --------------------------------------------


def attention(B: int, T_q: int, T_k: int, d: int, learned_input: bool = True) -> Cost:
    """`MultiHeadAttention`: forward 4 B d^2 (T_q + T_k) for the projections, 4 B T_q T_k d for scores and sums."""
    return total(
        linear(B * T_q, d, d, learned_input=learned_input),  # W_Q
        linear(B * T_k, d, d, learned_input=learned_input),  # W_K
        linear(B * T_k, d, d, learned_input=learned_input),  # W_V
        product(B * T_q, d, T_k),  # Q K^T: h heads, each a sum over d / h
        product(B * T_q, T_k, d),  # A V
        linear(B * T_q, d, d),  # W_O
    )


def feed_forward(B: int, T: int, d: int, d_ff: int, learned_input: bool = True) -> Cost:
    """`FeedForward`: forward 4 B T d d_ff."""
    return total(linear(B * T, d, d_ff, learned_input=learned_input), linear(B * T, d_ff, d))


def layer_norm(d: int) -> Cost:
    """`LayerNorm`: a gain and an offset; no product of matrices."""
    return Cost(2 * d, 0, 0)


# --- encoders ---------------------------------------------------------------------------------------------------------


def encoder_layer(B: int, T: int, d: int, d_ff: int, learned_input: bool = True) -> Cost:
    """`EncoderLayer`, post-LN or pre-LN: forward 8 B T d^2 + 4 B T^2 d + 4 B T d d_ff.

    In a pre-LN layer the norm comes first, so that the input of the products is learned whatever x is.
    """
    norms = total(layer_norm(d), times=2)
    # the feed-forward network reads what the attention made, which is always learned
    return total(attention(B, T, T, d, learned_input), feed_forward(B, T, d, d_ff), norms)


def bert(
    B: int, T: int, V: int, d: int, d_ff: int, num_layers: int, max_length: int = 512, num_segments: int = 2
) -> Cost:
    """`BertEncoder`, without pooler or head. Looking up an embedding is no product; every product has learned inputs.

    So the backward pass costs twice the forward pass, exactly.
    """
    embeddings = Cost((V + max_length + num_segments) * d, 0, 0)
    return total(embeddings, layer_norm(d), total(encoder_layer(B, T, d, d_ff), times=num_layers))


def roberta(B: int, T: int, V: int, d: int, d_ff: int, num_layers: int, max_length: int = 514) -> Cost:
    """`RobertaEncoder`: BERT with a longer table of positions and one segment."""
    return bert(B, T, V, d, d_ff, num_layers, max_length, num_segments=1)


def relative_attention(B: int, T_q: int, T: int, d: int) -> Cost:
    """`RelativeAttention`: T_q queries on T keys; Dai et al. 2019, section 3.3; Yang et al. 2019, section 2.5.

    Every query is held against all 2 T - 1 offsets, of which T are then picked. The offsets are sinusoids, not learned.
    """
    return total(
        linear(B * T_q, d, d, bias=False),  # W_Q
        linear(B * T, d, d, bias=False),  # W_K
        linear(B * T, d, d, bias=False),  # W_V
        linear(2 * T - 1, d, d, bias=False, learned_input=False),  # W_R, once for the whole batch
        product(B * T_q, d, T),  # content
        product(B * T_q, d, 2 * T - 1),  # position
        product(B * T_q, d, 2),  # segment
        product(B * T_q, T, d),  # A V
        linear(B * T_q, d, d, bias=False),  # W_O
        Cost(5 * d, 0, 0),  # u, v, b (d each) and s (2 d)
    )


def xlnet(B: int, T: int, V: int, d: int, d_ff: int, num_layers: int, M: int = 0) -> Cost:
    """`XLNetEncoder`: the content stream and, if M > 0 positions are predicted, the query stream; one set of weights.

    The backward pass is that of a loss on every stream there is.
    """
    norms = total(layer_norm(d), times=2)
    layer = total(relative_attention(B, T, T, d), feed_forward(B, T, d, d_ff), norms)
    if M:
        query_stream = total(relative_attention(B, M, T, d), feed_forward(B, M, d, d_ff))
        layer = total(layer, query_stream._replace(parameters=0))  # the same weights
    return total(Cost((V + 1) * d, 0, 0), total(layer, times=num_layers))  # + 1: where every query starts


# --- memory -----------------------------------------------------------------------------------------------------------


def attention_activation_bytes(B: int, T: int, d: int, h: int, dropout: bool = False, itemsize: int = 4) -> int:
    """Bytes that `MultiHeadAttention` of a text on itself keeps for its backward pass, parameters aside.

    Five tensors that grow with T: x, Q, K, V and the heads. One that grows with its square, the weights; three under
    dropout (the weights, what dropout multiplied them by, the product), as PyTorch has it on a CPU.
    """
    return itemsize * (5 * B * T * d + (3 if dropout else 1) * B * h * T**2)


def feed_forward_activation_bytes(B: int, T: int, d: int, d_ff: int, itemsize: int = 4) -> int:
    """Bytes that `FeedForward` keeps for its backward pass, parameters aside: x, and the inner layer twice.

    Twice: before the activation, for its derivative, and after, for that of W_2.
    """
    return itemsize * B * T * (d + 2 * d_ff)
