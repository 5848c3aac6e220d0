"""Encoders: what padding, segments and an order of prediction may change, and what they may not."""

import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from torch.nn import functional as F
from transformers import BertConfig, BertModel, RobertaConfig, RobertaModel, XLNetConfig, XLNetModel

from pyft.encoder import (
    BertEncoder,
    EncoderLayer,
    FeedForward,
    LayerNorm,
    PreNormLayer,
    RobertaEncoder,
    TiedHead,
    XLNetEncoder,
    gelu,
    permutation_mask,
    relu,
    sinusoids,
)
from pyft.errors import PyftError
from pyft.state_dicts import from_bert, from_xlnet
from pyft.symbols import ShapeError

V, SIZE = 30, (30, 12, 3, 20, 2)  # vocabulary; with it width, heads, inner width, layers
PAD = 1


def close(a, b, atol=1e-11):
    torch.testing.assert_close(a, b, atol=atol, rtol=0)


def drawn(net, seed=0):
    """In float64, in evaluation, every parameter drawn, so that biases and gains matter."""
    torch.manual_seed(seed)
    for name, p in net.named_parameters():
        torch.nn.init.normal_(p, mean=float("gamma" in name), std=0.5)
    return net.double().eval().requires_grad_(False)


BERT, ROBERTA = drawn(BertEncoder(*SIZE, max_length=16)), drawn(RobertaEncoder(*SIZE, max_length=16, pad_id=PAD))
XLNET = drawn(XLNetEncoder(*SIZE))


def texts(B, T, seed):
    """Ids (B, T) without padding, segments (B, T)."""
    torch.manual_seed(seed)
    return torch.randint(2, V, (B, T)), torch.randint(0, 2, (B, T))


def padded(x, left, right, filler):
    return F.pad(x, (left, right), value=filler)


batches = st.builds(texts, st.integers(1, 3), st.integers(1, 6), st.integers(0, 10_000))
amounts = st.integers(0, 5)

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


# --- padding ----------------------------------------------------------------------------------------------------------


@given(batches, amounts, st.integers(0, V - 1))
@settings(deadline=None)
def test_bert_padding_on_the_right_changes_no_real_token_whatever_it_holds(batch, right, filler):
    ids, segments = batch
    T = ids.shape[1]
    mask = padded(torch.ones_like(ids), 0, right, 0).bool()
    h = BERT(padded(ids, 0, right, filler), mask, padded(segments, 0, right, 1))
    close(h[:, :T], BERT(ids, segments=segments))
    assert h.isfinite().all()


def test_bert_padding_on_the_left_moves_positions_and_so_every_state():
    ids, _ = texts(2, 4, 0)
    h = BERT(padded(ids, 1, 0, 0), padded(torch.ones_like(ids), 1, 0, 0).bool())
    assert (h[:, 1:] - BERT(ids)).abs().amax() > 0.01


@given(batches, amounts, amounts)
@settings(deadline=None)
def test_roberta_padding_on_either_side_changes_no_real_token(batch, left, right):
    ids, _ = batch
    T = ids.shape[1]
    x = padded(ids, left, right, PAD)
    close(ROBERTA(x, x != PAD)[:, left : left + T], ROBERTA(ids))


def test_roberta_counts_positions_over_real_tokens_from_the_padding_id_plus_one():
    ids = torch.tensor([[PAD, PAD, 5, 6, PAD], [7, 8, 9, PAD, PAD]])
    assert ROBERTA.positions(ids).tolist() == [[1, 1, 2, 3, 1], [2, 3, 4, 1, 1]]
    assert BERT.positions(ids).tolist() == [0, 1, 2, 3, 4]


@given(batches, amounts, amounts, st.integers(0, V - 1))
@settings(deadline=None)
def test_xlnet_padding_on_either_side_changes_no_real_token_in_either_stream(batch, left, right, filler):
    ids, segments = batch
    B, T = ids.shape
    order = torch.rand(B, T).argsort(-1)
    visible = permutation_mask(order)
    mask = padded(torch.ones_like(ids), left, right, 0).bool()
    wide = F.pad(visible, (left, right, left, right), value=True)  # padding is hidden by `mask`
    h, g = XLNET(padded(ids, left, right, filler), mask, padded(segments, left, right, 1), wide, order + left)
    h_alone, g_alone = XLNET(ids, None, segments, visible, order)
    close(h[:, left : left + T], h_alone)
    close(g, g_alone)
    assert h.isfinite().all()


@pytest.mark.parametrize("net", [BERT, ROBERTA, lambda *a: XLNET(*a)[0]], ids=["BERT", "RoBERTa", "XLNet"])
def test_without_a_mask_every_token_is_real_and_with_one_hidden_tokens_are_not_read(net):
    ids, _ = texts(2, 5, 3)
    every = torch.ones_like(ids, dtype=torch.bool)
    assert torch.equal(net(ids), net(ids, every))
    every[:, 4] = False
    other = ids.clone()
    other[:, 4] = torch.tensor([2, 3]) + (ids[:, 4] == torch.tensor([2, 3])).long() * 5
    assert torch.equal(net(ids, every)[:, :4], net(other, every)[:, :4])
    assert not torch.equal(net(ids)[:, :4], net(other)[:, :4])


# --- segments ---------------------------------------------------------------------------------------------------------


@given(batches, st.integers(0, 3))
@settings(deadline=None)
def test_xlnet_reads_only_which_tokens_share_a_segment(batch, number):
    ids, segments = batch
    assert torch.equal(XLNET(ids)[0], XLNET(ids, segments=torch.full_like(ids, number))[0])
    assert torch.equal(XLNET(ids, segments=segments)[0], XLNET(ids, segments=5 - segments)[0])


def test_segments_matter_where_there_are_two():
    ids, _ = texts(2, 5, 3)
    halves = (torch.arange(5) > 2).long().expand(2, 5)
    assert not torch.equal(XLNET(ids)[0], XLNET(ids, segments=halves)[0])
    assert not torch.equal(BERT(ids), BERT(ids, segments=halves))
    assert torch.equal(BERT(ids), BERT(ids, segments=torch.zeros_like(ids)))
    assert not torch.equal(BERT(ids), BERT(ids, segments=torch.ones_like(ids)))  # BERT's segments are embedded


def test_a_score_of_another_segment_is_that_of_the_second_row_of_s():
    net = copy.deepcopy(XLNET)
    for layer in net.layers:  # whatever the query, a key of another segment scores some thousand less
        torch.nn.init.constant_(layer.attention.b, 1000.0)
        layer.attention.s[:, 0], layer.attention.s[:, 1] = 0.0, -1.0
    ids, segments = texts(2, 6, 1)
    same = segments[:, :, None] == segments[:, None, :]
    close(net(ids, segments=segments)[0], net(ids, visible=same)[0])


# --- two streams ------------------------------------------------------------------------------------------------------


def test_the_permutation_mask_of_three_tokens_predicted_last_first_middle():
    assert permutation_mask(torch.tensor([[2, 0, 1]])).long().tolist() == [
        [
            [0, 0, 1],  # token 0 comes second: it sees token 2
            [1, 0, 1],  # token 1 comes last: it sees both
            [0, 0, 0],  # token 2 comes first: it sees nothing
        ]
    ]


@given(st.integers(1, 6), st.integers(0, 10_000))
def test_left_to_right_is_the_causal_mask_without_its_diagonal(T, seed):
    assert torch.equal(permutation_mask(torch.arange(T)[None])[0], torch.ones(T, T).tril(-1).bool())
    torch.manual_seed(seed)
    order = torch.rand(2, T).argsort(-1)
    assert permutation_mask(order).sum((1, 2)).tolist() == [T * (T - 1) / 2] * 2  # each pair is seen one way


def streams(ids, order):
    """The query stream at every position, and the content stream."""
    targets = torch.arange(ids.shape[1])[None].expand(ids.shape)
    h, g = XLNET(ids, visible=permutation_mask(order), targets=targets)
    return g, h


def with_other(ids, place):
    """The text with another token at this place."""
    ids = ids.clone()
    ids[:, place] = ids[:, place] % (V - 1) + 1
    return ids


@given(st.integers(2, 6), st.integers(0, 10_000), st.data())
@settings(deadline=None)
def test_the_query_stream_knows_what_came_before_and_neither_its_own_token_nor_a_later_one(T, seed, data):
    ids, _ = texts(1, T, seed)
    order = torch.rand(1, T).argsort(-1)
    turns = order[0].tolist()
    n = data.draw(st.integers(0, T - 1))  # the turn at which a token is changed
    g, h = streams(ids, order)
    g_changed, h_changed = streams(with_other(ids, turns[n]), order)
    moved, content = (g != g_changed).any(-1)[0], (h != h_changed).any(-1)[0]
    assert not moved[turns[: n + 1]].any()
    assert moved[turns[n + 1 :]].all()
    assert content[turns[n:]].all()  # the content stream sees its own token
    assert not content[turns[:n]].any()


@given(st.integers(1, 6), st.integers(0, 10_000))
@settings(deadline=None)
def test_the_content_stream_of_the_first_in_the_order_sees_itself_as_if_it_stood_alone(T, seed):
    ids, _ = texts(1, T, seed)
    order = torch.rand(1, T).argsort(-1)
    at = int(order[0, 0])
    close(XLNET(ids, visible=permutation_mask(order))[0][:, at], XLNET(ids[:, at : at + 1])[0][:, 0])


def test_the_query_stream_knows_where_it_is():
    ids, _ = texts(1, 4, 0)
    near, _ = streams(ids, torch.tensor([[0, 1, 2, 3]]))
    far, _ = streams(ids, torch.tensor([[0, 1, 3, 2]]))
    assert (near[0, 2] - far[0, 3]).abs().max() > 1e-3  # both see tokens 0 and 1, one from further off


def test_targets_are_looked_up_each_in_its_row():
    ids, _ = texts(3, 5, 2)
    order = torch.rand(3, 5).argsort(-1)
    g, _ = streams(ids, order)
    targets = order[:, -2:]
    h, some = XLNET(ids, visible=permutation_mask(order), targets=targets)
    close(some, g.gather(1, targets[..., None].expand(-1, -1, g.shape[-1])))
    assert torch.equal(h, XLNET(ids, visible=permutation_mask(order))[0])
    assert XLNET(ids)[1] is None


def test_the_first_in_the_order_sees_nothing_where_the_librarys_sees_all_its_own_token_included():
    torch.manual_seed(0)
    theirs = XLNetModel(XLNetConfig(vocab_size=V, d_model=12, n_head=3, d_inner=20, n_layer=2)).eval()
    ours = XLNetEncoder(*SIZE).eval()
    ours.load_state_dict(from_xlnet(theirs.state_dict()))
    ids, order = texts(1, 5, 0)[0], torch.tensor([[3, 1, 4, 0, 2]])
    visible, targets = permutation_mask(order), order[:, :1]

    def both(x):
        mapping = F.one_hot(targets, 5).float()
        return (
            ours(x, visible=visible, targets=targets)[1],
            theirs(x, perm_mask=(~visible).float(), target_mapping=mapping).last_hidden_state,
        )

    with torch.no_grad():
        g, g_theirs = both(ids)
        own, own_theirs = both(with_other(ids, 3))
        every, _ = both(texts(1, 5, 1)[0])
    assert g.isfinite().all()
    assert torch.equal(g, own) and torch.equal(g, every)
    assert (g_theirs - own_theirs).abs().max() > 1e-3
    assert (g - g_theirs).abs().max() > 1e-3


def test_sinusoids_are_sines_then_cosines_of_falling_frequencies():
    R = sinusoids(torch.tensor([-3, 0, 3]), 4)
    close(R[1], torch.tensor([0.0, 0.0, 1.0, 1.0]))
    close(R[2], torch.tensor([math.sin(3), math.sin(0.03), math.cos(3), math.cos(0.03)]), atol=1e-6)
    close(R[0], R[2] * torch.tensor([-1.0, -1.0, 1.0, 1.0]))  # left and right differ in their sines


# --- the tied head ----------------------------------------------------------------------------------------------------


def test_the_head_is_tied_to_the_word_embeddings():
    encoder = BertEncoder(*SIZE)
    head = TiedHead(encoder.word)
    assert head.word.weight is encoder.word.weight
    x = torch.randn(2, 3, 12)
    z = head(x)
    assert z.shape == (2, 3, V)
    with torch.no_grad():
        encoder.word.weight[7] += 1
    assert ((head(x) != z).any(0).any(0).nonzero() == 7).all()


# --- the library's weights --------------------------------------------------------------------------------------------


def bert(kind=BertModel, config=BertConfig, **options):
    torch.manual_seed(0)
    sizes = {"vocab_size": V, "hidden_size": 12, "num_attention_heads": 3, "intermediate_size": 20}
    return kind(config(**sizes, num_hidden_layers=2, max_position_embeddings=16, **options))


def test_bert_loads_strictly_pooler_left_out():
    theirs = bert()
    state = from_bert(theirs.state_dict())
    BertEncoder(*SIZE, max_length=16).load_state_dict(state, strict=True)
    assert any(name.startswith("pooler") for name in theirs.state_dict())
    assert torch.equal(state["layers.1.attention.W_K.weight"], theirs.encoder.layer[1].attention.self.key.weight)
    assert torch.equal(state["layers.0.norm_1.gamma"], theirs.encoder.layer[0].attention.output.LayerNorm.weight)
    assert torch.equal(state["layers.0.norm_2.beta"], theirs.encoder.layer[0].output.LayerNorm.bias)


def test_roberta_loads_strictly():
    theirs = bert(RobertaModel, RobertaConfig, type_vocab_size=1, pad_token_id=PAD)
    RobertaEncoder(*SIZE, max_length=16).load_state_dict(from_bert(theirs.state_dict()), strict=True)


def test_xlnet_loads_strictly():
    theirs = XLNetModel(XLNetConfig(vocab_size=V, d_model=12, n_head=3, d_inner=20, n_layer=2))
    XLNetEncoder(*SIZE).load_state_dict(from_xlnet(theirs.state_dict()), strict=True)


@pytest.mark.parametrize("lost", ["embeddings.LayerNorm.weight", "encoder.layer.1.attention.self.value.bias"])
def test_a_name_that_is_missing_from_bert_raises(lost):
    state = bert().state_dict()
    del state[lost]
    with pytest.raises(RuntimeError, match="Missing key"):
        BertEncoder(*SIZE, max_length=16).load_state_dict(from_bert(state))


@pytest.mark.parametrize("lost", ["mask_emb", "layer.0.rel_attn.r", "layer.1.ff.layer_norm.bias"])
def test_a_name_that_is_missing_from_xlnet_or_unknown_raises(lost):
    state = XLNetModel(XLNetConfig(vocab_size=V, d_model=12, n_head=3, d_inner=20, n_layer=2)).state_dict()
    kept = state.pop(lost)
    with pytest.raises(RuntimeError, match="Missing key"):
        XLNetEncoder(*SIZE).load_state_dict(from_xlnet(state))
    with pytest.raises(RuntimeError, match="Unexpected key"):
        XLNetEncoder(*SIZE).load_state_dict(from_xlnet(state | {lost: kept, "layer.0.new.weight": kept}))


# --- refused ----------------------------------------------------------------------------------------------------------

IDS = torch.zeros(2, 3, dtype=torch.long)
NETS = pytest.mark.parametrize("net", [BERT, ROBERTA, XLNET], ids=["BERT", "RoBERTa", "XLNet"])


@NETS
@pytest.mark.parametrize(
    "inputs,said",
    [
        ({"mask": torch.ones(2, 4).bool()}, r"mask has shape \(2, 4\), expected \(B, T\) with B = 2, T = 3"),
        ({"mask": torch.ones(1, 3).bool()}, r"mask has shape \(1, 3\)"),  # torch would broadcast
        ({"mask": torch.ones(2, 1, 1, 3).bool()}, r"mask has shape \(2, 1, 1, 3\), expected \(B, T\)"),
        ({"segments": IDS[0]}, r"segments has shape \(3,\), expected \(B, T\) with B = 2, T = 3"),
        ({"segments": torch.zeros(3, 2).long()}, r"segments has shape \(3, 2\)"),
    ],
)
def test_mask_and_segments_of_another_shape_are_refused(net, inputs, said):
    with pytest.raises(ShapeError, match=said):
        net(IDS, **inputs)


@NETS
def test_ids_without_a_batch_are_refused(net):
    with pytest.raises(ShapeError, match=r"ids has shape \(3,\), expected \(B, T\)"):
        net(IDS[0])


@NETS
def test_the_tokenizers_ones_and_zeros_are_refused_with_the_remedy(net):
    with pytest.raises(PyftError, match=r"a mask is boolean, .* Ones and zeros: mask\.bool\(\)"):
        net(IDS, torch.ones_like(IDS))


def test_a_text_that_is_too_long_is_told_its_length_and_the_limit():
    BERT(torch.full((1, 16), 5))
    with pytest.raises(PyftError, match="a text of 17 tokens needs position 16, max_length is 16"):
        BERT(torch.full((1, 17), 5))
    ROBERTA(torch.full((1, 14), 5))  # two positions are the padding's and what is before it
    with pytest.raises(PyftError, match="a text of 15 tokens needs position 16, max_length is 16"):
        ROBERTA(torch.full((1, 15), 5))
    ROBERTA(padded(torch.full((1, 14), 5), 9, 0, PAD))  # padding takes no position


def test_heads_that_do_not_fit_the_width_are_refused():
    with pytest.raises(PyftError, match="d_model = 10 cannot be shared by 3 heads"):
        BertEncoder(V, 10, 3, 20, 1)


def test_heads_that_do_not_share_the_width_evenly_are_refused_by_xlnet_too():
    with pytest.raises(PyftError, match="d_model = 10 cannot be shared by 4 heads"):
        XLNetEncoder(9, 10, 4, 8, 1)


@pytest.mark.parametrize(
    "options,name",
    [
        ({"visible": torch.ones(2, 3, 4, dtype=torch.bool)}, "visible"),
        ({"targets": torch.zeros(3, 1, dtype=torch.long)}, "targets"),
    ],
)
def test_two_streams_name_what_does_not_fit_the_ids(options, name):
    with pytest.raises(ShapeError, match=f"{name} has shape"):
        XLNetEncoder(9, 8, 2, 8, 1)(torch.zeros(2, 4, dtype=torch.long), **options)


def test_a_layer_names_an_input_of_another_width():
    for layer, topic in [(FeedForward(8, 16), "x"), (LayerNorm(8), "x")]:
        with pytest.raises(ShapeError, match=rf"{topic} has shape \(2, 7\), expected .* d = 8"):
            layer(torch.zeros(2, 7))


def test_an_odd_width_has_no_pairs_of_sines_and_cosines():
    with pytest.raises(PyftError, match="d_model = 9 is odd"):
        XLNetEncoder(9, 9, 3, 8, 1)(torch.zeros(1, 2, dtype=torch.long))
