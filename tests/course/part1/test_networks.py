"""Small networks: none sees what it is asked for, each learns, and the budget is kept."""

import math

import pytest
import torch
from torch import nn

from pyft.course.part1 import letters, networks
from pyft.course.part1.networks import FeedForward, Recurrent, Training, Transformer
from pyft.maths.objectives import IGNORED

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")

NETWORKS = {
    "feed-forward": lambda: FeedForward(letters.V, n=3, d=6, d_h=12, dropout=0.0),
    "recurrent": lambda: Recurrent(letters.V, d=6, d_h=12, dropout=0.0),
    "transformer": lambda: Transformer(letters.V, d=8, h=2, L=1, max_length=40, dropout=0.0),
}
every_network = pytest.mark.parametrize("name", NETWORKS)


@every_network
def test_it_reads_what_stands_before_and_nothing_else(name):
    torch.manual_seed(0)
    net = NETWORKS[name]().eval()
    x = torch.randint(1, letters.V, (2, 9))
    other = x.clone()
    other[:, 4] = other[:, 4] % (letters.V - 1) + 1
    before, after = (net(letters.read_before(ids)) for ids in (x, other))
    moved = (before != after).any(-1).any(0).tolist()  # by place
    assert moved[:5] == [False] * 5 and moved[5]
    assert sum(moved) == (3 if name == "feed-forward" else 4)


@every_network
def test_padding_changes_nothing(name):
    torch.manual_seed(0)
    net = NETWORKS[name]().eval()
    alone = networks.bits(net, ["a film"])[0]
    assert networks.bits(net, ["a much longer text", "a film"])[1] == pytest.approx(alone, rel=1e-5)


@every_network
def test_it_learns_and_the_same_seed_learns_the_same(name):
    texts = ["the cat", "the rat", "the hat"]

    def after(budget):
        torch.manual_seed(1)
        net = NETWORKS[name]()
        read = networks.train(net, texts, budget, Training(lr=1e-2, batch_size=2), seed=0)
        return sum(networks.bits(net, texts)), read

    each = networks.operations(NETWORKS[name](), 8)
    few, read = after(1)  # one batch
    assert read == 16
    learnt, read = after(each * 4000)
    assert 4000 <= read < 4016
    assert learnt < few / 4
    assert after(each * 100) == after(each * 100)


def test_bits_are_of_the_whole_text_with_its_end():
    class Fair(nn.Module):
        def forward(self, x):
            return torch.zeros(*x.shape, letters.V)

    assert networks.bits(Fair(), ["abc", ""]) == pytest.approx([4 * math.log2(28), math.log2(28)])
    assert networks.loss(Fair(), torch.tensor([[3, 0, IGNORED]])).item() == pytest.approx(2 * math.log(28))


def test_operations_are_six_for_each_weight_that_multiplies():
    net = FeedForward(10, n=3, d=4, d_h=5, dropout=0.0)
    assert networks.operations(net, 7) == 6 * (3 * 4 * 5 + 5 * 10)
    lstm = Recurrent(10, d=4, d_h=5, dropout=0.0)
    assert networks.operations(lstm, 7) == 6 * (4 * 5 * (4 + 5) + 5 * 10)
    transformer = Transformer(10, d=4, h=2, L=2, max_length=9, dropout=0.0)
    assert networks.operations(transformer, 7) == 6 * (2 * 12 * 4**2 + 4 * 10) + 12 * 7 * 2 * 4
