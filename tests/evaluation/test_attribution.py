"""Integrated gradients add up, agree with captum's, and attention is what the model computes."""

import pytest
import torch
from captum.attr import IntegratedGradients, LayerIntegratedGradients

from pyft.errors import PyftError
from pyft.evaluation import attribution
from pyft.evaluation.attribution import integrated_gradients, path_gradients, remove_word, sum_over_pieces

TEXT = "the good film a bad"


def test_of_a_linear_function_each_entry_is_its_own_share():
    w, x, baseline = torch.tensor([[2.0, -1.0]]), torch.tensor([[3.0, 5.0]]), torch.tensor([[1.0, 1.0]])
    found = path_gradients(lambda e: (e * w).sum((1, 2)), x, baseline, steps=1)
    torch.testing.assert_close(found, torch.tensor([[4.0, -4.0]]))


def test_entries_add_up_to_the_difference_and_are_captums():
    def f(e):
        return torch.tanh(e).prod(-1).sum(-1) + e[:, 0, 0] ** 3

    torch.manual_seed(0)
    x, baseline = torch.randn(3, 2), torch.randn(3, 2)
    found = path_gradients(f, x, baseline, steps=200)
    assert found.sum().item() == pytest.approx((f(x[None]) - f(baseline[None])).item(), abs=1e-4)
    theirs = IntegratedGradients(f).attribute(x[None], baseline[None], n_steps=200, method="riemann_middle")[0]
    torch.testing.assert_close(found, theirs.float(), atol=1e-5, rtol=1e-4)


def test_the_scores_of_words_are_those_of_captum_on_the_embedding_layer(tokenizer, tiny_bert):
    model = tiny_bert(initializer_range=0.3).eval()
    found = integrated_gradients(model, tokenizer, TEXT, label=1, steps=20)
    x = tokenizer(TEXT, return_tensors="pt")
    ids = x["input_ids"]
    baseline = torch.where(torch.isin(ids, torch.tensor([2, 3])), ids, 0)
    layer = LayerIntegratedGradients(
        lambda i: model(i, attention_mask=x["attention_mask"]).logits[:, 1], model.bert.embeddings.word_embeddings
    )
    theirs = layer.attribute(ids, baseline, n_steps=20, method="riemann_middle").sum(-1)[0, 1:-1]
    assert found.words == TEXT.split()
    assert found.scores == pytest.approx(theirs.tolist(), abs=1e-4)


def test_the_scores_add_up_to_what_the_words_bring(tokenizer, tiny_bert):
    model = tiny_bert(initializer_range=0.3).eval()
    found = integrated_gradients(model, tokenizer, TEXT, label=0, steps=300)
    x = tokenizer(TEXT, return_tensors="pt")
    empty = x["input_ids"].clone()
    empty[0, 1:-1] = 0
    with torch.no_grad():
        whole, none = (model(ids, attention_mask=x["attention_mask"]).logits[0, 0] for ids in (x["input_ids"], empty))
    assert sum(found.scores) == pytest.approx((whole - none).item(), abs=1e-3)


def test_attention_is_the_row_of_the_class_token(tokenizer, tiny_bert):
    model = tiny_bert(initializer_range=0.3, attn_implementation="eager").eval()
    found = attribution.attention(model, tokenizer, TEXT)
    x = tokenizer(TEXT, return_tensors="pt")
    with torch.no_grad():
        rows = model(**x, output_attentions=True).attentions[-1][0, :, 0]  # (h, T)
    assert found.scores == pytest.approx(rows.mean(0)[1:-1].tolist(), abs=1e-6)
    assert sum(found.scores) < 1
    tokenizer.padding_side = "left"
    assert attribution.attention(model, tokenizer, TEXT).scores != pytest.approx(found.scores, abs=1e-3)


def test_the_model_is_left_as_it_was(tokenizer, tiny_bert):
    model = tiny_bert().train()
    before = model.config._attn_implementation
    attribution.attention(model, tokenizer, TEXT)
    integrated_gradients(model, tokenizer, TEXT, 1, steps=2)
    assert model.training and model.config._attn_implementation == before
    assert all(p.grad is None for p in model.parameters())


def test_a_model_in_training_is_asked_without_its_dropout(tokenizer, tiny_bert):
    model = tiny_bert(hidden_dropout_prob=0.5, attention_probs_dropout_prob=0.5)
    for ask in (attribution.attention, lambda *a: integrated_gradients(*a, label=1, steps=4)):
        assert ask(model.train(), tokenizer, TEXT).scores == ask(model.eval(), tokenizer, TEXT).scores


def test_pieces_of_a_word_are_added_up(tmp_path):
    from transformers import BertTokenizerFast

    (tmp_path / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "film", "##s", "a"]))
    found = sum_over_pieces(BertTokenizerFast(vocab=str(tmp_path / "vocab.txt")), "films a", [9.0, 1.0, 0.5, 3.0, 9.0])
    assert found == (["films", "a"], [1.5, 3.0])
    assert found.top() == 1


def test_an_empty_text_has_no_words(tokenizer):
    with pytest.raises(PyftError, match="the text is empty"):
        sum_over_pieces(tokenizer, " ", [0.0, 0.0])


def test_a_word_is_taken_out():
    assert remove_word("a good film", 1) == "a film"
    assert remove_word("a good film", 0) == "good film"
