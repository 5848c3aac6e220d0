"""The library's weights under our names: all of them, or an error."""

import pytest
import torch
from small_encoders import PAD, SIZE, V
from transformers import BertConfig, BertModel, RobertaConfig, RobertaModel, XLNetConfig, XLNetModel

from pyft.maths.encoder import BertEncoder, RobertaEncoder, XLNetEncoder
from pyft.maths.state_dicts import from_bert, from_xlnet


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
