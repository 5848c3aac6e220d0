"""Shares of variance and the best of a few tries, by hand and proven; each proof sees a broken line."""

import numpy as np
import pytest

from pyft.course.ch9_2_hyper_parameters import importance, proofs
from pyft.evidence.proofs import check_equal
from pyft.mutation import broken_copy

FAMILIES = (proofs.parts_of_variance, proofs.best_of_draws)
MISTAKES = {
    "overlapping effects": ("if set(T) < set(S)]", "if set(T) < set()]"),
    "a sum for a mean": ("float(np.square(f).mean())", "float(np.square(f).sum())"),
    "the whole mean counts": ("for S, f in effects.items() if S}", "for S, f in effects.items()}"),
    "with replacement": ("comb(i - 1, n - 1) / comb(N, n)", "(i**n - (i - 1) ** n) / N**n"),
    "the best first": ("(validation[i], -i))", "(-validation[i], i))"),
    "of equal ones the last": ("(validation[i], -i))", "(validation[i], i))"),
    "what is best is reported": ("np.asarray(test, dtype=float)[order]", "np.asarray(validation, dtype=float)[order]"),
}


def fails(module):
    for family in FAMILIES:
        for what, ours, reference, tol in family(module):
            try:
                check_equal(what, ours, reference, tol)
            except AssertionError:
                return True
    return False


def test_all_proofs_hold():
    assert all(len(list(family(importance))) > 3 for family in FAMILIES)
    assert not fails(importance)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_seen(name):
    assert fails(broken_copy(importance, *MISTAKES[name]))


def test_what_only_luck_moves_is_the_seed_s():
    y = np.zeros((2, 3, 4)) + np.arange(4)
    assert importance.shares(y)[2,] == pytest.approx(1)
