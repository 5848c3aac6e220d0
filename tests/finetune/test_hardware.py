"""Precision and memory, on hardware that is only told of; what autograd keeps is measured on this machine."""

import math
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
    XLNetConfig,
    XLNetForSequenceClassification,
)

from pyft.errors import PyftError
from pyft.finetune import hardware

CPU, GPU = torch.device("cpu"), torch.device("cuda")
BERT_BASE = SimpleNamespace(num_hidden_layers=12, hidden_size=768, num_attention_heads=12)


@pytest.fixture
def gpu(monkeypatch):
    """A function that makes torch tell of a GPU of that compute capability, with so many bytes free."""

    def tell(capability=(8, 0), free=0, reserved=0, allocated=0):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda where: capability)
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda where: (free, 80e9))
        monkeypatch.setattr(torch.cuda, "memory_reserved", lambda where: reserved)
        monkeypatch.setattr(torch.cuda, "memory_allocated", lambda where: allocated)

    return tell


# --- which device -----------------------------------------------------------------------------------------------------


def test_the_gpu_of_an_apple_is_not_used(monkeypatch):
    """It has no float64, in which proofs compare; bands were measured on the CPU."""
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_built", lambda: True)
    monkeypatch.setattr("accelerate.state.is_mps_available", lambda *_: True)
    assert hardware.device() == hardware.make_accelerator().device == CPU


# --- precision --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "capability,dtype,scaled",
    [
        ((7, 0), torch.float16, True),  # V100
        ((7, 5), torch.float16, True),  # T4
        ((8, 0), torch.bfloat16, False),  # A100
        ((8, 9), torch.bfloat16, False),  # L4
        ((9, 0), torch.bfloat16, False),  # H100
    ],
)
def test_the_gpu_decides_between_the_two_halves_and_only_float16_is_scaled(gpu, monkeypatch, capability, dtype, scaled):
    gpu(capability)
    assert hardware.precision(GPU) is dtype
    asked = {}
    monkeypatch.setattr(torch, "autocast", lambda *args, **options: asked.update(args=args, **options))
    hardware.autocast(GPU)
    assert asked == {"args": ("cuda",), "dtype": dtype}
    monkeypatch.setattr(hardware, "Accelerator", lambda **options: options["mixed_precision"])
    monkeypatch.setattr(hardware, "shared", lambda: SimpleNamespace(device=GPU))
    assert hardware.make_accelerator() == ("fp16" if scaled else "bf16")  # of the two it scales fp16 alone


def test_the_cpu_computes_in_float32_and_nothing_is_cast_or_scaled():
    assert hardware.precision(CPU) is torch.float32
    a, b = torch.randn(3, 4), torch.randn(4, 3)
    with hardware.autocast(CPU):
        assert not torch.is_autocast_enabled("cpu")
        assert torch.equal(a @ b, torch.matmul(a, b))
    accelerator = hardware.make_accelerator()
    assert (accelerator.device, accelerator.mixed_precision, accelerator.scaler) == (CPU, "no", None)
    with accelerator.autocast():
        assert not torch.is_autocast_enabled("cpu")


# --- memory -----------------------------------------------------------------------------------------------------------


def kept(model, T):
    """Bytes that autograd keeps of one text of T tokens in half precision, without weights and their copies."""
    found, weights = {}, {tuple(sorted(p.shape)) for p in model.parameters() if p.ndim > 1}

    def note(tensor):
        if tuple(sorted(tensor.shape)) not in weights:
            storage = tensor.untyped_storage()
            found[storage.data_ptr()] = storage.nbytes(), tensor  # held, so that no address is given twice
        return tensor

    B = 3
    hooks = torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor)
    with hooks, torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(input_ids=torch.full((B, T), 5), attention_mask=torch.ones(B, T, dtype=torch.long)).logits
        F.cross_entropy(logits, torch.zeros(B, dtype=torch.long))
    return sum(size for size, _ in found.values()) / B


SIZES = {"hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 512}


def model_of(family):
    if family == "xlnet":
        return XLNetForSequenceClassification(XLNetConfig(d_model=128, n_layer=2, n_head=4, d_inner=512, vocab_size=9))
    config, model = {
        "bert": (BertConfig, BertForSequenceClassification),
        "roberta": (RobertaConfig, RobertaForSequenceClassification),
    }[family]
    return model(config(**SIZES, vocab_size=9, max_position_embeddings=300))


@pytest.mark.parametrize("family", ["bert", "roberta", "xlnet"])
@pytest.mark.parametrize("T", [32, 128])
def test_what_autograd_keeps_is_below_the_estimate_and_above_half_of_it(family, T):
    model = model_of(family).train()
    assert 0.5 < kept(model, T) / hardware.activations(model.config, T) <= 1


def test_the_estimate_for_bert_base_by_hand():
    """12 · 128 · (34 · 768 + 5 · 12 · 128) = 51,904,512 bytes in sixteen bits throughout."""
    assert hardware.activations(BERT_BASE, 128) == hardware.KEPT * 51_904_512


def test_the_budget_is_what_is_free_less_gradients_moments_and_copies(gpu):
    model = torch.nn.Linear(100, 10)  # 1,010 parameters
    model.bias.requires_grad_(False)
    gpu(free=1_000_000, reserved=300_000, allocated=100_000)
    assert hardware.activation_budget(model, GPU) == pytest.approx(0.9 * 1_200_000 - 14 * 1000)
    assert hardware.activation_budget(model, CPU) == math.inf


def test_a_batch_that_fits_is_one_part_and_on_the_cpu_every_batch_does():
    batch = list(range(32))
    assert hardware.parts(batch, 512, BERT_BASE, math.inf) == [batch]
    assert hardware.parts(batch, 128, BERT_BASE, 32 * hardware.activations(BERT_BASE, 128)) == [batch]


def test_a_t4_takes_a_batch_of_long_texts_in_three_parts_and_of_short_ones_whole():
    batch, space = list(range(32)), 0.9 * 14.5e9 - 14 * 110e6
    assert [len(part) for part in hardware.parts(batch, 512, BERT_BASE, space)] == [11, 11, 10]
    assert hardware.parts(batch, 128, BERT_BASE, space) == [batch]


@given(st.integers(1, 70), st.integers(1, 80))
def test_parts_are_the_batch_in_order_none_too_big_and_no_more_than_needed(n, fit):
    batch = list(range(n))
    made = hardware.parts(batch, 64, BERT_BASE, (fit + 0.5) * hardware.activations(BERT_BASE, 64))
    assert [i for part in made for i in part] == batch
    assert all(1 <= len(part) <= fit for part in made)
    assert len(made) == math.ceil(n / fit)


def test_a_text_that_does_not_fit_is_refused_with_what_to_do():
    with pytest.raises(PyftError, match=r"512 tokens needs about 0\.87 GB .* found 0\.50 GB free .* max_length"):
        hardware.parts([0], 512, BERT_BASE, 0.5e9)
    with pytest.raises(PyftError, match=r"found 0\.00 GB"):
        hardware.parts([0], 512, BERT_BASE, -1e9)
