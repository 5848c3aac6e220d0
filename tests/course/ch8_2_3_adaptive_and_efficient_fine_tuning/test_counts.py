"""What each method learns and keeps, by formula and counted."""

import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification

from pyft.course.ch8_2_3_adaptive_and_efficient_fine_tuning import counts, proofs
from pyft.course.ch8_2_3_adaptive_and_efficient_fine_tuning.mutants import code
from pyft.course.ch8_2_3_adaptive_and_efficient_fine_tuning.recipes import METHODS
from pyft.maths import sizes


def small():
    torch.manual_seed(0)
    size = proofs.TINY
    return BertForSequenceClassification(
        BertConfig(
            vocab_size=size.V,
            hidden_size=size.d,
            intermediate_size=size.d_ff,
            num_hidden_layers=size.L,
            num_attention_heads=size.h,
            max_position_embeddings=size.positions,
        )
    )


@pytest.mark.parametrize("name", ["full", "LoRA", "BitFit", "LayerNorm", "head alone"])
def test_activations_are_what_the_formula_says_but_for_indices(name):
    ids = torch.randint(proofs.TINY.V, (6, 16))
    model = proofs.methods(code())[name](small())
    memory = counts.training_memory(model, ids)
    indices = 8 * (ids.numel() + 3 * proofs.TINY.positions)  # ids, positions and segments, of eight bytes
    formula = sizes.activation_bytes(name, 6, 16, proofs.TINY)
    assert formula <= memory.activations <= formula + (indices if name == "full" else 0)
    learns = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert (memory.gradients, memory.moments) == (4 * learns, 8 * learns)
    floor = memory.weights + memory.moments + max(memory.gradients, memory.activations)
    assert floor <= memory.peak  # what is there for certain at one time


def test_every_method_has_a_formula():
    assert all(sizes.own_parameters(name) >= 0 for name in METHODS)
    assert set(METHODS) == set(proofs.methods(code()))
    with pytest.raises(KeyError):
        sizes.own_parameters("none")
