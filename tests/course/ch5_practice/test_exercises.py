"""The solutions of the opening of part 5 are right by torch itself, not only by our own word."""

import pytest
import torch

from pyft.course.ch5_practice.exercises import clipped, loss_and_accuracy
from pyft.exercises import every

EXERCISES = every("5")


def test_the_number_of_a_part_does_not_reach_its_sections():
    assert list(EXERCISES) == ["5-a", "5-b"]


@pytest.mark.parametrize("case", EXERCISES["5-b"].cases, ids=range(len(EXERCISES["5-b"].cases)))
def test_clipping_is_torchs(case):
    g, max_norm = case
    theta = torch.zeros_like(g, requires_grad=True)
    theta.grad = g.clone()
    torch.nn.utils.clip_grad_norm_([theta], max_norm)
    torch.testing.assert_close(clipped(g, max_norm), theta.grad, atol=1e-5, rtol=0)


def test_loss_and_accuracy_are_torchs():
    z, y = torch.tensor([[2.0, 0.0], [0.0, 1.0], [3.0, 1.0]]), torch.tensor([0, 1, 1])
    loss, accuracy = loss_and_accuracy(z, y)
    torch.testing.assert_close(loss, torch.nn.NLLLoss()(z.log_softmax(-1), y))
    assert accuracy == pytest.approx(2 / 3)
