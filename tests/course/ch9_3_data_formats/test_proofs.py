"""The proofs of section 9.3 hold, and notice a broken converter."""

from types import SimpleNamespace

import pytest

from pyft.course.ch9_3_data_formats import proofs
from pyft.data import entities
from pyft.evidence.proofs import ProofError, check_equal


@pytest.mark.parametrize("proof", [proofs.schemes, proofs.offsets])
def test_proofs_hold(proof):
    for what, ours, reference, tol in proof(entities):
        check_equal(what, ours, reference, tol)


def test_a_scheme_without_b_is_noticed():
    def broken(tags, scheme):
        return [tag.replace("B-", "I-") for tag in entities.from_iob2(tags, scheme)]

    with pytest.raises(ProofError):
        for what, ours, reference, tol in proofs.schemes(SimpleNamespace(from_iob2=broken)):
            check_equal(what, ours, reference, tol)
