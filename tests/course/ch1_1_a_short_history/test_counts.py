"""Smoothed counts are what their definition says, and every mutant is caught."""

import pytest

from pyft.course.ch1_1_a_short_history import mutants
from pyft.course.part1 import counts
from pyft.evidence.proofs import check_equal
from pyft.mutation import hunt


@pytest.mark.parametrize("name", mutants.PROOFS)
def test_ours_is_the_definition(name):
    for what, ours, reference, tol in mutants.PROOFS[name](counts):
        check_equal(what, ours, reference, tol)


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_is_caught(mutant):
    assert hunt(mutant, mutants.PROOFS, mutants.mutate)
