"""Attention: what must hold for any text, what a hidden key may not do, and what is refused."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pyft.errors import PyftError
from pyft.maths.attention import MultiHeadAttention, causal, masked_softmax, scaled_dot_product_attention
from pyft.maths.symbols import ShapeError


def close(a, b):
    torch.testing.assert_close(a, b, atol=1e-12, rtol=0)


@st.composite
def problems(draw):
    """Queries (B, T_q, d_k), keys (B, T_k, d_k), values (B, T_k, d_v), and a mask, some of whose rows may be empty."""
    B, T_q, T_k, d_k, d_v = (draw(st.integers(1, 5)) for _ in range(5))
    torch.manual_seed(draw(st.integers(0, 10_000)))
    q, k, v = (torch.randn(B, T, d, dtype=torch.float64) for T, d in [(T_q, d_k), (T_k, d_k), (T_k, d_v)])
    return q, k, v, torch.rand(B, T_q, T_k) < draw(st.sampled_from([0.0, 0.3, 0.7, 1.0]))


def permutation(n, random):
    return random.sample(range(n), n)


@given(problems(), st.randoms())
def test_the_order_of_keys_with_their_values_changes_nothing(problem, random):
    q, k, v, mask = problem
    order = permutation(k.shape[1], random)
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    permuted, columns = scaled_dot_product_attention(q, k[:, order], v[:, order], mask[:, :, order])
    close(permuted, output)
    close(columns, weights[:, :, order])


@given(problems(), st.randoms())
def test_the_order_of_queries_is_that_of_the_outputs(problem, random):
    q, k, v, mask = problem
    order = permutation(q.shape[1], random)
    close(
        scaled_dot_product_attention(q[:, order], k, v, mask[:, order])[0],
        scaled_dot_product_attention(q, k, v, mask)[0][:, order],
    )


@given(problems(), st.randoms())
def test_the_order_of_the_batch_is_that_of_the_outputs(problem, random):
    order = permutation(len(problem[0]), random)
    batch = [x[order] for x in problem]
    close(scaled_dot_product_attention(*batch)[0], scaled_dot_product_attention(*problem)[0][order])


@given(problems(), st.integers(1, 4), st.booleans())
def test_masked_keys_add_nothing_wherever_they_stand(problem, more, before):
    q, k, v, mask = problem

    def longer(x, filler, dim):
        return torch.cat([filler, x] if before else [x, filler], dim)

    B, T_q, _ = q.shape
    wider = longer(k, 100 * torch.randn(B, more, k.shape[2]).double(), 1)
    values = longer(v, 100 * torch.randn(B, more, v.shape[2]).double(), 1)
    hidden = longer(mask, torch.zeros(B, T_q, more, dtype=torch.bool), 2)
    output, weights = scaled_dot_product_attention(q, wider, values, hidden)
    close(output, scaled_dot_product_attention(q, k, v, mask)[0])
    assert not weights[~hidden].any()


@given(problems())
def test_weights_of_a_query_sum_to_one_or_are_zero_where_it_may_look_nowhere(problem):
    *_, mask = problem
    output, weights = scaled_dot_product_attention(*problem)
    assert (weights >= 0).all()
    close(weights.sum(-1), mask.any(-1).double())
    assert not output[~mask.any(-1)].any()


@given(problems(), st.floats(0.1, 10))
def test_what_scales_queries_up_and_keys_down_changes_nothing(problem, by):
    q, k, v, mask = problem
    torch.testing.assert_close(
        scaled_dot_product_attention(q * by, k / by, v, mask)[0], scaled_dot_product_attention(q, k, v, mask)[0]
    )


@given(problems(), st.floats(-50, 50))
def test_the_same_number_added_to_all_scores_of_a_query_changes_no_weight(problem, by):
    q, k, _, mask = problem
    scores = q @ k.mT  # (B, T_q, T_k)
    each = by * torch.randn(*scores.shape[:2], 1, dtype=torch.float64)  # another number for each query
    for m in (mask, None):
        torch.testing.assert_close(masked_softmax(scores + each, m), masked_softmax(scores, m), atol=1e-11, rtol=0)


@given(problems())
def test_outputs_lie_between_the_values_that_are_seen(problem):
    q, k, v, _ = problem
    output, _ = scaled_dot_product_attention(q, k, v)
    assert (output <= v.amax(1, keepdim=True) + 1e-12).all() and (output >= v.amin(1, keepdim=True) - 1e-12).all()


@given(problems())
def test_a_single_key_returns_its_value(problem):
    q, k, v, _ = problem
    output, weights = scaled_dot_product_attention(q, k[:, :1], v[:, :1])
    close(output, v[:, :1].expand_as(output))
    assert (weights == 1).all()


@given(problems())
def test_hidden_keys_get_no_gradient_at_all_and_an_empty_row_makes_no_nan(problem):
    *leaves, mask = problem
    mask[0, 0] = False
    q, k, v = (x.requires_grad_() for x in leaves)
    output, weights = scaled_dot_product_attention(q, k, v, mask)
    for total in (output.square().sum(), (weights * torch.randn_like(weights)).sum()):
        grads = torch.autograd.grad(total, (q, k, v), retain_graph=True, allow_unused=True)
        for g in grads:
            assert g is None or g.isfinite().all()
        unseen, blind = ~mask.any(1), ~mask.any(2)  # (B, T_k), (B, T_q)
        assert not any(g[unseen].any() for g in grads[1:] if g is not None)
        assert not grads[0][blind].any()
    assert output.isfinite().all() and not weights[~mask].any()


def test_the_weights_of_a_toy_are_those_computed_by_hand():
    q, k = torch.tensor([[2.0, 0, 0, 0]]), torch.tensor([[math.log(3), 0, 0, 0], [0, 5, 0, 0]])
    output, weights = scaled_dot_product_attention(q, k, torch.tensor([[4.0], [8.0]]))
    torch.testing.assert_close(weights, torch.tensor([[0.75, 0.25]]))  # scores ln 3 and 0, divided by the root of 4
    torch.testing.assert_close(output, torch.tensor([[5.0]]))


def test_large_scores_do_not_overflow():
    weights = masked_softmax(torch.tensor([[1e4, 0.0, 1e4]]), torch.tensor([[True, True, False]]))
    assert weights.tolist() == [[1, 0, 0]]


# --- the causal mask --------------------------------------------------------------------------------------------------


@given(problems(), st.data())
def test_a_later_token_changes_no_earlier_output_under_the_causal_mask_and_does_without_it(problem, data):
    x = torch.cat([problem[0], problem[0].flip(1) + 1], 1)  # (B, T, d), at least two tokens
    T = x.shape[1]
    i = data.draw(st.integers(1, T - 1))
    y = x.clone()
    y[:, i] += 1
    before, after = (scaled_dot_product_attention(z, z, z, causal(T))[0] for z in (x, y))
    assert torch.equal(before[:, :i], after[:, :i])
    assert not torch.equal(before[:, i], after[:, i])
    before, after = (scaled_dot_product_attention(z, z, z)[0] for z in (x, y))
    assert not torch.equal(before[:, :i], after[:, :i])


def test_the_first_token_sees_itself_alone_and_the_last_sees_all():
    assert causal(3).tolist() == [[True, False, False], [True, True, False], [True, True, True]]
    assert causal(1).tolist() == [[True]]


# --- heads ------------------------------------------------------------------------------------------------------------


def heads(d_model=12, num_heads=3, seed=0, **options):
    torch.manual_seed(seed)
    return MultiHeadAttention(d_model, num_heads, **options).double()


@given(st.integers(1, 4), st.integers(1, 6), st.randoms())
def test_heads_are_a_function_of_the_set_of_keys(B, T, random):
    attention, x = heads(), torch.randn(B, T, 12, dtype=torch.float64)
    order = permutation(T, random)
    output, weights = attention(x, x, x)
    assert output.shape == (B, T, 12) and weights.shape == (B, 3, T, T)
    close(attention(x, x[:, order], x[:, order])[0], output)
    close(attention(x[:, order], x, x)[0], output[:, order])


def test_each_head_is_attention_on_its_own_columns():
    attention, x = heads(), torch.randn(2, 5, 12, dtype=torch.float64)
    mask = torch.arange(5) < torch.tensor([[5], [2]])  # (B, T)
    parts, weights = [], attention(x, x, x, mask[:, None, None])[1]
    for i in range(3):
        own = slice(4 * i, 4 * i + 4)
        head, A = scaled_dot_product_attention(
            *(W(x)[..., own] for W in (attention.W_Q, attention.W_K, attention.W_V)), mask[:, None]
        )
        parts.append(head)
        close(weights[:, i], A)
    close(attention(x, x, x, mask[:, None, None])[0], attention.W_O(torch.cat(parts, -1)))


def test_the_weights_are_named_as_in_the_formula():
    assert list(heads().state_dict()) == [f"W_{x}.{part}" for x in "QKVO" for part in ("weight", "bias")]


# --- dropout ----------------------------------------------------------------------------------------------------------


def test_dropout_zeroes_weights_at_its_rate_and_scales_the_others_up():
    torch.manual_seed(0)
    q, k = torch.randn(8, 50, 4), torch.randn(8, 50, 4)
    dropped, weights = scaled_dot_product_attention(q, k, torch.eye(50).expand(8, -1, -1), dropout=0.3)
    kept = dropped != 0
    assert abs((~kept).float().mean() - 0.3) < 4 * math.sqrt(0.3 * 0.7 / kept.numel())
    torch.testing.assert_close(dropped[kept], weights[kept] / 0.7)
    assert (weights > 0).all()  # those that are returned are whole


def test_heads_drop_in_training_alone():
    T = 40
    attention = heads(T, 1, dropout=0.3)
    with torch.no_grad():  # values and outputs as they are: the output is the dropped weights
        for W in (attention.W_V, attention.W_O):
            W.weight.copy_(torch.eye(T))
            W.bias.zero_()
    x, v = torch.randn(4, T, T, dtype=torch.float64), torch.eye(T).double().expand(4, -1, -1)
    output, _ = attention.train()(x, x, v)
    assert abs((output == 0).double().mean() - 0.3) < 4 * math.sqrt(0.3 * 0.7 / output.numel())
    assert not torch.equal(attention(x, x, v)[0], output)
    output, weights = attention.eval()(x, x, v)
    close(output, weights[:, 0])


# --- refused ----------------------------------------------------------------------------------------------------------

X = torch.zeros(2, 3, 4)


@pytest.mark.parametrize("mask", [torch.ones(3, 3), torch.ones(3, 3, dtype=torch.long), torch.zeros(3, 3)])
def test_a_mask_that_is_not_boolean_is_refused(mask):
    said = rf"a mask is boolean, true where a query may look; found {mask.dtype}\. Ones and zeros: mask\.bool\(\)"
    for attend in (scaled_dot_product_attention, heads(4, 2).float()):
        with pytest.raises(PyftError, match=said):
            attend(X, X, X, mask)


@pytest.mark.parametrize(
    "q,k,v,said",
    [
        (X, X[..., :2], X, r"k has shape \(2, 3, 2\), expected \(\.\.\., T_k, d_k\) with T_q = 3, d_k = 4"),
        (X, X, X[:, :2], r"v has shape \(2, 2, 4\), expected \(\.\.\., T_k, d_v\) with T_q = 3, d_k = 4, T_k = 3"),
        (X, X[:1], X, r"k has shape \(1, 3, 4\)"),  # torch would broadcast
        (X, X, X[0], r"v has shape \(3, 4\)"),
        (X[0, 0], X, X, r"q has shape \(4,\), expected \(\.\.\., T_q, d_k\) with no size known yet"),
    ],
)
def test_queries_keys_and_values_that_do_not_fit_are_named_with_their_sizes(q, k, v, said):
    with pytest.raises(ShapeError, match=said):
        scaled_dot_product_attention(q, k, v)


def test_heads_name_what_does_not_fit_too():
    with pytest.raises(ShapeError, match=r"v has shape \(2, 2, 4\), expected \(B, T_k, d\) with B = 2, T_q = 3, d = 4"):
        heads(4, 2)(X, X, X[:, :2])
    with pytest.raises(ShapeError, match=r"q has shape \(3, 4\), expected \(B, T_q, d\)"):
        heads(4, 2)(X[0], X[0], X[0])


def test_a_width_that_heads_cannot_share_is_refused():
    with pytest.raises(PyftError, match="d_model = 10 cannot be shared by 4 heads"):
        MultiHeadAttention(10, 4)


def test_heads_name_an_input_of_another_width():
    x = torch.zeros(1, 3, 7)
    with pytest.raises(ShapeError, match=r"W_Q has shape \(8, 8\), expected \(d, d\) with B = 1, T_q = 3, d = 7"):
        MultiHeadAttention(8, 2)(x, x, x)


@pytest.mark.parametrize("mask", [torch.ones(3, 4, dtype=torch.bool), torch.ones(2, 3, dtype=torch.bool)])
def test_a_mask_that_does_not_fit_is_named_with_its_sizes(mask):
    with pytest.raises(ShapeError, match=r"mask has shape .*, expected \(\*, T_q, T_k\) with T_q = 3"):
        scaled_dot_product_attention(X, X, X, mask)
