"""Every proof of SGD and Adam holds, in both precisions."""

import pytest

from pyft.course.ch4_3_1_adam.mutants import PROOFS
from pyft.evidence.proofs import prove_all
from pyft.mutation import maths


@pytest.mark.long
@pytest.mark.parametrize("name", PROOFS)
def test_the_family_holds(name, capsys):
    prove_all(name, PROOFS[name](maths()))
    assert capsys.readouterr().out.startswith(f"proven: {name} (")


@pytest.mark.long
def test_the_proofs_cover_what_they_say():
    said = " ".join(what for family in PROOFS.values() for what, *_ in family(maths()))
    for part in ("float64", "float32", "200 steps", "gradients of zero", "missing gradients", "parameter groups"):
        assert part in said
