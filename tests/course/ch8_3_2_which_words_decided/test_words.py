"""Words and their tokens, what stands in their place, and weights that are drawn anew."""

import pytest
import torch
from transformers import BertConfig, BertForPreTraining

from pyft.course.ch8_3_2_which_words_decided import faithful, recipes, words
from pyft.errors import PyftError

SENTENCE = "the good film a bad"


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def mlm():
    torch.manual_seed(0)
    return BertForPreTraining(
        BertConfig(
            hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, vocab_size=11,
            max_position_embeddings=32, initializer_range=0.5,
        )
    )  # fmt: skip


def test_special_tokens_belong_to_no_word(tokenizer):
    text = words.read(tokenizer, SENTENCE)
    assert text.of.tolist() == [-1, 0, 1, 2, 3, 4, -1]
    keep = torch.tensor([[True, False, True, True, False]])
    assert text.hidden(keep).tolist() == [[False, False, True, False, False, True, False]]
    with pytest.raises(PyftError, match="empty"):
        words.read(tokenizer, " ")


def test_fill_ins_are_words_where_something_is_hidden_and_nothing_else_changes(tokenizer, mlm):
    text = words.read(tokenizer, SENTENCE)
    keep = torch.tensor([[True, False, True, True, False]] * 50)
    ids, hidden = text.x["input_ids"].repeat(50, 1), text.hidden(keep)
    before = ids.clone()
    found = words.fill_ins(mlm, tokenizer, generator())(ids, hidden)
    assert (ids == before).all()
    assert (found[~hidden] == ids[~hidden]).all()
    assert not torch.isin(found[hidden], torch.tensor(tokenizer.all_special_ids)).any()
    assert len(found.unique(dim=0)) > 1
    again = words.fill_ins(mlm, tokenizer, generator())(ids, hidden)
    assert (found == again).all()


def test_fill_ins_are_drawn_as_often_as_the_model_says(tokenizer, mlm):
    text = words.read(tokenizer, SENTENCE)
    n = 2000
    keep = torch.tensor([[True, False, True, True, True]] * n)
    hidden = text.hidden(keep)
    found = words.fill_ins(mlm, tokenizer, generator())(text.x["input_ids"].repeat(n, 1), hidden)
    shown = text.x["input_ids"].masked_fill(hidden[:1], tokenizer.mask_token_id)
    with torch.no_grad():
        z = mlm.eval()(input_ids=shown).prediction_logits[0, 2]
    z[tokenizer.all_special_ids] = -torch.inf
    share = torch.bincount(found[:, 2], minlength=11) / n
    torch.testing.assert_close(share, z.softmax(-1), atol=0.05, rtol=0)


def test_nothing_hidden_nothing_filled(tokenizer, mlm):
    text = words.read(tokenizer, SENTENCE)
    fill = words.fill_ins(mlm, tokenizer, generator())
    keep = torch.ones(2, 5, dtype=torch.bool)
    ids = text.x["input_ids"].repeat(2, 1)
    assert (fill(ids, text.hidden(keep)) == ids).all()


@pytest.mark.parametrize("name", recipes.METHODS)
def test_every_method_gives_every_word_a_score_and_leaves_the_model(tokenizer, tiny_bert, name):
    model = tiny_bert(initializer_range=0.3).eval()
    before = {key: p.clone() for key, p in model.state_dict().items()}
    text = words.read(tokenizer, SENTENCE)
    scores = recipes.METHODS[name](model, tokenizer, text, 1, generator())
    assert scores.shape == (5,)
    assert scores.isfinite().all()
    assert not scores.requires_grad
    assert all((before[key] == p).all() for key, p in model.state_dict().items())
    assert len(set(scores.tolist())) > 1


def test_the_methods_that_share_out_the_whole_do(tokenizer, tiny_bert):
    model, text = tiny_bert(initializer_range=0.3).eval(), words.read(tokenizer, SENTENCE)
    v = words.value(model, text, 1, words.masks(tokenizer))
    whole = v(torch.ones(1, 5, dtype=torch.bool)) - v(torch.zeros(1, 5, dtype=torch.bool))
    drawn = recipes.METHODS["Shapley values"](model, tokenizer, text, 1, generator())
    torch.testing.assert_close(drawn.sum(), whole[0], atol=1e-4, rtol=0)
    integrated = words.integrated_gradients(model, tokenizer, text, 1, steps=300)
    torch.testing.assert_close(integrated.sum(), whole[0], atol=2e-3, rtol=0)


@pytest.mark.parametrize(("level", "kept"), [("head", 2), ("upper half", 1), ("all", 0)])
def test_weights_are_drawn_anew_from_the_top_down(tiny_bert, level, kept):
    model = tiny_bert()
    drawn = faithful.randomised(model, level, seed=1)
    same = [
        torch.equal(a.output.dense.weight, b.output.dense.weight)
        for a, b in zip(model.bert.encoder.layer, drawn.bert.encoder.layer, strict=True)
    ]
    assert same == [True] * kept + [False] * (2 - kept)
    assert not torch.equal(model.classifier.weight, drawn.classifier.weight)
    assert not torch.equal(model.bert.pooler.dense.weight, drawn.bert.pooler.dense.weight)
    table = torch.equal(model.get_input_embeddings().weight, drawn.get_input_embeddings().weight)
    assert table == (level != "all")
    with pytest.raises(KeyError):
        faithful.randomised(model, "lower half", seed=1)
