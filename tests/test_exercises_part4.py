"""The exercises of Part 4: each solution is what a library computes, and each mistake is told by its own hint."""

import copy
import inspect
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from transformers import get_linear_schedule_with_warmup
from transformers.models.roberta import modeling_roberta

from pyft.exercises import check
from pyft.exercises_part4 import PART_4

NAMES = [f"{page}-{letter}" for page in ("4.1.1", "4.1.2", "4.1.3", "4.1.4", "4.2", "4.3") for letter in "abc"]
MISTAKES = [(name, i) for name in NAMES for i in range(len(PART_4[name].mistakes))]


def test_there_are_three_exercises_a_page():
    assert list(PART_4) == NAMES


# --- every exercise ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_is_right_and_leaves_its_arguments_alone(name, said):
    assert said(name, PART_4[name].solution) == "solved"


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_can_be_read_on_a_page(name):
    lines = inspect.getsource(PART_4[name].solution).splitlines()
    body = lines[next(i for i, line in enumerate(lines) if re.search(r"\) -> .*:$", line)) + 1 :]
    assert 2 <= len(body) <= 15
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("name,i", MISTAKES)
def test_each_mistake_gets_its_own_hint(name, i, said):
    mistake, hint = PART_4[name].mistakes[i]
    assert said(name, mistake) == f"not yet. {hint}"


@pytest.mark.parametrize("name,i", MISTAKES)
def test_no_other_hint_fits_a_mistake(name, i, said, monkeypatch):
    """Each is taken from the list in turn: what is left has no hint for it."""
    exercise = PART_4[name]
    mistake, _ = exercise.mistakes[i]
    monkeypatch.setitem(vars(exercise), "mistakes", [*exercise.mistakes[:i], *exercise.mistakes[i + 1 :]])
    assert re.match(r"not yet\. (For .*: expected|Return )", said(name, mistake))


@pytest.mark.parametrize("name", NAMES)
def test_hints_are_sentences_and_differ(name):
    hints = [hint for _, hint in PART_4[name].mistakes]
    assert len(hints) >= 2
    assert len(set(hints)) == len(hints)
    assert all(re.fullmatch(r"[A-Zet][^\n]{20,220}\.", hint) for hint in hints)


@pytest.mark.parametrize("name", NAMES)
def test_a_stub_a_crash_a_wrong_shape_and_a_wrong_type_are_one_line(name, said):
    def stub(*args):
        raise NotImplementedError

    def crash(*args):
        raise ValueError("first\nsecond")

    assert said(name, stub) == "not begun; write the function and run this cell again"
    assert said(name, crash) == "your function raised ValueError: first second"
    assert said(name, lambda *args: torch.zeros(7, 1, 7)).startswith("not yet. Return ")
    assert said(name, lambda *args: "text").endswith("; found 'text'.")
    assert said(name, lambda *args: None).endswith("; found None.")
    assert said(name, lambda: None).startswith("your function raised TypeError: ")


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_that_writes_into_a_tensor_is_told_so(name, said):
    solution = PART_4[name].solution

    def writing(*args):
        result = solution(*copy.deepcopy(args))
        for x in args:
            if isinstance(x, torch.Tensor):
                x.zero_() if x.dtype == torch.bool else x.add_(1)
        return result

    takes_tensors = any(isinstance(x, torch.Tensor) for x in PART_4[name].cases[0])
    line = said(name, writing)
    assert line.startswith("not yet. Your function changed its argument ") if takes_tensors else line == "solved"


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
    "4.2-a": lambda z: torch.logsumexp(z, -1),
    "4.2-b": cross_entropy_gradient,
    "4.2-c": lambda z, y: F.cross_entropy(z.flatten(0, 1), y.flatten()),
    "4.3-a": lambda *args: optimiser_step(torch.optim.Adam, *args, weight_decay=0),
    "4.3-b": lambda *args: optimiser_step(torch.optim.AdamW, *args),
    "4.3-c": warmup_linear,
}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_library_computes_is_right(name, said):
    assert said(name, LIBRARY[name]) == "solved"


@pytest.mark.parametrize("name", ["4.1.1-a", "4.1.1-c", "4.1.3-a", "4.1.3-b", "4.2-b", "4.2-c", "4.3-a", "4.3-b"])
def test_an_answer_in_single_precision_is_right(name, said):
    def single(*args):
        given = [x.float() if isinstance(x, torch.Tensor) and x.is_floating_point() else x for x in args]
        return LIBRARY[name](*given)

    assert said(name, single) == "solved"


def test_a_hidden_score_however_large_is_hidden():
    solution = PART_4["4.1.1-c"].solution
    weights = solution(torch.tensor([[1e30, 0.0, 0.0]]), torch.tensor([[False, True, True]]))
    assert weights.tolist() == [[0.0, 0.5, 0.5]]


def test_the_cases_leave_torchs_generator_alone():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    for name in NAMES:
        check(name, PART_4[name].solution)
    assert torch.equal(torch.rand(1), expected)
