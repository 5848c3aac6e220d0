"""The parts of an encoder: norm, feed-forward, layers, and inputs of another width."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from small_encoders import V, close, drawn

from pyft.errors import PyftError
from pyft.maths.encoder import BertEncoder, EncoderLayer, FeedForward, LayerNorm, PreNormLayer, gelu, relu
from pyft.maths.symbols import ShapeError

# --- LayerNorm --------------------------------------------------------------------------------------------------------


@given(st.integers(3, 8), st.floats(-100, 100), st.floats(0.1, 100), st.integers(0, 10_000))
def test_a_norm_takes_shift_and_scale_away(d, shift, scale, seed):
    torch.manual_seed(seed)
    layer, x = drawn(LayerNorm(d, eps=0)), torch.randn(4, d, dtype=torch.float64)
    close(layer(scale * x + shift), layer(x), atol=1e-8)
    close(layer(-x), 2 * layer.beta - layer(x))  # a negative scale turns it round beta


@given(st.integers(2, 8), st.floats(-100, 100), st.integers(0, 10_000))
def test_what_comes_out_has_mean_beta_and_standard_deviation_gamma(d, shift, seed):
    torch.manual_seed(seed)
    layer, x = LayerNorm(d, eps=0).double(), shift + torch.randn(4, 3, d, dtype=torch.float64)
    torch.nn.init.constant_(layer.gamma, 1.7)
    torch.nn.init.constant_(layer.beta, -0.4)
    y = layer(x)
    close(y.mean(-1), torch.full((4, 3), -0.4, dtype=torch.float64), atol=1e-8)
    close(y.std(-1, correction=0), torch.full((4, 3), 1.7, dtype=torch.float64), atol=1e-8)


def test_epsilon_stands_inside_the_root_and_shrinks_what_has_little_spread():
    x = torch.tensor([1.0, -1.0], dtype=torch.float64)  # variance one
    close(LayerNorm(2, eps=3.0).double()(x), x / 2)
    assert LayerNorm(4)(torch.full((4,), 7.0)).tolist() == [0, 0, 0, 0]


def test_each_vector_is_normalised_for_itself():
    layer, x = drawn(LayerNorm(5)), torch.randn(2, 3, 5, dtype=torch.float64)
    for b in range(2):
        for t in range(3):
            close(layer(x)[b, t], layer(x[b, t]))


def test_a_norm_of_another_width_is_refused():
    with pytest.raises(ShapeError, match=r"x has shape \(2, 4\), expected \(\.\.\., d\) with d = 5"):
        LayerNorm(5)(torch.zeros(2, 4))


# --- feed-forward -----------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-30, 30), min_size=1))
def test_gelu_is_x_times_the_normal_distribution_function(x):
    x = torch.tensor(x, dtype=torch.float64)
    close(gelu(x), x * torch.from_numpy(norm.cdf(x.numpy())).reshape(x.shape))


@given(st.lists(st.floats(-30, 30), min_size=1))
def test_relu_keeps_what_is_positive(x):
    assert relu(torch.tensor(x, dtype=torch.float64)).tolist() == [max(0.0, number) for number in x]


def test_a_position_is_fed_forward_for_itself():
    network, x = drawn(FeedForward(5, 7)), torch.randn(2, 3, 5, dtype=torch.float64)
    close(network(x)[1, 2], network.W_2(gelu(network.W_1(x[1, 2]))))
    assert network.W_1.weight.shape == (7, 5)


# --- layers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [EncoderLayer, PreNormLayer])
def test_a_layer_of_zeros_adds_nothing_so_only_the_norms_after_the_sums_remain(kind):
    layer, x = kind(6, 2, 8).double().eval(), torch.randn(2, 4, 6, dtype=torch.float64)
    for linear in (layer.attention.W_O, layer.feed_forward.W_2):
        torch.nn.init.zeros_(linear.weight)
        torch.nn.init.zeros_(linear.bias)
    close(layer(x), layer.norm_2(layer.norm_1(x)) if kind is EncoderLayer else x)


@pytest.mark.parametrize("kind", [EncoderLayer, PreNormLayer])
def test_a_layer_drops_in_training_alone(kind):
    layer, x = kind(6, 2, 8, dropout=0.5), torch.randn(2, 4, 6)
    assert torch.equal(layer.eval()(x), layer(x))
    assert not torch.equal(layer.train()(x), layer(x))


# --- refused ----------------------------------------------------------------------------------------------------------


def test_heads_that_do_not_fit_the_width_are_refused():
    with pytest.raises(PyftError, match="d_model = 10 cannot be shared by 3 heads"):
        BertEncoder(V, 10, 3, 20, 1)


def test_a_layer_names_an_input_of_another_width():
    for layer, topic in [(FeedForward(8, 16), "x"), (LayerNorm(8), "x")]:
        with pytest.raises(ShapeError, match=rf"{topic} has shape \(2, 7\), expected .* d = 8"):
            layer(torch.zeros(2, 7))
