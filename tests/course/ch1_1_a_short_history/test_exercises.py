"""The exercises of section 1.1: each solution is what the package computes."""

import torch

from pyft.course.part1.counts import KneserNey
from pyft.course.part1.networks import FeedForward
from pyft.exercises import every

EXERCISES = every("1.1")


def test_there_are_two():
    assert list(EXERCISES) == ["1.1-a", "1.1-b"]


def test_the_table_is_that_of_the_counts():
    """Of texts in which every sign, the end too, follows some other: the page's class, without its last resort."""
    model = KneserNey(["abacabbcc", "bcacb", "ccab"], 2, "abc")
    signs = ["^", *model.signs]
    counts = torch.tensor([[float(model.after[before][sign]) for sign in signs] for before in signs[:-1]])
    model.D[0] = 0.0
    ours = EXERCISES["1.1-a"].solution(counts[:, 1:], model.D[1])
    theirs = torch.tensor([[model.p(sign, before) for sign in signs[1:]] for before in signs[:-1]])
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_the_windows_are_what_the_network_reads():
    torch.manual_seed(0)
    net = FeedForward(9, n=3, d=2, d_h=4, dropout=0.0)
    x = torch.tensor([[1, 5, 2, 8, 3]])
    read = EXERCISES["1.1-b"].solution(net.vectors(x)[0], 3)  # (T, n d), sign by sign
    shuffled = read.unflatten(1, (3, 2)).transpose(1, 2).flatten(1)  # the network has number by number
    assert torch.allclose(net.out(torch.tanh(net.hidden(shuffled))), net(x)[0], atol=1e-6)
