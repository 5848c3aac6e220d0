"""The exercises on transfer and fine-tuning: each solution is what a library or the package computes."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from transformers import BertConfig, BertForSequenceClassification

from pyft.exercises import every
from pyft.models.features import features
from pyft.models.surgery import freeze, num_trainable

TRANSFER = every("2.2") | every("2.3")


def test_there_are_three_exercises_a_page():
    assert list(TRANSFER) == [f"{page}-{letter}" for page in ("2.2", "2.3") for letter in "abc"]


# --- the libraries' answers -------------------------------------------------------------------------------------------


def mean_of_tokens(h, mask):
    rows = [row[real.bool()].mean(0) for row, real in zip(h, mask, strict=True)]
    return torch.stack(rows)


def labels_needed(n, accuracy, goal):
    """NumPy's interpolation of the logarithm, on the two points about the first that reaches the goal."""
    reached = np.flatnonzero(accuracy.numpy() >= goal)
    if not len(reached):
        return np.inf
    near = slice(max(reached[0] - 1, 0), reached[0] + 1)
    return np.exp(np.interp(goal, accuracy.numpy()[near], np.log(n.numpy()[near])))


def trained_parameters(L, k, d, f, K):
    config = BertConfig(
        vocab_size=5, hidden_size=d, num_hidden_layers=L, num_attention_heads=1, intermediate_size=f, num_labels=K
    )
    with torch.device("meta"):
        return num_trainable(freeze(BertForSequenceClassification(config), k))


def layer_rates(lr, L, factor):
    rates = [lr]
    while len(rates) < L:
        rates.insert(0, rates[0] / factor)
    return rates


LIBRARY = {
    "2.2-a": mean_of_tokens,
    "2.2-b": labels_needed,
    "2.2-c": lambda a, b: jensenshannon(a.numpy(), b.numpy(), base=2) ** 2,
    "2.3-a": trained_parameters,
    "2.3-c": layer_rates,
}


@pytest.mark.parametrize("name", LIBRARY)
def test_what_a_library_computes_is_right(name, said):
    assert said(name, LIBRARY[name]) == "solved"


def test_the_mean_of_tokens_is_how_features_are_made(tokenizer, tiny_bert):
    model, texts = tiny_bert().eval(), ["a good film", "bad"]
    x = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.inference_mode():
        h = model.base_model(**x).last_hidden_state
    pooled = TRANSFER["2.2-a"].solution(h, x["attention_mask"])
    np.testing.assert_allclose(features(model, tokenizer, texts), pooled, atol=1e-6)


def test_the_cost_of_a_step_is_what_torch_counts():
    """Products of a step on a stack of square layers, counted by torch, with and without the lowest ones."""
    from torch import nn
    from torch.utils.flop_counter import FlopCounterMode

    def counted(L, k):
        net = nn.Sequential(*(nn.Linear(4, 4) for _ in range(L)))
        for layer in net[:k]:
            layer.requires_grad_(False)
        x = torch.ones(2, 4, requires_grad=k == 0)  # what lies below the lowest trained layer asks for a gradient, too
        with FlopCounterMode(display=False) as counter:
            net(x).sum().backward()
        return counter.get_total_flops()

    solution = TRANSFER["2.3-b"].solution
    assert counted(6, 0) == 6 * counted(1, 1 - 1)
    # the lowest trained layer above frozen ones needs no gradient of its inputs: one product of 3 L less
    assert counted(6, 4) / counted(6, 0) == pytest.approx(solution(6, 4) - 1 / 18)
