"""Every proof of the optimisers and schedules holds, in both precisions."""

import pytest

from pyft.evidence import prove_all
from pyft.maths import maths
from pyft.mutants_part4 import OPTIMISER_PROOFS


@pytest.mark.parametrize("name", OPTIMISER_PROOFS)
def test_the_family_holds(name, capsys):
    prove_all(name, OPTIMISER_PROOFS[name](maths()))
    assert capsys.readouterr().out.startswith(f"proven: {name} (")


def test_the_proofs_cover_what_they_say():
    said = " ".join(what for family in OPTIMISER_PROOFS.values() for what, *_ in family(maths()))
    for part in ("float64", "float32", "200 steps", "gradients of zero", "missing gradients", "parameter groups"):
        assert part in said
