"""Distillation and early exit: the loss is the library's, and a text leaves where it should."""

import pytest
import torch
from torch.nn import functional as F

from pyft.course.ch9_5_accuracy_against_cost import shortcuts


@pytest.mark.parametrize("tau", [1.0, 2.0, 5.0])
def test_the_loss_is_the_librarys_divergence_and_cross_entropy(tau):
    z, teacher, y = torch.randn(6, 3), torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    kl = F.kl_div((z / tau).log_softmax(-1), (teacher / tau).log_softmax(-1), reduction="batchmean", log_target=True)
    for alpha in (0.0, 0.3, 1.0):
        wanted = alpha * tau**2 * kl + (1 - alpha) * F.cross_entropy(z, y)
        torch.testing.assert_close(shortcuts.distillation_loss(z, teacher, y, tau, alpha), wanted)


def test_a_teacher_that_is_certain_gives_a_number():
    teacher, y = torch.tensor([[200.0, -200.0]]), torch.tensor([0])
    loss = shortcuts.distillation_loss(torch.zeros(1, 2), teacher, y, tau=1.0, alpha=1.0)
    assert loss.item() == pytest.approx(0.6931, abs=1e-4)


def test_a_text_leaves_at_the_first_exit_that_is_sure_or_at_the_last():
    confidence = torch.tensor([[0.95, 0.6, 0.7], [0.5, 0.9, 0.8], [0.9, 0.95, 0.6]])
    assert shortcuts.exits(confidence, 0.9).tolist() == [0, 1, 2]
    assert shortcuts.exits(confidence, 0.0).tolist() == [0, 0, 0]
    assert shortcuts.exits(confidence, 2.0).tolist() == [2, 2, 2]
    assert confidence[-1, 2] == pytest.approx(0.6)  # the argument is as it was
    assert shortcuts.mean_layers(torch.tensor([0, 1, 2]), torch.tensor([2, 4, 6])) == 4.0
    assert shortcuts.mean_layers(torch.tensor([0, 0, 2]), torch.tensor([1, 4, 6])) == pytest.approx(8 / 3)


def test_half_the_layers_are_every_second_one(tiny_bert):
    model = tiny_bert(num_labels=2)
    first, _ = model.bert.encoder.layer
    half = shortcuts.every_second_layer(model)
    assert list(half.bert.encoder.layer) == [first] and half.config.num_hidden_layers == 1
    assert half(torch.tensor([[2, 5, 3]])).logits.shape == (1, 2)


def test_every_exit_reads_the_class_token_of_its_layer(tiny_bert):
    model = shortcuts.add_exits(tiny_bert(), (1,)).eval()
    x = {"input_ids": torch.tensor([[2, 5, 3], [2, 6, 3]]), "labels": torch.tensor([0, 1])}
    z = shortcuts.exit_logits(model, x)
    assert z.shape == (2, 2, 2) and z.requires_grad
    read = {"input_ids": x["input_ids"]}
    torch.testing.assert_close(z[-1], model(**read).logits)
    h = model.bert.encoder.layer[0](model.bert.embeddings(x["input_ids"]))
    h = h[0] if isinstance(h, tuple) else h
    torch.testing.assert_close(z[0], model.exit_heads[0](h[:, 0]))
