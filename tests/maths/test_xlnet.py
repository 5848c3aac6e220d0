"""XLNet: segments, the order of prediction and what its two streams may know."""

import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_encoders import BERT, SIZE, XLNET, V, amounts, batches, close, padded, texts
from torch.nn import functional as F
from transformers import XLNetConfig, XLNetModel

from pyft.errors import PyftError
from pyft.maths.encoder import XLNetEncoder, permutation_mask, sinusoids
from pyft.maths.state_dicts import from_xlnet
from pyft.maths.symbols import ShapeError

# --- padding ----------------------------------------------------------------------------------------------------------


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


# --- refused ----------------------------------------------------------------------------------------------------------


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


def test_an_odd_width_has_no_pairs_of_sines_and_cosines():
    with pytest.raises(PyftError, match="d_model = 9 is odd"):
        XLNetEncoder(9, 9, 3, 8, 1)(torch.zeros(1, 2, dtype=torch.long))
