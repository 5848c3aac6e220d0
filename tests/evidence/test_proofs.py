"""A proof raises on what differs, and prints the same line on every machine."""

import numpy as np
import pytest
import torch
from small_evidence import NAN

from pyft import evidence
from pyft.evidence.bands import BandError
from pyft.evidence.proofs import ProofError

# --- prove ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ours,reference",
    [
        (1.0, 1.0),
        (torch.tensor([1.0, 2.0], requires_grad=True), np.array([1.0, 2.0])),
        ([[1, 2]], torch.tensor([[1, 2]])),
        (torch.tensor([1.0], dtype=torch.float16), 1.0 + np.zeros(1)),
        (1.0, 1.0 + 0.9e-6),
    ],
)
def test_prove_passes_on_what_is_equal_within_the_tolerance(ours, reference, capsys):
    evidence.prove("attention", ours, reference, tol=1e-6)
    assert capsys.readouterr().out == "proven: attention (within 1e-06)\n"
    assert evidence.ledger() == ["attention"]


@pytest.mark.parametrize(
    "ours,reference,said",
    [
        ([1.0, 2.0], [1.0, 2.001], "attention: largest difference 0.001, allowed 1e-06"),
        ([1.0, 2.001], [1.0, 2.0], "attention: largest difference 0.001"),
        (torch.zeros(2, 3), torch.zeros(3, 2), r"attention: shapes differ, ours \(2, 3\), reference \(3, 2\)"),
        (torch.zeros(2), torch.zeros(1), "shapes differ"),  # numpy would broadcast
        (1.0, [1.0], "shapes differ"),
        ([1.0, NAN], [1.0, 2.0], "largest difference nan"),
        ([NAN], [NAN], "largest difference nan"),
        ([float("inf")], [float("inf")], "largest difference nan"),
        ([], [], "attention: nothing to compare"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_prove_raises_on_anything_else_and_writes_nothing_down(ours, reference, said, capsys):
    with pytest.raises(ProofError, match=said):
        evidence.prove("attention", ours, reference, tol=1e-6)
    assert evidence.ledger() == []
    assert capsys.readouterr().out == ""


def test_the_ledger_keeps_the_order_and_cannot_be_changed_from_outside(capsys):
    for name in ("softmax", "attention"):
        evidence.prove(name, 1.0, 1.0, tol=0)
    evidence.ledger().append("never proven")
    assert evidence.ledger() == ["softmax", "attention"]


def test_proofs_and_bands_fail_as_assertions_do():
    assert issubclass(ProofError, AssertionError)
    assert issubclass(BandError, AssertionError)


# --- prove_all --------------------------------------------------------------------------------------------------------


def test_same_is_prove_without_its_line(capsys):
    evidence.check_equal("attention", torch.ones(2), np.ones(2), tol=0)
    with pytest.raises(ProofError, match=r"attention: largest difference 0\.5, allowed 0\.1"):
        evidence.check_equal("attention", 1.0, 1.5, tol=0.1)
    assert evidence.ledger() == [] and capsys.readouterr().out == ""


def test_a_family_is_one_line_and_one_entry_with_its_cases_counted_by_tolerance(capsys):
    cases = [("B = 1", 1.0, 1.0, 1e-5), ("B = 2", 2.0, 2.0, 1e-10), ("B = 3", torch.ones(3), np.ones(3), 1e-5)]
    evidence.prove_all("attention", iter(cases))
    assert capsys.readouterr().out == "proven: attention (1 cases within 1e-10, 2 cases within 1e-05)\n"
    assert evidence.ledger() == ["attention"]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    "ours,said", [(1.5, "largest difference 0.5, allowed 0.1"), ([1.0], "shapes differ"), (NAN, "difference nan")]
)
def test_one_case_that_fails_fails_the_family_and_is_named(place, ours, said, capsys):
    cases = [("B = 1", 1.0, 1.0, 0.1)] * 2
    cases.insert(place, ("B = 2", ours, 1.0, 0.1))
    with pytest.raises(ProofError, match=f"^attention, B = 2: .*{said}"):
        evidence.prove_all("attention", cases)
    assert evidence.ledger() == [] and capsys.readouterr().out == ""


def test_a_family_without_a_case_proves_nothing(capsys):
    with pytest.raises(ProofError, match="attention: no case to prove"):
        evidence.prove_all("attention", iter(()))
    assert evidence.ledger() == [] and capsys.readouterr().out == ""


def test_cases_after_one_that_failed_are_not_computed():
    def cases():
        yield "B = 1", 1.0, 2.0, 0.0
        pytest.fail("computed")

    with pytest.raises(ProofError, match="B = 1"):
        evidence.prove_all("attention", cases())
