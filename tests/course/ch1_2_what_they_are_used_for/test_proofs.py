"""Sampling is the library's, the best span is the best of all pairs, and every mutant is caught."""

import pytest

from pyft.course.ch1_2_what_they_are_used_for import mutants
from pyft.evidence.proofs import check_equal
from pyft.mutation import hunt

FAMILIES = [(module, name) for module, families in mutants.PROOFS.items() for name in families]


@pytest.mark.parametrize("module,name", FAMILIES)
def test_ours_is_the_reference(module, name):
    for what, ours, reference, tol in mutants.PROOFS[module][name](mutants.MODULES[module]):
        check_equal(what, ours, reference, tol)


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_is_caught(mutant):
    assert hunt(mutant, mutants.PROOFS[mutant.module], mutants.mutate)
