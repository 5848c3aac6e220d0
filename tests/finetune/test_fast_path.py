"""What is left out of a step changes nothing that is learnt."""

import pytest
import torch
from torch.nn import functional as F
from transformers import (
    BertForTokenClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
    XLNetConfig,
    XLNetForSequenceClassification,
)

from pyft.finetune import fast_path
from pyft.finetune.batches import collate, labelled, tokenize
from pyft.finetune.fast_path import FastDropout, SparseEmbedding, class_token_only, dropout, sparse_embedding
from pyft.finetune.parameter_groups import decay_groups

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 11}
STILL = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
TEXTS, LABELS = ["good film", "the bad", "a good good film", "bad"], [1, 0, 1, 0]
ABSENT = 10  # "poison", which no text holds


@pytest.fixture
def roberta():
    torch.manual_seed(0)
    return RobertaForSequenceClassification(RobertaConfig(**SIZES, **STILL, pad_token_id=0, max_position_embeddings=64))


def xlnet():
    torch.manual_seed(0)
    return XLNetForSequenceClassification(
        XLNetConfig(vocab_size=11, d_model=32, n_layer=2, n_head=2, d_inner=64, dropout=0.0, pad_token_id=0)
    )


def batch(tokenizer):
    rows = labelled(tokenize(tokenizer, TEXTS, 16), LABELS)
    return rows, collate(rows, tokenizer)


def gradients(model, x):
    model.zero_grad()
    y = x["labels"]
    F.cross_entropy(model(**{k: v for k, v in x.items() if k != "labels"}).logits, y).backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_the_class_token_only_gives_the_same_logits_and_gradients(kind, implementation, tokenizer, tiny_bert, roberta):
    model = tiny_bert(**STILL) if kind == "bert" else roberta
    model.set_attn_implementation(implementation)
    _, x = batch(tokenizer)
    inputs = {k: v for k, v in x.items() if k != "labels"}
    whole, grads = model(**inputs).logits, gradients(model, x)
    seen = []
    layer = model.base_model.encoder.layer[-1]
    layer.output.dense.register_forward_hook(lambda *args: seen.append(args[2].shape))
    with class_token_only(model):
        torch.testing.assert_close(model(**inputs).logits, whole, atol=1e-6, rtol=0)
        few = gradients(model, x)
    assert {shape[1] for shape in seen} == {1}
    assert few.keys() == grads.keys()
    for name, g in grads.items():
        torch.testing.assert_close(few[name], g, atol=1e-6, rtol=1e-4, msg=name)
    assert "forward" not in vars(layer)


def test_the_last_layer_has_its_dropout_while_it_trains_and_none_after(tokenizer, tiny_bert):
    model = tiny_bert(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.5)
    _, x = batch(tokenizer)
    x.pop("labels")
    with class_token_only(model):
        assert not torch.equal(model.train()(**x).logits, model(**x).logits)
        assert torch.equal(model.eval()(**x).logits, model(**x).logits)


def test_the_attention_of_the_last_layer_has_its_own_dropout(tokenizer, tiny_bert):
    model = tiny_bert(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0).train()
    model.bert.encoder.layer[-1].attention.self.dropout.p = 0.5
    _, x = batch(tokenizer)
    x.pop("labels")
    with class_token_only(model):
        assert not torch.equal(model(**x).logits, model(**x).logits)


def test_models_that_need_every_token_are_left_alone(tokenizer, tiny_bert):
    tagger = BertForTokenClassification(tiny_bert().config)
    for model in (tagger, xlnet()):
        with class_token_only(model):
            assert not any("forward" in vars(module) for module in model.modules())


def test_attention_whose_mask_has_another_shape_is_left_alone(tiny_bert):
    model = tiny_bert()
    model.config._attn_implementation_internal = "flash_attention_2"
    assert model.config._attn_implementation == "flash_attention_2"
    with class_token_only(model):
        assert not any("forward" in vars(module) for module in model.modules())


def test_one_within_the_other_ends_with_the_outer(tiny_bert):
    model = tiny_bert()
    layer = model.bert.encoder.layer[-1]
    with class_token_only(model):
        with class_token_only(model):
            pass
        assert "forward" in vars(layer)
    assert "forward" not in vars(layer)


@pytest.mark.parametrize("make", ["bert", "xlnet"])
def test_steps_on_few_words_are_those_on_all(make, tokenizer, tiny_bert):
    """But for the decay of words that no text holds: it is the one thing left out."""
    made = []
    for few in (False, True):
        model = tiny_bert(**STILL) if make == "bert" else xlnet()
        rows, x = batch(tokenizer)
        model.train()
        with sparse_embedding(model, rows if few else []):
            optimizer = torch.optim.AdamW(decay_groups(model, 0.1), lr=1e-3)
            for _ in range(4):
                gradients(model, x)
                optimizer.step()
        made.append(model)
    whole, sparse = (model.get_input_embeddings().weight for model in made)
    assert sparse.shape == whole.shape
    held = sorted({i for row in rows for i in row["input_ids"]})
    torch.testing.assert_close(sparse[held], whole[held], atol=1e-6, rtol=1e-4)
    start = (tiny_bert(**STILL) if make == "bert" else xlnet()).get_input_embeddings().weight
    assert torch.equal(sparse[ABSENT], start[ABSENT])
    assert not torch.equal(whole[ABSENT], start[ABSENT])
    for (name, p), q in zip(made[0].named_parameters(), made[1].parameters(), strict=True):
        if p is not whole:
            torch.testing.assert_close(q, p, atol=1e-5, rtol=1e-3, msg=name)


def test_a_word_that_no_text_holds_can_be_read_in_evaluation(tokenizer, tiny_bert):
    model = tiny_bert().eval()
    rows, _ = batch(tokenizer)
    x = tokenizer("good poison", return_tensors="pt")
    before = model(**x).logits
    with sparse_embedding(model, rows):
        words = model.get_input_embeddings()
        assert torch.equal(model(**x).logits, before)
        with torch.no_grad():
            words.weight.add_(1.0)
        after = model(**x).logits
        assert not torch.equal(after, before)
    assert torch.equal(model(**x).logits, after)


def test_the_padding_learns_nothing(tokenizer, tiny_bert):
    model = tiny_bert()
    rows, x = batch(tokenizer)
    with sparse_embedding(model.train(), rows):
        gradients(model, x)
        words = model.get_input_embeddings()
        assert isinstance(words, SparseEmbedding)
        assert words.weight.grad[words.number[0]].abs().max() == 0
        assert words.weight.grad[words.number[5]].abs().max() > 0


def test_the_row_of_the_padding_has_no_gradient_even_where_no_mask_hides_it():
    whole = torch.nn.Embedding(11, 4, padding_idx=0)
    words = SparseEmbedding(whole, torch.tensor([0, 5, 7])).train()
    words(torch.tensor([[0, 5, 0]])).sum().backward()
    assert words.weight.grad.abs().sum(1).tolist() == [0, 4, 0]


def test_frozen_words_stay_as_they_are(tokenizer, tiny_bert):
    model = tiny_bert()
    model.get_input_embeddings().requires_grad_(False)
    rows, _ = batch(tokenizer)
    with sparse_embedding(model, rows):
        assert not isinstance(model.get_input_embeddings(), SparseEmbedding)


def test_after_an_error_the_model_is_as_it_was(tokenizer, tiny_bert):
    model = tiny_bert()
    rows, _ = batch(tokenizer)
    whole = model.get_input_embeddings()
    with pytest.raises(RuntimeError), fast_path.fast_path(model, rows=rows):
        raise RuntimeError
    assert model.get_input_embeddings() is whole
    assert "forward" not in vars(model.bert.encoder.layer[-1])


# --- dropout ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_drops_its_share_and_keeps_the_mean(p):
    torch.manual_seed(0)
    n = 1_000_003  # no multiple of four
    y = dropout(torch.ones(n), p)
    assert abs((y == 0).float().mean().item() - p) < 4 * (p * (1 - p) / n) ** 0.5
    assert abs(y.mean().item() - 1) < 4 * (p / (1 - p) / n) ** 0.5
    assert y.unique().tolist() == [0, pytest.approx(1 / (1 - p), rel=1e-4)]


def test_what_is_dropped_depends_on_no_neighbour():
    """Four numbers come from one draw of 64 bits: each pair of them is dropped as often as chance has it."""
    torch.manual_seed(0)
    n, p = 400_000, 0.5
    dropped = (dropout(torch.ones(n), p) == 0).double().view(-1, 4)
    far = torch.cat([dropped[1:], dropped[:-1]], 1)  # with those of the draw before
    r = torch.corrcoef(far.T) - torch.eye(8)
    assert r.abs().max() < 4.5 / (n / 4) ** 0.5


def test_the_gradient_of_dropout_flows_through_what_was_kept():
    torch.manual_seed(0)
    x = torch.randn(7, 5, dtype=torch.float64, requires_grad=True)
    y = dropout(x, 0.4)
    y.sum().backward()
    assert y.dtype == torch.float64
    torch.testing.assert_close(x.grad * x.detach(), y.detach())
    assert 0 < (x.grad == 0).sum() < x.numel()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_dropout_keeps_the_type_of_its_numbers(dtype):
    assert dropout(torch.ones(8, dtype=dtype), 0.5).dtype == dtype


def test_dropout_is_that_of_the_seed():
    x, draws = torch.ones(1000), []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        draws.append(dropout(x, 0.1))
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def same(f, g):
    torch.manual_seed(0)
    a = f()
    torch.manual_seed(0)
    return torch.equal(a, g())


def test_within_dropout_is_ours_while_it_trains_and_none_after():
    layer, x = torch.nn.Dropout(0.3), torch.ones(100)
    with FastDropout():
        assert same(lambda: layer(x), lambda: dropout(x, 0.3))
        assert same(lambda: F.dropout(x, p=0.3), lambda: dropout(x, 0.3))
        assert torch.equal(layer.eval()(x), x)
        assert torch.equal(F.dropout(x, 0.0), x)
        assert F.dropout(x, 1.0).abs().max() == 0
        y = torch.ones(100)
        F.dropout(y, 0.3, inplace=True)
        assert 0 < (y == 0).sum() < 100
    assert not same(lambda: layer.train()(x), lambda: dropout(x, 0.3))


@pytest.mark.parametrize("mask", [None, "bool", "float"])
def test_attention_that_drops_is_the_librarys(mask, monkeypatch):
    """Its chances apart: with as good as none the output is the same, and the kept are scaled."""
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 2, 5, 4)  # each (B, h, T, d_k)
    keep = torch.rand(2, 1, 5, 5) > 0.3
    keep[..., 0] = True
    m = {None: None, "bool": keep, "float": torch.zeros(keep.shape).masked_fill(~keep, -torch.inf)}[mask]
    drops = []
    monkeypatch.setattr(fast_path, "dropout", lambda x, p: drops.append(p) or x)
    with FastDropout():
        ours = F.scaled_dot_product_attention(q, k, v, attn_mask=m, dropout_p=0.1, scale=0.3)
        default = F.scaled_dot_product_attention(q, k, v, m, 0.1)
        still = F.scaled_dot_product_attention(q, k, v, attn_mask=m)
        F.scaled_dot_product_attention(q, k, v, dropout_p=0.1, is_causal=True)
    assert drops == [0.1, 0.1]
    torch.testing.assert_close(ours, F.scaled_dot_product_attention(q, k, v, m, scale=0.3))
    torch.testing.assert_close(default, F.scaled_dot_product_attention(q, k, v, m))
    assert torch.equal(still, F.scaled_dot_product_attention(q, k, v, m))


def test_training_drops_by_short_draws_everywhere(tokenizer, tiny_bert):
    """No number is drawn one at a time: neither by the layers, nor by attention, nor in XLNet's."""
    _, x = batch(tokenizer)
    x.pop("labels")
    config = XLNetConfig(vocab_size=11, d_model=32, n_layer=2, n_head=2, d_inner=64, dropout=0.1, pad_token_id=0)
    for model in (
        tiny_bert(hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1),
        XLNetForSequenceClassification(config),
    ):
        with fast_path.fast_path(model.train()), torch.profiler.profile() as found:
            model(**x)
        names = {event.key for event in found.key_averages()}
        assert "aten::random_" in names
        assert not {"aten::bernoulli_", "aten::native_dropout"} & names
