"""The mutants of section 4.1: one-line mistakes in attention, layers and encoders."""

from pyft.mutants import Mutant

_A, _E = "attention", "encoder"

SELF_ATTENTION = [
    Mutant("no root of d_k", _A, "(q / math.sqrt(d_k))", "q", "the scale forgotten"),
    Mutant("divided by d_k", _A, "q / math.sqrt(d_k)", "q / d_k", "the root forgotten"),
    Mutant("softmax over queries", _A, "(scores + bias).softmax(-1)", "(scores + bias).softmax(-2)", "the wrong axis"),
    Mutant(
        "mask after softmax",
        _A,
        "weights = (scores + bias).softmax(-1)",
        "weights = scores.softmax(-1) * mask",
        "what is hidden still takes its share, so the rest no longer sums to one",
    ),
    Mutant(
        "scores times mask",
        _A,
        "(scores + bias)",
        "(scores * mask)",
        "a score of zero is not minus infinity: hidden keys get weight",
    ),
    Mutant("mask inverted", _A, "closed = ~(mask | empty)", "closed = mask & ~empty", "true taken for hidden"),
    Mutant(
        "an empty row averages everything",
        _A,
        "weights.masked_fill(empty, 0.0) if empty.any() else weights",
        "weights",
        "where nothing may be seen, everything is; XLNetModel of transformers does so",
    ),
    Mutant("causal mask shows the next token", _A, ".tril()", ".tril(1)", "the answer leaks"),
    Mutant("causal mask hides the own token", _A, ".tril()", ".tril(-1)", "the first row sees nothing"),
]

MULTI_HEAD = [
    Mutant(
        "heads split on the wrong axis",
        _A,
        "x.unflatten(-1, (self.h, -1)).transpose(1, 2)",
        "x.reshape(len(x), self.h, -1, x.size(-1) // self.h)",
        "the shape is right; a head holds pieces of different tokens",
    ),
    Mutant(
        "heads interleaved",
        _A,
        "x.unflatten(-1, (self.h, -1)).transpose(1, 2)",
        "x.unflatten(-1, (-1, self.h)).movedim(-1, 1)",
        "every h-th column makes a head: harmless from scratch, fatal to pretrained weights",
    ),
    Mutant(
        "heads joined without turning back",
        _A,
        "heads.transpose(1, 2).flatten(2)",
        "heads.reshape(q.shape)",
        "the shape is right; tokens are mixed",
    ),
    Mutant(
        "values made from keys' input", _A, "self.split(self.W_V(v))", "self.split(self.W_V(k))", "the wrong letter"
    ),
    Mutant("keys made with W_Q", _A, "self.W_K(k)", "self.W_Q(k)", "the wrong matrix: a token looks for itself"),
    Mutant(
        "no output projection",
        _A,
        "self.W_O(heads.transpose(1, 2).flatten(2))",
        "heads.transpose(1, 2).flatten(2)",
        "W_O forgotten",
    ),
    Mutant(
        "dropout at evaluation",
        _A,
        "self.dropout if self.training else 0.0",
        "self.dropout",
        "answers change from call to call",
    ),
]

FEED_FORWARD = [
    Mutant(
        "Bessel's correction in LayerNorm",
        _E,
        "c.square().mean(-1, keepdim=True)",
        "x.var(-1, keepdim=True)",
        "divided by d - 1; published in The Annotated Transformer and copied from there",
    ),
    Mutant(
        "epsilon outside the root",
        _E,
        "torch.rsqrt(var + self.eps)",
        "1 / (var.sqrt() + self.eps)",
        "published in The Annotated Transformer and copied from there",
    ),
    Mutant(
        "LayerNorm over tokens",
        _E,
        "c = x - x.mean(-1, keepdim=True)",
        "c = x - x.mean(-2, keepdim=True)",
        "the wrong axis: a text depends on its neighbours",
    ),
    Mutant(
        "GELU by tanh",
        _E,
        "Tensor] = F.gelu, dropout",
        'Tensor] = lambda x: F.gelu(x, approximate="tanh"), dropout',
        "the approximation of the first BERT code",
    ),
    Mutant(
        "ReLU for GELU",
        _E,
        "Tensor] = F.gelu, dropout",
        "Tensor] = relu, dropout",
        "the outline's network under BERT's weights",
    ),
    Mutant(
        "no residual",
        _E,
        "self.norm_1(x + self.dropout(self.attention(x, x, x, mask)[0]))",
        "self.norm_1(self.dropout(self.attention(x, x, x, mask)[0]))",
        "the sum forgotten",
    ),
    Mutant(
        "norm inside the residual",
        _E,
        "self.norm_1(x + self.dropout(self.attention(x, x, x, mask)[0]))",
        "x + self.norm_1(self.dropout(self.attention(x, x, x, mask)[0]))",
        "neither post-LN nor pre-LN",
    ),
]

ENCODERS = [
    Mutant(
        "no segment embedding", _E, " + self.segment(segments)", "", "BERT then misses a constant in every token, too"
    ),
    Mutant(
        "mask on queries", _E, "mask[:, None, None, :]", "mask[:, None, :, None]", "padding is read, and looks nowhere"
    ),
    Mutant(
        "RoBERTa: positions from 0",
        _E,
        "real.cumsum(1) * real + self.pad_id",
        "real.cumsum(1) * real",
        "fairseq's offset forgotten",
    ),
    Mutant(
        "RoBERTa: padding counted",
        _E,
        "real.cumsum(1) * real + self.pad_id",
        "torch.arange(1, ids.size(1) + 1) + self.pad_id",
        "right until a text is padded on the left",
    ),
    Mutant(
        "head without its norm",
        _E,
        "self.norm(F.gelu(self.dense(x))) @",
        "F.gelu(self.dense(x)) @",
        "a layer forgotten",
    ),
    Mutant(
        "XLNet: shift by one",
        _E,
        "(place[:, None] - place + T - 1)",
        "(place[:, None] - place + T).clamp(max=2 * T - 2)",
        "every key one place further than it is",
    ),
    Mutant(
        "XLNet: direction turned",
        _E,
        "(place[:, None] - place + T - 1)",
        "(place - place[:, None] + T - 1)",
        "left taken for right",
    ),
    Mutant(
        "XLNet: query sees its own token",
        _E,
        "visible.gather(1, at)",
        "(visible | itself).gather(1, at)",
        "the answer leaks, and the loss falls to nothing",
    ),
    Mutant(
        "XLNet: content misses its own token",
        _E,
        "other, visible | itself)",
        "other, visible)",
        "the two masks taken for one",
    ),
    Mutant(
        "XLNet: query reads the next layer",
        _E,
        "g = layer(g, h, R, *query_side)",
        "g = layer(g, layer(h, h, R, offset, other, visible | itself), R, *query_side)",
        "h moved on before g has read",
    ),
    Mutant("XLNet: biases exchanged", _E, "(Q + self.u) @ K", "(Q + self.v) @ K", "u is for content, v for position"),
    Mutant(
        "XLNet: segments turned",
        _E,
        "segments[:, :, None] != segments",
        "segments[:, :, None] == segments",
        "same taken for other",
    ),
    Mutant(
        "XLNet: order taken for ranks",
        _E,
        "rank = order.argsort(-1)",
        "rank = order",
        "a permutation is not its inverse",
    ),
    Mutant(
        "XLNet: sines and cosines in turn",
        _E,
        "torch.cat([angles.sin(), angles.cos()], dim=-1)",
        "torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)",
        "the order of the first paper, not of XLNet's code",
    ),
]
