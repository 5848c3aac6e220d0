"""BERT and RoBERTa: what padding may change, the tied head, and inputs that are refused."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_encoders import BERT, PAD, ROBERTA, SIZE, XLNET, V, amounts, batches, close, padded, texts

from pyft.errors import PyftError
from pyft.maths.encoder import BertEncoder, TiedHead
from pyft.maths.symbols import ShapeError

# --- padding ----------------------------------------------------------------------------------------------------------


@given(batches, amounts, st.integers(0, V - 1))
@settings(deadline=None)
def test_bert_padding_on_the_right_never_changes_a_real_token(batch, right, filler):
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


def test_the_error_for_a_text_that_is_too_long_names_its_length_and_the_limit():
    BERT(torch.full((1, 16), 5))
    with pytest.raises(PyftError, match="a text of 17 tokens needs position 16, max_length is 16"):
        BERT(torch.full((1, 17), 5))
    ROBERTA(torch.full((1, 14), 5))  # two positions are the padding's and what is before it
    with pytest.raises(PyftError, match="a text of 15 tokens needs position 16, max_length is 16"):
        ROBERTA(torch.full((1, 15), 5))
    ROBERTA(padded(torch.full((1, 14), 5), 9, 0, PAD))  # padding takes no position
