"""The exercises of section 2.1.2: each solution is what a library or the package computes."""

import pytest
import torch

from pyft.exercises import every
from pyft.maths.objectives import masked_lm

EXERCISES = every("2.1.2")


def test_their_names():
    assert list(EXERCISES) == ["2.1.2-a", "2.1.2-b"]


def test_the_corruption_has_the_shares_of_the_packages():
    """Both leave what was not chosen, and of the chosen mask, swap and keep the same shares."""
    ids, g = torch.full((200, 100), 7), torch.Generator().manual_seed(0)
    special = torch.zeros_like(ids).bool()
    _, labels = masked_lm(ids, special, 4, 50, 0.5, g)
    chosen, u = labels != -100, torch.rand(ids.shape, generator=g)
    words = torch.randint(50, ids.shape, generator=g)
    inputs, y = EXERCISES["2.1.2-a"].solution(ids, chosen, u, words, 4)
    assert torch.equal(y, labels)
    theirs, _ = masked_lm(ids, special, 4, 50, 0.5, g)
    for token in (4, 7):
        ours, other = ((x == token).float().mean().item() for x in (inputs, theirs))
        assert abs(ours - other) < 0.02


@pytest.mark.parametrize("copies", [1, 3, 20])
def test_as_much_is_asked_for_as_the_package_draws(copies):
    p, readings = 0.3, 6
    ids, g = torch.full((200, 50), 7), torch.Generator().manual_seed(0)
    special = torch.zeros_like(ids).bool()
    drawn = [masked_lm(ids, special, 4, 50, p, g)[1] != -100 for _ in range(max(copies, readings))]
    static, dynamic = EXERCISES["2.1.2-b"].solution(p, copies, readings)
    seen = torch.stack([drawn[i % copies] for i in range(readings)]).any(0).float().mean().item()
    assert abs(seen - static) < 0.02
    assert abs(torch.stack(drawn[:readings]).any(0).float().mean().item() - dynamic) < 0.02
