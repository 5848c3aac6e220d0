"""The exercises of Part 4: solutions by hand, and the mistakes that people make, each with its hint."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from pyft.exercise import Exercise

PART_4: dict[str, Exercise] = {}

Layer = Callable[[Tensor], Tensor]


def _normal(*shape: int, seed: int = 0) -> Tensor:
    """Normal numbers that leave torch's own generator alone."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# --- 4.1.1 self-attention ---------------------------------------------------------------------------------------------


def attention_weights(q: Tensor, k: Tensor) -> Tensor:
    scores = q @ k.T / math.sqrt(q.shape[-1])  # (T_q, T_k)
    exp = torch.exp(scores - scores.amax(-1, keepdim=True))
    return exp / exp.sum(-1, keepdim=True)


PART_4["4.1.1-a"] = Exercise(
    solution=attention_weights,
    cases=[(_normal(3, 4), _normal(5, 4, seed=1)), (_normal(2, 9, seed=2), _normal(2, 9, seed=3))],
    mistakes=[
        (
            lambda q, k: torch.softmax(q @ k.T, -1),
            "The scores are not scaled: their variance grows with d_k, and softmax hardens. Divide by the root of d_k.",
        ),
        (
            lambda q, k: torch.softmax(q @ k.T / q.shape[-1], -1),
            "You divide by d_k. The standard deviation of a dot product grows with its root: divide by that.",
        ),
        (
            lambda q, k: torch.softmax(q @ k.T / math.sqrt(q.shape[-1]), 0),
            "Here each key shares itself out over the queries: columns sum to one. It is each query's row that must.",
        ),
        (
            lambda q, k: q @ k.T / math.sqrt(q.shape[-1]),
            "These are the scores. Softmax over the keys makes weights of them: positive, and one in sum.",
        ),
    ],
)


def attention_mask(lengths: Tensor, T: int) -> Tensor:
    t = torch.arange(T)
    causal = t[None, :] <= t[:, None]  # (T, T): key j is not after query i
    real = t[None, :] < lengths[:, None]  # (B, T): key j is not padding
    return causal & real[:, None, :]  # (B, T, T)


def _causal(T: int, diagonal: int = 0) -> Tensor:
    return torch.ones(T, T, dtype=torch.bool).tril(diagonal)


def _real(lengths: Tensor, T: int) -> Tensor:
    return torch.arange(T) < lengths[:, None]  # (B, T)


PART_4["4.1.1-b"] = Exercise(
    solution=attention_mask,
    cases=[(torch.tensor([3, 1, 4]), 4), (torch.tensor([2, 5]), 5)],
    mistakes=[
        (
            lambda lengths, T: _causal(T, -1) & _real(lengths, T)[:, None, :],
            "Your triangle leaves the diagonal out: a token sees itself, and the first one has nobody else to look at.",
        ),
        (
            lambda lengths, T: _causal(T).T & _real(lengths, T)[:, None, :],
            "Transposed: queries are rows and keys are columns, and here each query sees what comes after it.",
        ),
        (
            lambda lengths, T: _causal(T) & _real(lengths, T)[:, :, None],
            "You hide padding among the queries, and a row that sees nothing makes softmax divide zero by zero. "
            "It is as a key, a column, that padding must not be seen.",
        ),
        (
            lambda lengths, T: _causal(T).expand(len(lengths), T, T),
            "The triangle is right, but the lengths are not used: queries at padding still see padding.",
        ),
        (
            lambda lengths, T: _real(lengths, T)[:, None, :].expand(len(lengths), T, T),
            "The padding is right, but each query still sees the tokens after it.",
        ),
        (
            lambda lengths, T: ~(_causal(T) & _real(lengths, T)[:, None, :]),
            "Inverted: here true means that a query may look, as in scaled_dot_product_attention; "
            "torch's MultiheadAttention has it the other way round.",
        ),
    ],
)


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    low = torch.finfo(scores.dtype).min
    peak = scores.masked_fill(~mask, low).amax(-1, keepdim=True)  # the largest that is seen
    exp = torch.exp((scores - peak).masked_fill(~mask, low))  # hidden keys: zero
    total = exp.sum(-1, keepdim=True)
    return exp / total.masked_fill(total == 0, 1)  # nothing seen: zero by one


PART_4["4.1.1-c"] = Exercise(
    solution=masked_softmax,
    cases=[
        (
            _normal(4, 3),
            torch.tensor([[True, False, True], [False] * 3, [True, True, False], [True] * 3]),
        ),
        (_normal(2, 2, seed=1), torch.tensor([[False, True], [False, False]])),
    ],
    mistakes=[
        (
            lambda scores, mask: torch.softmax(scores, -1) * mask,
            "You mask after softmax: the hidden keys have taken their share, and the rest no longer sums to one. "
            "Mask the scores.",
        ),
        (
            lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -math.inf), -1),
            "Right but for the row that sees nothing: there, softmax divides zero by zero. "
            "Give zeros where no key is seen.",
        ),
        (
            lambda scores, mask: torch.softmax(scores * mask, -1),
            "You multiply the scores by the mask: a hidden key then scores zero, and exp(0) is 1. "
            "It needs minus infinity.",
        ),
        (
            lambda scores, mask: torch.softmax(scores.masked_fill(~mask, -1e9), -1),
            "A large negative number hides keys from those seen. Where all are hidden they are equal again, "
            "and the row becomes uniform.",
        ),
    ],
)


# --- 4.1.2 multi-head attention ---------------------------------------------------------------------------------------


def split_heads(x: Tensor, h: int) -> Tensor:
    B, T, d = x.shape
    return x.view(B, T, h, d // h).transpose(1, 2)  # (B, h, T, d_k)


PART_4["4.1.2-a"] = Exercise(
    solution=split_heads,
    cases=[(_normal(2, 3, 8), 4), (_normal(1, 5, 6, seed=1), 2)],
    mistakes=[
        (
            lambda x, h: x.reshape(x.shape[0], h, x.shape[1], -1),
            "The shape is right, the numbers are not: a view cuts each row's numbers in the order of memory, "
            "so that a head holds pieces of few tokens. Split the width first, then move the axis.",
        ),
        (
            lambda x, h: x.reshape(*x.shape[:2], -1, h).permute(0, 3, 1, 2),
            "Your heads take every h-th column. Head i owns d_k columns side by side: the axis of heads comes first "
            "when the width is split.",
        ),
        (
            lambda x, h: x.reshape(*x.shape[:2], h, -1),
            "The width is split, but a matrix product works on the last two axes: "
            "they must be tokens and d_k, with the heads before them.",
        ),
    ],
)


def attention_parameters(d: int, h: int) -> int:
    d_k = d // h
    one_head = 3 * (d * d_k + d_k)  # W_i^Q, W_i^K, W_i^V and their biases
    return h * one_head + d * d + d  # then W^O and its bias: h cancels, 4 (d^2 + d)


PART_4["4.1.2-b"] = Exercise(
    solution=attention_parameters,
    cases=[(768, 12), (512, 8), (6, 3)],
    mistakes=[
        (
            lambda d, h: h * 4 * (d * d + d),
            "You give each head the full width. A head has width d / h, so that the number of heads cancels.",
        ),
        (lambda d, h: 4 * d * d, "The four matrices are right. Each has a bias as well."),
        (lambda d, h: 3 * (d * d + d), "Queries, keys and values are right. W^O, after the heads, has parameters too."),
        (
            lambda d, h: 3 * (d * (d // h) + d // h) + d * d + d,
            "That is one head and W^O. There are h heads.",
        ),
    ],
)


def attention_multiply_adds(B: int, T: int, d: int, h: int) -> int:
    d_k = d // h
    projections = 4 * B * T * d * d  # x W for queries, keys, values and output
    scores = B * h * T * T * d_k  # Q K^T in each head
    mixing = B * h * T * T * d_k  # A V in each head
    return projections + scores + mixing  # h cancels; the products equal the projections at T = 2 d


PART_4["4.1.2-c"] = Exercise(
    solution=attention_multiply_adds,
    cases=[(1, 2, 4, 2), (2, 128, 768, 12), (1, 512, 64, 4)],
    mistakes=[
        (
            lambda B, T, d, h: 4 * B * T * d * d,
            "Those are the four projections. The products of queries with keys, and of weights with values, "
            "grow with the square of T.",
        ),
        (
            lambda B, T, d, h: 4 * B * T * d * d + 2 * B * h * T * T * d,
            "You count each head at full width. A head's vectors have d / h numbers, so that h cancels.",
        ),
        (
            lambda B, T, d, h: 4 * B * T * d * d + B * T * T * d,
            "One product of size T by T is missing: the scores are one, the weighted sum of the values is the other.",
        ),
        (
            lambda B, T, d, h: 3 * B * T * d * d + 2 * B * T * T * d,
            "A projection is missing: queries, keys and values make three, W^O is the fourth.",
        ),
        (
            lambda B, T, d, h: 2 * (4 * B * T * d * d + 2 * B * T * T * d),
            "Twice too many: these are floating-point operations. A multiplication and its addition are one here.",
        ),
    ],
)


# --- 4.1.3 feed-forward -----------------------------------------------------------------------------------------------


def layer_norm(x: Tensor, gamma: Tensor, beta: Tensor, eps: float) -> Tensor:
    mu = x.mean(-1, keepdim=True)
    var = ((x - mu) ** 2).mean(-1, keepdim=True)  # divided by d, not by d - 1
    return gamma * (x - mu) / torch.sqrt(var + eps) + beta


def _centred(x: Tensor) -> Tensor:
    return x - x.mean(-1, keepdim=True)


def _variance(x: Tensor, correction: int = 0) -> Tensor:
    return x.var(-1, keepdim=True, correction=correction)


PART_4["4.1.3-a"] = Exercise(
    solution=layer_norm,
    cases=[
        (_normal(2, 3, 4), _normal(4, seed=1), _normal(4, seed=2), 0.1),
        (3 + _normal(3, 5, seed=3), _normal(5, seed=4), _normal(5, seed=5), 1e-5),
    ],
    mistakes=[
        (
            lambda x, gamma, beta, eps: gamma * _centred(x) / torch.sqrt(_variance(x, 1) + eps) + beta,
            "Your variance divides by d - 1 (Bessel's correction, the default of torch's var). LayerNorm divides by d.",
        ),
        (
            lambda x, gamma, beta, eps: gamma * _centred(x) / (torch.sqrt(_variance(x)) + eps) + beta,
            "Your epsilon stands outside the root. It is added to the variance, under the root.",
        ),
        (
            lambda x, gamma, beta, eps: gamma * _centred(x) / (torch.sqrt(_variance(x, 1)) + eps) + beta,
            "Two slips, seen in many tutorials: torch's std divides by d - 1, and epsilon belongs under the root.",
        ),
        (
            lambda x, gamma, beta, eps: (
                gamma * (x - x.mean(-2, keepdim=True)) / torch.sqrt(x.var(-2, keepdim=True, correction=0) + eps) + beta
            ),
            "You normalise over the tokens (axis -2). LayerNorm looks at one token at a time: over the width, axis -1.",
        ),
        (
            lambda x, gamma, beta, eps: gamma * (x - x.mean()) / torch.sqrt(x.var(correction=0) + eps) + beta,
            "You take one mean and one variance for the whole tensor. Each token has its own: give the axis.",
        ),
        (
            lambda x, gamma, beta, eps: gamma * x / torch.sqrt((x**2).mean(-1, keepdim=True) + eps) + beta,
            "This is RMSNorm (with an offset): the mean is not subtracted.",
        ),
    ],
)


def gelu(x: Tensor) -> Tensor:
    Phi = (1 + torch.erf(x / math.sqrt(2))) / 2  # a standard normal number is at most x
    return x * Phi


PART_4["4.1.3-b"] = Exercise(
    solution=gelu,
    cases=[(torch.linspace(-4, 4, 17, dtype=torch.float64),), (_normal(2, 3),)],
    mistakes=[
        (
            lambda x: x / 2 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
            "This is the tanh approximation, the one in the TensorFlow code of BERT and XLNet. "
            "The exact form has erf, and is what transformers runs for BERT.",
        ),
        (
            lambda x: x * torch.sigmoid(1.702 * x),
            "This is the sigmoid approximation, x times sigmoid(1.702 x), from the paper that proposed GELU. "
            "The exact form has erf.",
        ),
        (lambda x: x * torch.sigmoid(x), "This is SiLU (swish): the logistic curve in place of the normal one."),
        (
            lambda x: x * (1 + torch.erf(x)) / 2,
            "The root of 2 is missing: erf belongs to a normal of variance one half, so give it x over that root.",
        ),
        (
            lambda x: x * torch.erf(x / math.sqrt(2)),
            "erf runs from -1 to 1. The probability that a normal number is at most x runs from 0 to 1.",
        ),
    ],
)


def post_ln_block(x: Tensor, attention: Layer, feed_forward: Layer, norm_1: Layer, norm_2: Layer) -> Tensor:
    x = norm_1(x + attention(x))  # add, then normalise
    return norm_2(x + feed_forward(x))


def _mix(x: Tensor) -> Tensor:
    return x.cumsum(-2) / 3


def _square(x: Tensor) -> Tensor:
    return x**2 - x


def _norm_1(x: Tensor) -> Tensor:
    return _centred(x) / torch.sqrt(_variance(x) + 1e-5)


def _norm_2(x: Tensor) -> Tensor:
    return 2 * _norm_1(x) + 1


PART_4["4.1.3-c"] = Exercise(
    solution=post_ln_block,
    cases=[
        (_normal(2, 3, 4), _mix, _square, _norm_1, _norm_2),
        (_normal(2, 5, seed=1), _square, _mix, _norm_2, _norm_1),
    ],
    mistakes=[
        (
            lambda x, attention, feed_forward, norm_1, norm_2: (
                (y := x + attention(norm_1(x))) + feed_forward(norm_2(y))
            ),
            "This is pre-LN, as in GPT-2: the norm comes before the sublayer. BERT normalises the sum.",
        ),
        (
            lambda x, attention, feed_forward, norm_1, norm_2: (
                (y := x + norm_1(attention(x))) + norm_2(feed_forward(y))
            ),
            "You normalise what the sublayer gives and add x after that. Add first: the norm is taken of the sum.",
        ),
        (
            lambda x, attention, feed_forward, norm_1, norm_2: norm_2(feed_forward(norm_1(attention(x)))),
            "The residual connections are missing: each sublayer's result is added to what went into it.",
        ),
        (
            lambda x, attention, feed_forward, norm_1, norm_2: norm_2(feed_forward(norm_1(x + attention(x)))),
            "The second residual connection is missing: the feed-forward result is added to what went into it.",
        ),
        (
            lambda x, attention, feed_forward, norm_1, norm_2: norm_2(x + feed_forward(norm_1(x + attention(x)))),
            "Your second residual connection starts from the input of the block. "
            "It adds what went into the feed-forward layer.",
        ),
        (
            lambda x, attention, feed_forward, norm_1, norm_2: norm_2((y := x + attention(x)) + feed_forward(y)),
            "The first norm is missing: there is one after each of the two sums.",
        ),
    ],
)


# --- 4.1.4 encoders ---------------------------------------------------------------------------------------------------


def position_ids(ids: Tensor, pad: int = 1) -> Tensor:
    real = (ids != pad).long()  # (B, T)
    return real.cumsum(-1) * real + pad  # real tokens count on from pad + 1; padding gets pad


PART_4["4.1.4-a"] = Exercise(
    solution=position_ids,
    cases=[
        (torch.tensor([[0, 9, 7, 2], [0, 8, 2, 1]]),),
        (torch.tensor([[1, 1, 0, 5, 2]]),),  # padded on the left
    ],
    mistakes=[
        (
            lambda ids: torch.arange(ids.shape[1]).expand_as(ids),
            "This is how BERT counts, from 0. RoBERTa's first real token has position pad + 1, and padding has pad.",
        ),
        (
            lambda ids: torch.arange(2, 2 + ids.shape[1]).expand_as(ids),
            "You count every column. Padding has position pad and does not count: with padding on the left, "
            "the first real token still has pad + 1.",
        ),
        (
            lambda ids: (ids != 1).long().cumsum(-1) + 1,
            "Padding repeats the last count here. Multiply by the mask before you add pad.",
        ),
        (
            lambda ids: (ids != 1).long().cumsum(-1) * (ids != 1),
            "The count is right, but it starts one row too early: pad itself is the position of padding, so add pad.",
        ),
        (
            lambda ids: ((ids != 1).long().cumsum(-1) + 1) * (ids != 1),
            "Real tokens are right. Padding has position pad, not 0.",
        ),
        (
            lambda ids: torch.where(ids != 1, torch.arange(2, 2 + ids.shape[1]), 1),
            "Padding has its position, but still counts: with padding on the left, the first real token has pad + 1.",
        ),
    ],
)


def relative_shift(x: Tensor) -> Tensor:
    T = x.shape[0]
    i, j = torch.arange(T)[:, None], torch.arange(T)[None, :]
    column = (T - 1) - (i - j)  # column c holds the offset T - 1 - c
    return x.gather(1, column)  # (T, T)


def _xlnet_shift(x: Tensor) -> Tensor:
    T, R = x.shape
    return x.reshape(R, T)[1:].reshape(T, R - 1)[:, :T]


def _sign_reversed(x: Tensor) -> Tensor:
    return relative_shift(x.flip(1))


PART_4["4.1.4-b"] = Exercise(
    solution=relative_shift,
    cases=[(_normal(3, 5),), (torch.arange(28.0).view(4, 7),)],
    mistakes=[
        (
            _xlnet_shift,
            "Off by one column. XLNet's reshaping is made for 2T columns that begin with the offset T; "
            "here they begin with T - 1.",
        ),
        (
            _sign_reversed,
            "The sign is reversed: the entry at i, j is for the offset i - j, positive where the key comes first.",
        ),
        (
            lambda x: x[:, : x.shape[0]],
            "Every row starts at the same column here. The offset of key 0 is i, so that the start moves with the row.",
        ),
        (
            lambda x: x[:, x.shape[0] - 1 :],
            "Right for the first row alone: each further row starts one column to the left.",
        ),
    ],
)


def permutation_mask(order: Tensor) -> Tensor:
    T = len(order)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(T)  # when each position has its turn
    return rank[None, :] < rank[:, None]  # (T, T)


PART_4["4.1.4-c"] = Exercise(
    solution=permutation_mask,
    cases=[(torch.tensor([2, 0, 3, 1]),), (torch.tensor([1, 2, 0]),)],
    mistakes=[
        (
            lambda order: order.argsort()[None, :] <= order.argsort()[:, None],
            "Here a token sees itself. So does XLNet's content stream; "
            "for the one that must predict the token, that gives the answer away.",
        ),
        (
            lambda order: order[None, :] < order[:, None],
            "You compare the entries of order as if they were ranks. "
            "order[t] is the position whose turn is t; invert it to learn when position i has its turn.",
        ),
        (
            lambda order: order.argsort()[None, :] > order.argsort()[:, None],
            "The other way round: row i is to be true at the positions whose turn came before that of i.",
        ),
        (
            lambda order: _causal(len(order), -1),
            "This is the order of the text, left to right; the drawn order is not used.",
        ),
        (
            lambda order: order.argsort().argsort()[None, :] <= order.argsort().argsort()[:, None],
            "Two slips: a token sees itself, and the entries of order are compared as if they were ranks.",
        ),
    ],
)


# --- 4.2 losses -------------------------------------------------------------------------------------------------------


def log_sum_exp(z: Tensor) -> Tensor:
    peak = z.amax(-1, keepdim=True)  # (B, 1)
    return torch.log(torch.exp(z - peak).sum(-1)) + peak.squeeze(-1)  # (B,)


PART_4["4.2-a"] = Exercise(
    solution=log_sum_exp,
    cases=[(_normal(2, 3),), (torch.tensor([[1000.0, 1001.0], [-1000.0, -999.0], [0.0, 1.0]], dtype=torch.float64),)],
    mistakes=[
        (
            lambda z: z.exp().sum(-1).log(),
            "Right on paper. In floating point exp(1000) overflows and exp(-1000) vanishes: "
            "take the largest logit out before exp.",
        ),
        (
            lambda z: (z - z.amax(-1, keepdim=True)).exp().sum(-1).log(),
            "What you take out of the exponents must come back: add the largest logit to the logarithm.",
        ),
        (
            lambda z: (z - z.max()).exp().sum(-1).log() + z.max(),
            "You take the largest logit of the whole batch: in a row far below it every exponential vanishes. "
            "Take each row's own.",
        ),
        (
            lambda z: torch.logsumexp(z, 0),
            "You sum over the batch (axis 0). Each example has its own sum, over its classes.",
        ),
    ],
)


def cross_entropy_gradient(z: Tensor, y: Tensor) -> Tensor:
    B, K = z.shape
    exp = torch.exp(z - z.amax(-1, keepdim=True))
    p = exp / exp.sum(-1, keepdim=True)  # (B, K)
    one_hot = (torch.arange(K) == y[:, None]).to(z.dtype)  # (B, K)
    return (p - one_hot) / B


def _p_minus_one_hot(z: Tensor, y: Tensor) -> Tensor:
    return torch.softmax(z, -1) - torch.eye(z.shape[1], dtype=z.dtype)[y]


PART_4["4.2-b"] = Exercise(
    solution=cross_entropy_gradient,
    cases=[(_normal(4, 3), torch.tensor([0, 2, 1, 2])), (_normal(2, 5, seed=1), torch.tensor([4, 0]))],
    mistakes=[
        (
            _p_minus_one_hot,
            "This is the gradient of the sum over the batch. The loss is a mean: divide by B.",
        ),
        (
            lambda z, y: -_p_minus_one_hot(z, y) / len(y),
            "The sign is reversed: a step against the gradient must raise the logit of the right class, "
            "so the gradient is negative there.",
        ),
        (
            lambda z, y: torch.softmax(z, -1) / len(y),
            "Softmax alone is the gradient of the log-sum-exp. The loss has a term -z_y too: take 1 off at the label.",
        ),
        (
            lambda z, y: _p_minus_one_hot(z, y) / z.numel(),
            "You divide by all logits. The mean is over the examples: divide by B.",
        ),
    ],
)


def masked_cross_entropy(z: Tensor, y: Tensor, ignore: int = -100) -> Tensor:
    kept = y != ignore  # (B, T)
    z, y = z[kept], y[kept]  # (n, K), (n,)
    log_p = z - torch.logsumexp(z, -1, keepdim=True)
    return -log_p[torch.arange(len(y)), y].mean()


def _losses(z: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy at each position, ignored labels taken for class 0."""
    return -torch.log_softmax(z, -1).gather(-1, y.clamp(min=0)[..., None])[..., 0]


PART_4["4.2-c"] = Exercise(
    solution=masked_cross_entropy,
    cases=[
        (_normal(2, 4, 3), torch.tensor([[0, 2, 1, 1], [2, -100, -100, -100]])),
        (_normal(3, 2, 4, seed=1), torch.tensor([[-100, 3], [1, -100], [0, 2]])),
    ],
    mistakes=[
        (
            lambda z, y: (_losses(z, y) * (y != -100)).mean(),
            "You divide by all positions. Divide by those that count, or padding makes the loss look small.",
        ),
        (
            lambda z, y: _losses(z, y).mean(),
            "Ignored positions count here as if their label were class 0. Leave them out of the sum and of the number.",
        ),
        (
            lambda z, y: ((_losses(z, y) * (y != -100)).sum(-1) / (y != -100).sum(-1)).mean(),
            "This is the mean over texts of each text's mean: a token of a short text then weighs more. "
            "Take one mean over all tokens.",
        ),
        (
            lambda z, y: (_losses(z, y) * (y != -100)).sum(),
            "This is the sum. Divide by the number of positions that count.",
        ),
    ],
)


# --- 4.3 optimisers ---------------------------------------------------------------------------------------------------


def adam_step(
    theta: Tensor, g: Tensor, m: Tensor, v: Tensor, t: int, lr: float, beta_1: float, beta_2: float, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    theta = theta - lr * m_hat / (torch.sqrt(v_hat) + eps)
    return theta, m, v


Step = tuple[Tensor, Tensor, Tensor]  # theta, m, v


def _adam_like(
    update: Callable[[Tensor, Tensor, float], Tensor], square: bool = True, since: int = 0, corrected: bool = True
) -> Callable[..., Step]:
    """Adam with another last line, `update(m_hat, v_hat, eps)`, or another mean of squares, or another count."""

    def step(
        theta: Tensor, g: Tensor, m: Tensor, v: Tensor, t: int, lr: float, beta_1: float, beta_2: float, eps: float
    ) -> Step:
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * (g**2 if square else g.abs())
        c_1, c_2 = (1 - beta_1 ** (t + since), 1 - beta_2 ** (t + since)) if corrected else (1, 1)
        return theta - lr * update(m / c_1, v / c_2, eps), m, v

    return step


def _quotient(m: Tensor, v: Tensor, eps: float) -> Tensor:
    return m / (torch.sqrt(v) + eps)


def _state(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """theta, g, m and v of an optimiser that has taken steps."""
    return (
        _normal(3, seed=seed),
        _normal(3, seed=seed + 1),
        0.1 * _normal(3, seed=seed + 2),
        0.1 * _normal(3, seed=seed + 3) ** 2,
    )


_FRESH = (_normal(2, 2, seed=8), _normal(2, 2, seed=9), torch.zeros(2, 2).double(), torch.zeros(2, 2).double())

PART_4["4.3-a"] = Exercise(
    solution=adam_step,
    cases=[(*_FRESH, 1, 0.1, 0.9, 0.999, 0.01), (*_state(0), 3, 0.01, 0.8, 0.9, 0.1)],
    mistakes=[
        (
            _adam_like(_quotient, corrected=False),
            "The bias correction is missing, as in BERT's TensorFlow code: m and v start from zero, "
            "and their first values are too small.",
        ),
        (
            _adam_like(_quotient, since=-1),
            "t counts this step already: on the first one it is 1. With t - 1 the correction there divides by zero.",
        ),
        (
            _adam_like(_quotient, since=1),
            "t counts this step already: on the first one it is 1. Do not add another.",
        ),
        (
            _adam_like(lambda m, v, eps: m / torch.sqrt(v + eps)),
            "Your epsilon stands under the root. In Adam it is added to the root.",
        ),
        (
            _adam_like(lambda m, v, eps: m / (v + eps)),
            "The root is missing: v is a mean of squares, and the step must not depend on the gradient's scale.",
        ),
        (
            _adam_like(_quotient, square=False),
            "Your v averages the size of the gradient. It is a mean of squares, of which the step takes the root.",
        ),
        (
            lambda theta, g, m, v, t, lr, beta_1, beta_2, eps: adam_step(theta, g, m, v, t, -lr, beta_1, beta_2, eps),
            "You step up the slope. Subtract the update.",
        ),
    ],
)


def adamw_step(
    theta: Tensor,
    g: Tensor,
    m: Tensor,
    v: Tensor,
    t: int,
    lr: float,
    beta_1: float,
    beta_2: float,
    eps: float,
    weight_decay: float,
) -> Step:
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    update = m_hat / (torch.sqrt(v_hat) + eps)
    return theta - lr * update - lr * weight_decay * theta, m, v


def _decayed(last: Callable[[Tensor, Tensor, Tensor, float, float], Tensor]) -> Callable[..., Step]:
    """AdamW with another last line: `last(theta, m_hat, root, lr, weight_decay)`, root of v_hat and epsilon."""

    def step(*args: Any) -> Step:
        theta, g, m, v, t, lr, beta_1, beta_2, eps, weight_decay = args
        _, m, v = adam_step(theta, g, m, v, t, lr, beta_1, beta_2, eps)
        m_hat, root = m / (1 - beta_1**t), torch.sqrt(v / (1 - beta_2**t)) + eps
        return last(theta, m_hat, root, lr, weight_decay), m, v

    return step


PART_4["4.3-b"] = Exercise(
    solution=adamw_step,
    cases=[(*_FRESH, 1, 0.1, 0.9, 0.999, 0.01, 0.2), (*_state(4), 3, 0.2, 0.8, 0.9, 0.1, 0.5)],
    mistakes=[
        (
            lambda theta, g, m, v, t, lr, beta_1, beta_2, eps, weight_decay: adam_step(
                theta, g + weight_decay * theta, m, v, t, lr, beta_1, beta_2, eps
            ),
            "This is Adam with an L2 penalty: the decay goes through the means and is scaled with the gradient. "
            "AdamW keeps it out of both.",
        ),
        (
            _decayed(lambda theta, m_hat, root, lr, weight_decay: theta - lr * (m_hat + weight_decay * theta) / root),
            "This is the formula as the outline prints it: its decay is divided by the root as well. "
            "In AdamW every weight decays at the same rate.",
        ),
        (
            _decayed(lambda theta, m_hat, root, lr, weight_decay: theta - lr * m_hat / root - weight_decay * theta),
            "Your decay does not follow the learning rate. The paper scales it with the schedule, torch with lr: "
            "take lr times weight_decay.",
        ),
        (
            _decayed(
                lambda theta, m_hat, root, lr, weight_decay: (theta - lr * m_hat / root) * (1 - lr * weight_decay)
            ),
            "You decay what Adam's step has given. The decay is that of theta before the step.",
        ),
        (
            _decayed(lambda theta, m_hat, root, lr, weight_decay: theta - lr * m_hat / root),
            "This is Adam: the weights do not decay.",
        ),
        (
            _decayed(
                lambda theta, m_hat, root, lr, weight_decay: theta - lr * m_hat / root + lr * weight_decay * theta
            ),
            "Your weights grow. Subtract the decay.",
        ),
    ],
)


def warmup_linear(step: int, warmup: int, total: int) -> float:
    if step < warmup:
        return step / warmup
    return max(0.0, (total - step) / (total - warmup))


PART_4["4.3-c"] = Exercise(
    solution=warmup_linear,
    cases=[(step, 10, 100) for step in (0, 1, 9, 10, 11, 55, 99, 100, 120)] + [(0, 0, 20), (5, 0, 20)],
    mistakes=[
        (
            lambda step, warmup, total: (
                (step + 1) / warmup if step < warmup else max(0.0, (total - step) / (total - warmup))
            ),
            "Your warm-up is one step ahead: at step 0 the factor is 0, and it is 1 at step warmup, not before.",
        ),
        (
            lambda step, warmup, total: step / warmup if step < warmup else max(0.0, (total - step) / total),
            "After the warm-up the factor jumps down, as in BERT's TensorFlow code: "
            "the fall has total - warmup steps, so divide by that.",
        ),
        (
            lambda step, warmup, total: step / warmup if step < warmup else max(0.0, 1 - (step - warmup) / total),
            "Your factor never reaches zero: the fall has total - warmup steps, not total.",
        ),
        (
            lambda step, warmup, total: max(0.0, (total - step) / total),
            "The warm-up is missing: the factor must rise from 0 to 1 first.",
        ),
        (
            lambda step, warmup, total: step / warmup if step < warmup else (total - step) / (total - warmup),
            "After the last step your factor is negative, and training would climb. Stop at zero.",
        ),
    ],
)
