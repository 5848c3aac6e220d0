"""The losses: what must hold for any batch, the edges, and what is refused."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from pyft.errors import PyftError
from pyft.maths.losses import cross_entropy, log_softmax, mse
from pyft.maths.symbols import ShapeError

patient = settings(deadline=None)  # a first call may be slow


@st.composite
def batches(draw):
    """Logits (B, K) and labels (B), some ignored, not all."""
    B, K, seed = draw(st.integers(1, 8)), draw(st.integers(1, 6)), draw(st.integers(0, 10_000))
    generator = torch.Generator().manual_seed(seed)
    z = draw(st.sampled_from([0.1, 3.0, 100.0])) * torch.randn(B, K, generator=generator, dtype=torch.float64)
    y = torch.randint(K, (B,), generator=generator)
    y[1:][torch.rand(B - 1, generator=generator) < 0.3] = -100
    return z, y


def gradient(z, *arguments, **options):
    z = z.clone().requires_grad_()
    return torch.autograd.grad(cross_entropy(z, *arguments, **options), z)[0]


options_of_a_loss = st.fixed_dictionaries(
    {"label_smoothing": st.sampled_from([0.0, 0.2, 1.0]), "reduction": st.sampled_from(["mean", "sum"])}
)


@patient
@given(batches(), options_of_a_loss, st.floats(-1e3, 1e3))
def test_a_shift_of_the_logits_changes_nothing(batch, options, shift):
    z, y = batch
    torch.testing.assert_close(
        cross_entropy(z + shift, y, **options), cross_entropy(z, y, **options), atol=1e-9, rtol=0
    )


@patient
@given(batches(), options_of_a_loss, st.randoms())
def test_the_order_of_the_batch_changes_nothing(batch, options, random):
    z, y = batch
    order = random.sample(range(len(y)), len(y))
    torch.testing.assert_close(cross_entropy(z[order], y[order], **options), cross_entropy(z, y, **options))
    torch.testing.assert_close(gradient(z[order], y[order], **options), gradient(z, y, **options)[order])


@patient
@given(batches(), options_of_a_loss, st.integers(1, 4), st.sampled_from([-100, -1, 99]))
def test_ignored_positions_add_nothing(batch, options, more, ignored):
    z, y = batch
    y = y.where(y != -100, ignored)
    wider, longer = torch.cat([z, 50 + z[:1].expand(more, -1)]), torch.cat([y, torch.full((more,), ignored)])
    options |= {"ignore_index": ignored}
    torch.testing.assert_close(cross_entropy(wider, longer, **options), cross_entropy(z, y, **options))
    assert not gradient(wider, longer, **options)[len(y) :].any()


@patient
@given(batches(), options_of_a_loss, st.randoms())
def test_relabelling_the_classes_permutes_the_gradient(batch, options, random):
    z, y = batch
    K = z.shape[1]
    order = torch.tensor(random.sample(range(K), K))  # new class k is old class order[k]
    renamed = y.where(y == -100, order.argsort()[y.clamp(0)])
    weight = torch.linspace(1, 2, K, dtype=torch.float64)
    torch.testing.assert_close(
        gradient(z[:, order], renamed, weight=weight[order], **options),
        gradient(z, y, weight=weight, **options)[:, order],
    )


@patient
@given(batches())
def test_the_gradient_of_an_example_sums_to_zero_and_pulls_its_label_up(batch):
    z, y = batch
    g = gradient(z, y)
    torch.testing.assert_close(g.sum(-1), torch.zeros(len(y), dtype=torch.float64), atol=1e-12, rtol=0)
    kept = y != -100
    assert (g[kept].gather(1, y[kept, None]) <= 0).all()


@patient
@given(batches(), options_of_a_loss)
def test_labels_are_probabilities_that_are_one_or_zero(batch, options):
    z, y = batch
    z, y = z[y != -100], y[y != -100]
    q = F.one_hot(y, z.shape[1]).double()
    torch.testing.assert_close(cross_entropy(z, q, **options), cross_entropy(z, y, **options))


@patient
@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=6))
def test_probabilities_sum_to_one(z):
    assert math.isclose(log_softmax(torch.tensor(z, dtype=torch.float64)).exp().sum(), 1, abs_tol=1e-12)


@patient
@given(st.lists(st.floats(-100, 100), min_size=1, max_size=6), st.floats(-100, 100))
def test_squared_error_is_least_at_the_mean(y, other):
    y = torch.tensor(y, dtype=torch.float64)
    assert mse(y.mean().expand_as(y), y) <= mse(torch.full_like(y, other), y) + 1e-9


# --- edges ------------------------------------------------------------------------------------------------------------


def test_one_example_and_one_class():
    assert cross_entropy(torch.tensor([[2.0]]), torch.tensor([0])) == 0
    torch.testing.assert_close(cross_entropy(torch.tensor([0.0, 0.0]), torch.tensor(1)), torch.tensor(math.log(2)))


def test_no_information_costs_ln_K():
    for K in (2, 5, 100):
        torch.testing.assert_close(
            cross_entropy(torch.zeros(3, K), torch.zeros(3, dtype=torch.int64)).item(), math.log(K)
        )


@pytest.mark.parametrize(
    "z,y,weight",
    [
        (torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64), None),
        (torch.zeros(2, 3), torch.tensor([-100, -100]), None),
        (torch.zeros(2, 3), torch.tensor([1, 1]), torch.tensor([1.0, 0.0, 1.0])),
        (torch.zeros(0, 3), torch.zeros(0, 3), None),
        (torch.zeros(0, 3, 4), torch.zeros(0, 4, dtype=torch.int64), None),
    ],
)
def test_a_mean_over_nothing_is_refused_where_torch_gives_nan_and_the_sum_is_zero(z, y, weight):
    assert F.cross_entropy(z, y, weight).isnan()
    with pytest.raises(PyftError, match=f'of {z[:, 0].numel()} positions none counts .* reduction="sum"'):
        cross_entropy(z, y, weight)
    assert cross_entropy(z, y, weight, reduction="sum") == 0
    assert cross_entropy(z, y, weight, reduction="none").shape == z[:, 0].shape


def test_no_gradient_comes_from_an_ignored_position():
    z = torch.tensor([[0.0, 1.0], [float("nan"), float("inf")]])
    assert cross_entropy(z, torch.tensor([1, -100])).isfinite()


def test_both_take_what_torch_takes_by_name():
    z, y = torch.randn(2, 3), torch.tensor([0, 2])
    options = {"weight": torch.ones(3), "ignore_index": 0, "reduction": "none", "label_smoothing": 0.1}
    torch.testing.assert_close(
        cross_entropy(input=z, target=y, **options), F.cross_entropy(input=z, target=y, **options)
    )
    torch.testing.assert_close(
        mse(input=z, target=z + 1, reduction="sum"), F.mse_loss(input=z, target=z + 1, reduction="sum")
    )


def test_soft_targets_get_their_gradient_too():
    z = torch.randn(3, 4, dtype=torch.float64)
    grads = []
    for loss in (cross_entropy, F.cross_entropy):
        q = torch.full((3, 4), 0.25, dtype=torch.float64, requires_grad=True)
        grads += torch.autograd.grad(loss(z, q), q)
    torch.testing.assert_close(*grads)


def test_a_mean_of_squares_over_nothing_is_refused():
    with pytest.raises(PyftError, match="a mean over nothing: of 0 positions"):
        mse(torch.zeros(0), torch.zeros(0))
    assert mse(torch.zeros(0), torch.zeros(0), reduction="sum") == 0


# --- refused ----------------------------------------------------------------------------------------------------------

Z, Y = torch.zeros(4, 3), torch.tensor([0, 1, 2, 0])


@pytest.mark.parametrize(
    "arguments,error,said",
    [
        ((Z, torch.tensor([0, 1, 3, 0])), PyftError, r"label 3 at position \(2,\): expected 0 to 2, or -100 to ignore"),
        ((Z, torch.tensor([0, -1, 2, 0])), PyftError, r"label -1 at position \(1,\)"),
        ((Z[0], torch.tensor(7)), PyftError, r"label 7 at position \(\): expected 0 to 2"),
        ((torch.zeros(2, 3, 2), torch.tensor([[0, 1], [2, 5]])), PyftError, r"label 5 at position \(1, 1\)"),
        ((Z, Y[:3]), ShapeError, r"target has shape \(3,\), expected \(4,\) for logits of shape \(4, 3\): labels"),
        ((Z, Y[:, None]), ShapeError, r"target has shape \(4, 1\), expected \(4,\)"),
        ((Z, Y.float()), ShapeError, r"target has shape \(4,\), expected \(4, 3\) .* probabilities have the shape"),
        ((Z, Y.int()), PyftError, r"labels have dtype torch.int32, expected torch.int64: write target.long\(\)"),
        ((Z, Y, torch.ones(2)), ShapeError, r"weight has shape \(2,\), expected \(K\) with K = 3"),
        ((Z, Z, None, 0), PyftError, "ignore_index 0 marks labels; these targets are probabilities"),
        ((Z, Y, None, -100, "average"), PyftError, "unknown reduction 'average'"),
        ((Z, Y, None, -100, "mean", 1.5), PyftError, "label_smoothing is 1.5, expected a share from 0 to 1"),
    ],
)
def test_what_does_not_fit_is_refused_and_named(arguments, error, said):
    with pytest.raises(error, match=said):
        cross_entropy(*arguments)


def test_squared_error_compares_number_with_number():
    with pytest.raises(ShapeError, match=r"target has shape \(3,\), expected that of the input, \(3, 1\)"):
        mse(torch.zeros(3, 1), torch.zeros(3))
    with pytest.raises(PyftError, match=r"unknown reduction 'men'. Did you mean 'mean'"):
        mse(torch.zeros(3), torch.zeros(3), reduction="men")
