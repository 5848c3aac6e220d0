"""What only a GPU can show; skipped without one."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from training import LONG, Killed, film, killed_at
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    RobertaConfig,
    XLNetConfig,
)

from pyft.evaluation import attribution
from pyft.finetune import hardware
from pyft.finetune.hardware import activation_budget, activations, autocast, device, make_accelerator
from pyft.finetune.loop import fine_tune, set_seed, task_loss
from pyft.finetune.prediction import predict
from pyft.models.loading import digest

pytestmark = [
    pytest.mark.usefixtures("same_torch_afterwards"),
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"),
]


@pytest.fixture(params=["bfloat16", "float16"])
def precision(request, monkeypatch):
    """Newer GPUs compute with the one, older ones (T4) with the other; any can be asked for the second."""
    monkeypatch.setattr(hardware, "precision", lambda where: getattr(torch, request.param))


@pytest.fixture(params=["bert", "roberta", "xlnet"])
def tiny(request):
    """A function that makes a small model of each architecture; the same for the same state of the generators."""
    size = {"num_hidden_layers": 2, "hidden_size": 32, "num_attention_heads": 2, "vocab_size": 11}
    config = {
        "bert": BertConfig(**size, intermediate_size=64, max_position_embeddings=128),
        "roberta": RobertaConfig(**size, intermediate_size=64, max_position_embeddings=128, pad_token_id=0),
        "xlnet": XLNetConfig(vocab_size=11, d_model=32, n_layer=2, n_head=2, d_inner=64, pad_token_id=0),
    }[request.param]
    return partial(AutoModelForSequenceClassification.from_config, config)


def run(tiny, tokenizer, seed, *more, **options):
    set_seed(seed)
    model = tiny()
    return model, fine_tune(model, tokenizer, film(20), film(4), LONG, seed, *more, **options)


def test_float16_alone_is_scaled_and_both_are_cast(precision, request):
    accelerator = make_accelerator()
    half = request.node.callspec.params["precision"]
    assert accelerator.device.type == "cuda"
    assert (accelerator.scaler is not None) is (half == "float16")
    a = torch.randn(3, 3, device=accelerator.device)
    with accelerator.autocast():
        assert (a @ a).dtype is getattr(torch, half)


def test_the_same_seed_gives_the_same_bits_and_another_others(precision, tiny, tokenizer):
    (a, of_a), (b, of_b), (c, of_c) = (run(tiny, tokenizer, seed) for seed in (0, 0, 1))
    assert next(a.parameters()).device.type == "cuda"
    assert (digest(a), of_a) == (digest(b), of_b)
    assert digest(a) != digest(c) and of_a != of_c


@pytest.mark.parametrize("step", [3, 7])
def test_killed_the_run_goes_on_to_the_same_bits(precision, step, tiny, tokenizer, tmp_path):
    whole, history = run(tiny, tokenizer, 1)
    with pytest.raises(Killed):
        run(tiny, tokenizer, 1, tmp_path, before=killed_at(step))
    torch.manual_seed(99)  # another process has other random numbers
    model, again = run(tiny, tokenizer, 1, tmp_path)
    assert (digest(model), again) == (digest(whole), history)


def test_losses_and_logits_are_near_those_of_the_cpu(precision, tiny_bert, tokenizer, monkeypatch):
    recipe = replace(LONG, lr=3e-3)  # at a higher rate fifteen steps of half precision lead elsewhere

    def run():
        model = tiny_bert(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        losses = fine_tune(model, tokenizer, film(20), film(4), recipe).losses
        return losses, predict(model, tokenizer, film(9)["text"])

    losses, logits = run()
    monkeypatch.undo()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    exact, logits_exact = run()
    assert losses == pytest.approx(exact, abs=0.02) and losses != exact
    torch.testing.assert_close(logits, logits_exact, atol=0.08, rtol=0)


def test_the_loss_of_half_precision_logits_is_not_rounded_to_it(precision, tiny_bert, tokenizer):
    """It is float32's; of half-precision logits torch would make log-probabilities of half precision."""
    model = tiny_bert().to(device()).eval()
    x = {k: v.to(device()) for k, v in tokenizer(["good film", "bad"], padding=True, return_tensors="pt").items()}
    y = torch.tensor([1, 0], device=device())
    with autocast(device()):
        z = model(**x).logits
        loss = task_loss(model, x | {"labels": y})
    assert z.dtype != torch.float32
    exact = torch.nn.functional.cross_entropy(z.double(), y)
    assert loss.item() == pytest.approx(exact.item(), abs=1e-6)


def test_attributions_are_those_of_the_cpu(tiny_bert, tokenizer):
    model, text = tiny_bert(), "the good film"
    found = []
    for where in ("cpu", device()):
        model.to(where)
        found.append(
            attribution.integrated_gradients(model, tokenizer, text, label=1).scores
            + attribution.attention(model, tokenizer, text).scores
        )
    assert found[1] == pytest.approx(found[0], abs=1e-3)


@pytest.mark.parametrize("config", [BertConfig, RobertaConfig, XLNetConfig])
def test_a_text_takes_no_more_memory_than_is_reckoned_with(config):
    """A model of twelve layers, the size of BERT-base: memory that a batch holds between forward and backward."""
    model = AutoModelForSequenceClassification.from_config(config()).to(device()).train()
    B, T = 8, 128
    x = torch.randint(5, 1000, (B, T), device=device())
    held = []
    for _ in range(2):  # the first also fills autocast's cache of weights, which `activation_budget` sets aside
        before = torch.cuda.memory_allocated()
        with autocast(device()):
            loss = model(input_ids=x, attention_mask=torch.ones_like(x)).logits.float().sum()
            held.append(torch.cuda.memory_allocated() - before)
        loss.backward()
        model.zero_grad()
    reckoned = B * activations(model.config, T) + 2 * sum(p.numel() for p in model.parameters())
    assert 0.25 * reckoned < held[-1] < reckoned
    assert activation_budget(model, device()) > 0
