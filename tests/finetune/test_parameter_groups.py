"""Which weights decay, at which rate each layer learns, and when."""

from dataclasses import replace

import pytest
import torch
from training import RECIPE, SHORT, film, watched_rates
from transformers import XLNetConfig, XLNetForSequenceClassification

from pyft import finetune
from pyft.errors import PyftError
from pyft.finetune.loop import fine_tune
from pyft.finetune.parameter_groups import decay_groups, split_groups
from pyft.finetune.schedule import lr_factor, set_lr
from pyft.models.loading import digest

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")


def test_the_rate_rises_to_the_recipes_and_no_step_is_wasted(tokenizer, tiny_bert, monkeypatch):
    rates = watched_rates(monkeypatch)
    fine_tune(tiny_bert(), tokenizer, film(40), film(10), replace(RECIPE, epochs=4, warmup=0.2))
    assert len(rates) == 20
    assert min(rates) > 0
    assert rates.index(max(rates)) == 3
    assert max(rates) == pytest.approx(RECIPE.lr)
    assert rates[4:] == sorted(rates[4:], reverse=True)


def test_the_rate_starts_above_zero_so_one_step_moves_the_weights(tokenizer, tiny_bert):
    model = tiny_bert()
    before = digest(model)
    fine_tune(model, tokenizer, film(4), film(2), SHORT)
    assert digest(model) != before


@pytest.mark.parametrize("schedule", finetune.SCHEDULES)
def test_rates_follow_the_schedule(schedule, tokenizer, tiny_bert, monkeypatch):
    rates = watched_rates(monkeypatch)
    recipe = replace(SHORT, schedule=schedule, warmup=0.4)
    fine_tune(tiny_bert(), tokenizer, film(20), film(4), recipe)
    assert rates == [SHORT.lr * finetune.SCHEDULES[schedule](t + 1, 6, 2) for t in range(5)]


def test_an_unknown_schedule_is_named(tokenizer, tiny_bert):
    with pytest.raises(PyftError, match="unknown schedule 'lineal'"):
        fine_tune(tiny_bert(), tokenizer, film(8), film(4), replace(SHORT, schedule="lineal"))


def test_every_trainable_weight_is_in_one_group_and_biases_and_gains_do_not_decay(tiny_bert):
    model = tiny_bert()
    model.bert.pooler.requires_grad_(False)
    decaying, other = decay_groups(model, weight_decay=0.01)
    assert (decaying["weight_decay"], other["weight_decay"]) == (0.01, 0.0)
    grouped = [id(p) for p in decaying["params"] + other["params"]]
    assert len(grouped) == len(set(grouped))
    names = {id(p): name for name, p in model.named_parameters() if p.requires_grad}
    assert set(grouped) == set(names)
    assert {names[id(p)] for p in other["params"]} == {
        name for name in names.values() if name.endswith("bias") or "LayerNorm" in name
    }


def test_biases_decay_if_asked_to(tiny_bert):
    decays = {group["weight_decay"] for group in finetune.groups(tiny_bert(), replace(SHORT, decay_biases=True))}
    assert decays == {SHORT.weight_decay}


def test_rates_fall_from_layer_to_layer(tiny_bert):
    model = tiny_bert()
    rates = {}
    for group in finetune.groups(model, replace(SHORT, layer_decay=0.5)):
        rates |= {id(p): group["peak"] for p in group["params"]}
        assert group["weight_decay"] == (0.01 if group["params"][0].ndim > 1 else 0.0)
    named = {name: rates[id(p)] / SHORT.lr for name, p in model.named_parameters()}
    assert named["classifier.weight"] == named["bert.pooler.dense.bias"] == 1
    assert named["bert.encoder.layer.1.output.dense.weight"] == 0.5
    assert named["bert.encoder.layer.0.attention.self.query.bias"] == 0.25
    assert named["bert.embeddings.word_embeddings.weight"] == named["bert.embeddings.LayerNorm.bias"] == 0.125
    assert {group["peak"] for group in finetune.groups(model, SHORT)} == {SHORT.lr}


def test_depth_is_read_from_every_architecture(tiny_bert):
    model = XLNetForSequenceClassification(XLNetConfig(vocab_size=11, d_model=32, n_layer=3, n_head=2, d_inner=64))
    depth = finetune.depths(model)
    found = {name: depth[p] for name, p in model.named_parameters()}
    assert found["transformer.word_embedding.weight"] == 4
    assert found["transformer.layer.0.rel_attn.q"] == 3
    assert found["transformer.layer.2.ff.layer_1.weight"] == 1
    assert found["sequence_summary.summary.weight"] == found["logits_proj.bias"] == 0


def test_groups_are_split_by_a_key_and_keep_their_options():
    p, q, r = (torch.nn.Parameter(torch.zeros(n)) for n in (1, 2, 3))
    made = list(split_groups([{"params": [p, q], "x": 1}, {"params": [r], "x": 2}], lambda p: len(p) % 2))
    assert [(k, group["x"]) for k, group in made] == [(0, 1), (1, 1), (1, 2)]
    assert [[len(p) for p in group["params"]] for _, group in made] == [[2], [1], [3]]


@pytest.mark.parametrize("schedule", finetune.SCHEDULES)
def test_what_begins_later_rests_and_then_takes_the_schedule_of_the_steps_that_are_left(schedule):
    recipe = replace(SHORT, schedule=schedule, warmup=0.2)
    whole = [lr_factor(recipe, t, 10) for t in range(10)]
    late = [lr_factor(recipe, t, 10, begin=4) for t in range(10)]
    assert late[:4] == [0.0] * 4
    assert late[4:] == [finetune.SCHEDULES[schedule](t + 1, 7, 2) for t in range(6)]
    assert late != whole


def test_each_group_has_its_peak_times_the_factor():
    first, late = ({"params": [torch.nn.Parameter(torch.zeros(1))], "peak": peak} for peak in (2.0, 3.0))
    optimizer = torch.optim.AdamW([first, late | {"begin": 3}])
    for t, begun in ((2, 0.0), (3, 1.0)):
        set_lr(optimizer, SHORT, t, 5)
        rates = [group["lr"] for group in optimizer.param_groups]
        assert rates == [2.0 * lr_factor(SHORT, t, 5), 3.0 * begun * lr_factor(SHORT, t, 5, 3)]
        assert (rates[1] > 0) is bool(begun)
