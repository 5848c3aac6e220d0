"""The exercises of Part 2: each solution is what a library or the package computes."""

import torch

from pyft.exercises import every
from pyft.maths.objectives import masked_lm, partly_visible, permutation_lm

PART_2 = every("2.1")

NAMES = [f"2.1-{letter}" for letter in "abc"]


def test_there_are_three_exercises_a_page():
    assert list(PART_2) == NAMES


# --- the package's answers --------------------------------------------------------------------------------------------


def test_the_corruption_has_the_shares_of_the_packages():
    """Both leave what was not chosen, and of the chosen mask, swap and keep the same shares."""
    ids, g = torch.full((200, 100), 7), torch.Generator().manual_seed(0)
    special = torch.zeros_like(ids).bool()
    _, labels = masked_lm(ids, special, 4, 50, 0.5, g)
    chosen, u = labels != -100, torch.rand(ids.shape, generator=g)
    words = torch.randint(50, ids.shape, generator=g)
    inputs, y = PART_2["2.1-a"].solution(ids, chosen, u, words, 4)
    assert torch.equal(y, labels)
    theirs, _ = masked_lm(ids, special, 4, 50, 0.5, g)
    for token in (4, 7):
        ours, other = ((x == token).float().mean().item() for x in (inputs, theirs))
        assert abs(ours - other) < 0.02


def test_the_partial_mask_is_the_packages(said):
    assert said("2.1-b", lambda order, chosen: partly_visible(order[None], chosen[None])[0]) == "solved"


def test_the_targets_are_about_as_many_as_the_package_draws():
    T, texts, p, K = 96, 300, 0.15, 6
    ids, g = torch.full((texts, T), 7), torch.Generator().manual_seed(0)
    special = torch.zeros_like(ids).bool()
    counts = PART_2["2.1-c"].solution(T, texts, p, K)
    drawn = (
        (masked_lm(ids, special, 4, 50, p, g)[1] != -100).sum(),
        (permutation_lm(ids, special, K, generator=g).labels != -100).sum(),
    )
    for count, found in zip(counts, drawn, strict=False):
        assert abs(count / found.item() - 1) < 0.06
    assert counts[2] == texts * (T - 1)
