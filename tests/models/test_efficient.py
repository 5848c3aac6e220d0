"""Methods put in place: what they refuse, what they leave alone, and that a training takes them as they are."""

import pytest
import torch
from datasets import Dataset
from training import SHORT, film, tagged, tagger
from transformers import (
    BertForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
    XLNetConfig,
    XLNetForSequenceClassification,
)

from pyft.course.ch8_2_3_adaptive_and_efficient_fine_tuning import proofs
from pyft.course.ch8_2_3_adaptive_and_efficient_fine_tuning.mutants import code
from pyft.errors import PyftError
from pyft.finetune.loop import fine_tune, set_seed
from pyft.finetune.prediction import predict
from pyft.models import efficient

METHODS = proofs.methods(code())


@pytest.mark.parametrize("name", METHODS)
def test_a_training_on_the_fast_path_learns_and_changes_nothing_frozen(
    name, tiny_bert, tokenizer, same_torch_afterwards
):
    torch.manual_seed(0)
    model = METHODS[name](tiny_bert())
    before = {key: p.detach().clone() for key, p in model.named_parameters()}
    set_seed(0)
    history = fine_tune(model, tokenizer, film(20), film(6), SHORT)
    assert len(history.losses) == 5
    for key, p in model.named_parameters():
        if not p.requires_grad:
            assert torch.equal(p, before[key]), key
    texts = film(6)["text"][:]
    with torch.no_grad():  # the class token alone, as the fast path computes it, is what the whole layer gives
        fast, slow = (predict(model, tokenizer, texts, fast=parts) for parts in (("last layer",), ()))
    assert torch.allclose(fast, slow, atol=1e-5)


@pytest.mark.parametrize("name", ["LoRA", "Houlsby adapters", "prefix", "prompt"])
def test_words_are_tagged_as_well(name, tiny_bert, tokenizer, same_torch_afterwards):
    model = METHODS[name](tagger(tiny_bert))
    set_seed(0)
    fine_tune(model, tokenizer, tagged(12), tagged(6), SHORT)
    rows: Dataset = tagged(6)
    assert [len(z) for z in predict(model, tokenizer, rows["tokens"])] == [len(row) for row in rows["tokens"]]


def test_lora_beside_all_matrices_is_beside_six_a_layer(tiny_bert):
    model = efficient.lora(tiny_bert(), targets=efficient.ALL_MATRICES)
    names = [name.rpartition("layer.0.")[2] for name in efficient.loras(model) if ".layer.0." in name]
    assert names == [
        *("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"),
        *("intermediate.dense", "output.dense"),
    ]


def test_roberta_has_no_pooler_and_its_head_learns():
    config = RobertaConfig(
        vocab_size=20, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )
    model = efficient.lora(RobertaForSequenceClassification(config), 2, 4)
    assert list(efficient.head_modules(model)) == ["classifier"]
    learns = {name for name, p in model.named_parameters() if p.requires_grad}
    assert {name.rpartition(".")[2] for name in learns if "encoder" in name} == {"A", "B"}
    assert any(name.startswith("classifier.dense") for name in learns)


def test_a_model_without_such_maps_and_a_rank_of_zero_are_refused(tiny_bert):
    config = XLNetConfig(vocab_size=20, d_model=16, n_layer=1, n_head=2, d_inner=8)
    with pytest.raises(PyftError, match="XLNetForSequenceClassification has no linear map called query, value"):
        efficient.lora(XLNetForSequenceClassification(config))
    with pytest.raises(PyftError, match="the rank is 0"):
        efficient.lora(tiny_bert(), r=0)


def test_merged_it_is_the_library_s_model_and_its_file_loads_there(tiny_bert, tmp_path):
    model = efficient.lora(tiny_bert(), 2, 4).eval()
    for part in efficient.loras(model).values():
        torch.nn.init.normal_(part.B)
    x = {"input_ids": torch.randint(11, (2, 5))}
    with torch.no_grad():
        before = model(**x).logits
        efficient.merge(model).save_pretrained(tmp_path)
        again = BertForSequenceClassification.from_pretrained(tmp_path).eval()
        assert torch.allclose(again(**x).logits, before, atol=1e-5)
