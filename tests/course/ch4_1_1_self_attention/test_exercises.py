"""The exercises of Part 4: each solution is what a library or the package computes."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from transformers import get_linear_schedule_with_warmup
from transformers.models.roberta import modeling_roberta

from pyft.exercises import every

PAGES = {
    "4.1.1": "abc",
    "4.1.2": "abc",
    "4.1.3": "abc",
    "4.1.4": "abc",
    "4.2.1": "abc",
    "4.2.2": "ab",
    "4.3.1": "ab",
    "4.3.2": "ab",
}
PART_4 = {name: exercise for page in PAGES for name, exercise in every(page).items()}


NAMES = [f"{page}-{letter}" for page, letters in PAGES.items() for letter in letters]


def test_every_page_has_its_exercises():
    assert list(PART_4) == NAMES


# --- the libraries' answers -------------------------------------------------------------------------------------------


def attention_weights(q, k):
    """The attention of torch over values that are unit vectors."""
    return F.scaled_dot_product_attention(q[None], k[None], torch.eye(len(k), dtype=k.dtype)[None])[0]


def attention_mask(lengths, T):
    rows = [[[j <= i and j < n for j in range(T)] for i in range(T)] for n in lengths.tolist()]
    return torch.tensor(rows)


def masked_softmax(scores, mask):
    return torch.softmax(scores.masked_fill(~mask, -torch.inf), -1).nan_to_num(0.0)


def split_heads(x, h):
    return torch.stack(x.chunk(h, -1), 1)


def parameters(d, h):
    return sum(p.numel() for p in nn.MultiheadAttention(d, h).parameters())


def multiply_adds(B, T, d, h):
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        x, W = torch.empty(B * T, d), torch.empty(d, d)
        q, k, v = ((x @ W).view(B, T, h, d // h).transpose(1, 2) for _ in range(3))
        ((q @ k.mT) @ v).transpose(1, 2).reshape(B * T, d) @ W
    return counter.get_total_flops() // 2


def post_ln_block(x, attention, feed_forward, norm_1, norm_2):
    x = norm_1(torch.add(attention(x), x))
    return norm_2(torch.add(feed_forward(x), x))


def position_ids(ids):
    return modeling_roberta.RobertaEmbeddings.create_position_ids_from_input_ids(ids, 1)


def relative_shift(x):
    T = len(x)
    offsets = list(range(T - 1, -T, -1))
    return torch.stack([torch.stack([x[i, offsets.index(i - j)] for j in range(T)]) for i in range(T)])


def permutation_mask(order):
    order = order.tolist()
    return torch.tensor([[order.index(j) < order.index(i) for j in range(len(order))] for i in range(len(order))])


def cross_entropy_gradient(z, y):
    z = z.clone().requires_grad_()
    F.cross_entropy(z, y).backward()
    return z.grad


def mse_and_gradient(y_hat, y):
    y_hat = y_hat.clone().requires_grad_()
    loss = F.mse_loss(y_hat, y)
    loss.backward()
    return loss, y_hat.grad


def momentum_step(theta, g, b, lr, momentum):
    theta = theta.clone().requires_grad_()
    theta.grad = g.clone()
    optimiser = torch.optim.SGD([theta], lr=lr, momentum=momentum)
    optimiser.state[theta] = {"momentum_buffer": b.clone()}
    optimiser.step()
    return theta, optimiser.state[theta]["momentum_buffer"]


def optimiser_step(make, theta, g, m, v, t, lr, beta_1, beta_2, eps, weight_decay):
    theta = theta.clone().requires_grad_()
    theta.grad = g.clone()
    optimiser = make([theta], lr=lr, betas=(beta_1, beta_2), eps=eps, weight_decay=weight_decay)
    optimiser.state[theta] = {"step": torch.tensor(t - 1.0), "exp_avg": m.clone(), "exp_avg_sq": v.clone()}
    optimiser.step()
    return theta, optimiser.state[theta]["exp_avg"], optimiser.state[theta]["exp_avg_sq"]


def warmup_linear(step, warmup, total):
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    return get_linear_schedule_with_warmup(optimiser, warmup, total).lr_lambdas[0](step)


LIBRARY = {
    "4.1.1-a": attention_weights,
    "4.1.1-b": attention_mask,
    "4.1.1-c": masked_softmax,
    "4.1.2-a": split_heads,
    "4.1.2-b": parameters,
    "4.1.2-c": multiply_adds,
    "4.1.3-a": lambda x, gamma, beta, eps: F.layer_norm(x, x.shape[-1:], gamma, beta, eps),
    "4.1.3-b": F.gelu,
    "4.1.3-c": post_ln_block,
    "4.1.4-a": position_ids,
    "4.1.4-b": relative_shift,
    "4.1.4-c": permutation_mask,
    "4.2.1-a": lambda z: torch.logsumexp(z, -1),
    "4.2.1-b": cross_entropy_gradient,
    "4.2.1-c": lambda z, y: F.cross_entropy(z.flatten(0, 1), y.flatten()),
    "4.2.2-a": mse_and_gradient,
    "4.2.2-b": lambda c, y: (y.var(correction=0), F.mse_loss(y.mean(), torch.as_tensor(c, dtype=y.dtype))),
    "4.3.1-a": lambda *args: optimiser_step(torch.optim.Adam, *args, weight_decay=0),
    "4.3.1-b": momentum_step,
    "4.3.2-a": lambda *args: optimiser_step(torch.optim.AdamW, *args),
    "4.3.2-b": warmup_linear,
}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_library_computes_is_right(name, said):
    assert said(name, LIBRARY[name]) == "solved"


@pytest.mark.parametrize(
    "name", ["4.1.1-a", "4.1.1-c", "4.1.3-a", "4.1.3-b", "4.2.1-b", "4.2.1-c", "4.2.2-a", "4.3.1-a", "4.3.2-a"]
)
def test_an_answer_in_single_precision_is_right(name, said):
    def single(*args):
        given = [x.float() if isinstance(x, torch.Tensor) and x.is_floating_point() else x for x in args]
        return LIBRARY[name](*given)

    assert said(name, single) == "solved"


def test_a_hidden_score_however_large_is_hidden():
    solution = PART_4["4.1.1-c"].solution
    weights = solution(torch.tensor([[1e30, 0.0, 0.0]]), torch.tensor([[False, True, True]]))
    assert weights.tolist() == [[0.0, 0.5, 0.5]]
