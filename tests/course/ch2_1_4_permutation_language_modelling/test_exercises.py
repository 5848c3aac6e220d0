"""The exercises of section 2.1.4: each solution is what a library or the package computes."""

import torch

from pyft.exercises import every
from pyft.maths.objectives import masked_lm, partly_visible, permutation_lm

EXERCISES = every("2.1.4")


def test_the_partial_mask_is_the_packages(said):
    assert said("2.1.4-a", lambda order, chosen: partly_visible(order[None], chosen[None])[0]) == "solved"


def test_the_targets_are_about_as_many_as_the_package_draws():
    T, texts, p, K = 96, 300, 0.15, 6
    ids, g = torch.full((texts, T), 7), torch.Generator().manual_seed(0)
    special = torch.zeros_like(ids).bool()
    counts = EXERCISES["2.1.4-b"].solution(T, texts, p, K)
    drawn = (
        (masked_lm(ids, special, 4, 50, p, g)[1] != -100).sum(),
        (permutation_lm(ids, special, K, generator=g).labels != -100).sum(),
    )
    for count, found in zip(counts, drawn, strict=False):
        assert abs(count / found.item() - 1) < 0.06
    assert counts[2] == texts * (T - 1)
