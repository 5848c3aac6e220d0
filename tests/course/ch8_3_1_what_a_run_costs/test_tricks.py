"""Every proof of section 8.3.1 holds, and every mutant is caught by one of them."""

import pytest
import torch

from pyft.course.ch8_3_1_what_a_run_costs import proofs, tricks
from pyft.course.ch8_3_1_what_a_run_costs.mutants import MUTANTS, PROOFS, code, mutate
from pyft.errors import PyftError
from pyft.evidence.proofs import check_equal
from pyft.mutation import Mutant, SurvivedError, hunt


@pytest.mark.parametrize("name", PROOFS)
def test_gradients_are_those_of_the_plain_step(name):
    cases = list(PROOFS[name](code()))
    assert len(cases) > 3
    for what, ours, reference, tol in cases:
        check_equal(what, ours, reference, tol)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_is_caught(mutant):
    assert hunt(mutant, PROOFS, mutate).split(",")[0].split(":")[0] in PROOFS


def test_there_are_many_and_each_says_what_it_is():
    assert len({m.name for m in MUTANTS}) == len(MUTANTS) >= 12
    assert all(m.note and m.old != m.new for m in MUTANTS)


def test_a_change_that_changes_nothing_survives():
    same = Mutant("the same", "tricks", "found += share.item()", "found = found + share.item()", "")
    with pytest.raises(SurvivedError):
        hunt(same, {"in parts": PROOFS["in parts"]}, mutate)


def test_a_mutant_that_no_longer_fits_is_no_catch():
    with pytest.raises(PyftError, match="0 times"):
        mutate("tricks", "no such line", "")


def test_layers_are_themselves_again_after_an_error():
    layers = [proofs.layer(), proofs.layer()]
    with pytest.raises(KeyError), tricks.recomputed(layers):
        assert all("forward" in vars(layer) for layer in layers)
        raise KeyError
    assert not any("forward" in vars(layer) for layer in layers)


def test_parts_and_their_targets_must_be_as_many():
    w = torch.ones(1, requires_grad=True)
    with pytest.raises(ValueError, match="zip"):
        tricks.accumulate(lambda part: (w * part).sum(), [1.0, 2.0], [1])
