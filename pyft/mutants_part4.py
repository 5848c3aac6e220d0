"""The mutants of Part 4, by page, and the proofs that they are hunted with: one-line mistakes that people make."""

from pyft import proofs_attention, proofs_losses, proofs_optim
from pyft.mutants import Family, Mutant

_A, _E = "attention", "encoder"

SELF_ATTENTION: list[Mutant] = [
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
    Mutant("causal mask shows the next token", _A, ".tril()", ".tril(1)", "the answer leaks", run="left to right"),
    Mutant(
        "causal mask hides the own token", _A, ".tril()", ".tril(-1)", "the first row sees nothing", run="left to right"
    ),
]

MULTI_HEAD: list[Mutant] = [
    Mutant(
        "heads split on the wrong axis",
        _A,
        "x.unflatten(-1, (h, -1)).transpose(-3, -2)",
        "x.reshape(len(x), h, -1, x.size(-1) // h)",
        "the shape is right; a head holds pieces of different tokens",
    ),
    Mutant(
        "heads interleaved",
        _A,
        "x.unflatten(-1, (h, -1)).transpose(-3, -2)",
        "x.unflatten(-1, (-1, h)).movedim(-1, -3)",
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
        "values made from keys' input",
        _A,
        "split(self.W_V(v), self.h)",
        "split(self.W_V(k), self.h)",
        "the wrong letter",
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

FEED_FORWARD: list[Mutant] = [
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

ENCODERS: list[Mutant] = [
    Mutant(
        "no segment embedding", _E, " + self.segment(segments)", "", "BERT then misses a constant in every token, too"
    ),
    Mutant(
        "mask on queries", _E, "mask[:, None, None, :]", "mask[:, None, :, None]", "padding is read, and sees nothing"
    ),
    Mutant(
        "RoBERTa: positions from 0",
        _E,
        "real.cumsum(1) * real + self.pad_id",
        "real.cumsum(1) * real",
        "fairseq's offset forgotten",
        run="RoBERTa",
    ),
    Mutant(
        "RoBERTa: padding counted",
        _E,
        "real.cumsum(1) * real + self.pad_id",
        "torch.arange(1, ids.size(1) + 1) + self.pad_id",
        "right until a text is padded on the left",
        run="RoBERTa",
    ),
    Mutant(
        "head without its norm",
        _E,
        "self.norm(F.gelu(self.dense(x))) @",
        "F.gelu(self.dense(x)) @",
        "a layer forgotten",
        run="XLNet",
    ),
    Mutant(
        "XLNet: shift by one",
        _E,
        "(place[:, None] - place + T - 1)",
        "(place[:, None] - place + T).clamp(max=2 * T - 2)",
        "every key one place further than it is",
        run="XLNet",
    ),
    Mutant(
        "XLNet: direction turned",
        _E,
        "(place[:, None] - place + T - 1)",
        "(place - place[:, None] + T - 1)",
        "left taken for right",
        run="XLNet",
    ),
    Mutant(
        "XLNet: query sees its own token",
        _E,
        "visible.gather(1, at)",
        "(visible | itself).gather(1, at)",
        "the answer leaks, and the loss falls to nothing",
        run="XLNet",
    ),
    Mutant(
        "XLNet: content misses its own token",
        _E,
        "other, visible | itself)",
        "other, visible)",
        "the two masks taken for one",
        run="XLNet",
    ),
    Mutant(
        "XLNet: query reads the next layer",
        _E,
        "g = layer(g, h, R, *query_side)",
        "g = layer(g, layer(h, h, R, offset, other, visible | itself), R, *query_side)",
        "h moved on before g has read",
        run="XLNet",
    ),
    Mutant(
        "XLNet: biases exchanged",
        _E,
        "(Q + self.u) @ K",
        "(Q + self.v) @ K",
        "u is for content, v for position",
        run="XLNet",
    ),
    Mutant(
        "XLNet: segments turned",
        _E,
        "segments[:, :, None] != segments",
        "segments[:, :, None] == segments",
        "same taken for other",
        run="XLNet",
    ),
    Mutant(
        "XLNet: order taken for ranks",
        _E,
        "rank = order.argsort(-1)",
        "rank = order",
        "a permutation is not its inverse",
        run="XLNet",
    ),
    Mutant(
        "XLNet: sines and cosines in turn",
        _E,
        "torch.cat([angles.sin(), angles.cos()], dim=-1)",
        "torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)",
        "the order of the first paper, not of XLNet's code",
        run="XLNet",
    ),
]

# --- losses (page 4.2) ------------------------------------------------------------------------------------------------

LOSS_PROOFS: dict[str, Family] = {
    "labels": proofs_losses.cross_entropy,
    "soft targets": proofs_losses.soft_targets,
    "derived gradient": proofs_losses.derived_gradient,
    "large logits": proofs_losses.stable,
    "squared error": proofs_losses.squared_error,
}

LOSSES: list[Mutant] = [
    Mutant(
        "softmax before cross-entropy",
        "losses",
        "log_softmax(z)",
        "log_softmax(z.softmax(-1))",
        "the model's last layer is a softmax, and the loss takes another of it",
    ),
    Mutant(
        "no shift",
        "losses",
        "c = z.amax(-1, keepdim=True).detach()",
        "c = torch.zeros_like(z[..., :1])",
        "exp of the logits as they are: right until one of them overflows",
    ),
    Mutant(
        "labels off by one",
        "losses",
        "y = y.where(kept, 0)",
        "y = y.where(kept, 0).sub(1).clamp(0)",
        "labels that count from zero, taken to count from one",
    ),
    Mutant(
        "ignored positions in the mean",
        "losses",
        "share = w[y] * kept",
        "share = w[y]",
        "they add nothing above the line and are counted below it",
        run="masked LM",
    ),
    Mutant(
        "ignored positions in the loss",
        "losses",
        "loss.masked_fill(~kept, 0)",
        "loss",
        "padding is trained to be class 0",
        run="masked LM",
    ),
    Mutant(
        "weights not in the denominator",
        "losses",
        "share = w[y] * kept",
        "share = 1.0 * kept",
        "a weighted sum divided by a count: another learning rate in every batch",
        run="BERT, weighted and smoothed",
    ),
    Mutant(
        "smoothing over the wrong classes",
        "losses",
        "label_smoothing / K *",
        "label_smoothing / (K - 1) *",
        "the share spread as if the right class got none of it",
        run="BERT, weighted and smoothed",
    ),
    Mutant(
        "smoothing added on top",
        "losses",
        "(1 - label_smoothing) * loss",
        "loss",
        "targets that sum to more than one",
        run="BERT, weighted and smoothed",
    ),
    Mutant(
        "logarithm to base two",
        "losses",
        ".sum(-1, keepdim=True).log()",
        ".sum(-1, keepdim=True).log2()",
        "bits mixed with nats",
    ),
    Mutant(
        "sum instead of mean",
        "losses",
        "return loss.sum() / share.sum()",
        "return loss.sum()",
        "the outline's formula: the learning rate grows with the batch",
    ),
    Mutant(
        "squared error halved",
        "losses",
        "(input - target).square()",
        "(input - target).square() / 2",
        "the textbook's half, for a gradient without the factor two: half the learning rate",
        run="BERT, ratings",
    ),
    Mutant(
        "absolute error",
        "losses",
        "(input - target).square()",
        "(input - target).abs()",
        "finds the median in place of the mean",
        run="BERT, ratings",
    ),
]

# --- optimisers and schedules (page 4.3) ------------------------------------------------------------------------------

OPTIMISER_PROOFS: dict[str, Family] = {
    "schedules": proofs_optim.schedules,
    "SGD": proofs_optim.sgd,
    "Adam": proofs_optim.adam,
    "AdamW": proofs_optim.adamw,
    "algorithm 2": proofs_optim.algorithm_2,
    "misprint": proofs_optim.misprint,
    "without bias correction": proofs_optim.without_correction,
    "resumed": proofs_optim.resumed,
}

_ADAMW_STEP = """        theta.mul_(1 - lr * weight_decay)
        m_hat, root = moments(g, state, **settings)
        theta.addcdiv_(m_hat, root, value=-lr)
"""

OPTIMISERS: list[Mutant] = [
    Mutant(
        "decay inside the adaptive scaling",
        "optim",
        _ADAMW_STEP,
        _ADAMW_STEP.replace("theta.mul_(1 - lr * weight_decay)\n        ", "").replace(
            "(m_hat,", "(m_hat + weight_decay * theta,"
        ),
        "the outline's AdamW",
    ),
    Mutant(
        "L2 in place of decay",
        "optim",
        "theta.mul_(1 - lr * weight_decay)",
        "g = g + weight_decay * theta",
        "Adam with L2, what AdamW was made to replace",
    ),
    Mutant(
        "decay of the running mean",
        "optim",
        "theta.mul_(1 - lr * weight_decay)",
        "state.get('m', g).mul_(1 - lr * weight_decay)",
        "the right factor on the wrong tensor",
    ),
    Mutant(
        "decay without the learning rate",
        "optim",
        "theta.mul_(1 - lr * weight_decay)",
        "theta.mul_(1 - weight_decay)",
        "the paper's lambda taken for torch's, which is multiplied by the rate",
    ),
    Mutant(
        "epsilon inside the root",
        "optim",
        "v_hat.sqrt_().add_(eps)",
        "v_hat.add_(eps).sqrt_()",
        "a gradient of zero is divided by the root of epsilon, ten thousand times more",
    ),
    Mutant(
        "epsilon after the quotient",
        "optim",
        "return m_hat, v_hat.sqrt_().add_(eps)",
        "return m_hat + eps * v_hat.sqrt(), v_hat.sqrt_()",
        "`v / sqrt(s) + eps`, in a widely used textbook's Adam (d2l, TensorFlow tab)",
    ),
    Mutant(
        "bias correction frozen at the first step",
        "optim",
        'state["t"] = t = state["t"] + 1',
        'state["t"] = t = 1',
        "t is never counted up (d2l, TensorFlow tab)",
    ),
    Mutant(
        "steps counted from zero",
        "optim",
        'state["t"] = t = state["t"] + 1',
        't, state["t"] = state["t"], state["t"] + 1',
        "the first correction divides by zero",
    ),
    Mutant(
        "no bias correction",
        "optim",
        "if not bias_correction:",
        "if True:",
        "the first BERT code: early steps several times too long",
    ),
    Mutant(
        "no root",
        "optim",
        "return m_hat, v_hat.sqrt_().add_(eps)",
        "return m_hat, v_hat.add_(eps)",
        "the step as a widely read annotated implementation states it (labml)",
    ),
    Mutant(
        "betas swapped",
        "optim",
        "(beta_1, beta_2), m, v =",
        "(beta_2, beta_1), m, v =",
        "the mean remembers long and the square forgets",
    ),
    Mutant(
        "gradient not squared",
        "optim",
        "addcmul_(g, g, value=1 - beta_2)",
        "add_(g.abs(), alpha=1 - beta_2)",
        "the root of the mean size: the step depends on the scale of the loss",
    ),
    Mutant(
        "momentum that does not build up",
        "optim",
        'state["b"].mul_(momentum).add_(g)',
        'state["b"].mul(momentum).add(g)',
        "one underscore missing: the sum is never kept",
        run="BERT, SGD with momentum",
    ),
    Mutant(
        "warm-up one step early",
        "schedules",
        "step / warmup if",
        "(step + 1) / warmup if",
        "a sensible convention, but not the library's",
    ),
    Mutant(
        "a whole cosine",
        "schedules",
        "math.cos(math.pi * progress)",
        "math.cos(2 * math.pi * progress)",
        "down to zero half way, and up again",
        run="BERT, cosine",
    ),
    Mutant(
        "a line that never reaches zero",
        "schedules",
        "(total - step) / max",
        "(total - step + 1) / max",
        "one step too many in the numerator",
    ),
]

# --- by page ----------------------------------------------------------------------------------------------------------

_ENCODER_PROOFS: dict[str, Family] = {
    "BERT": proofs_attention.bert,
    "RoBERTa": proofs_attention.roberta,
    "XLNet": proofs_attention.xlnet,
    "tied head": proofs_attention.tied_head,
}
MUTANTS: dict[str, list[Mutant]] = {
    "4.1.1": SELF_ATTENTION,
    "4.1.2": MULTI_HEAD,
    "4.1.3": FEED_FORWARD,
    "4.1.4": ENCODERS,
    "4.2": LOSSES,
    "4.3": OPTIMISERS,
}
PROOFS: dict[str, dict[str, Family]] = {
    "4.1.1": {"attention": proofs_attention.attention, "orders": proofs_attention.orders},
    "4.1.2": {"multi-head attention": proofs_attention.multi_head, "layer": proofs_attention.layer},
    "4.1.3": {
        "LayerNorm": proofs_attention.layer_norm,
        "feed-forward": proofs_attention.feed_forward,
        "layer": proofs_attention.layer,
    },
    "4.1.4": {"orders": proofs_attention.orders} | _ENCODER_PROOFS,
    "4.2": LOSS_PROOFS,
    "4.3": OPTIMISER_PROOFS,
}
