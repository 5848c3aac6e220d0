"""Every proof of cross-entropy holds, in both precisions."""

import pytest

from pyft.course.ch4_2_1_cross_entropy.mutants import PROOFS
from pyft.evidence.proofs import prove_all
from pyft.mutation import maths


@pytest.mark.parametrize("name", PROOFS)
def test_the_family_holds(name, capsys):
    prove_all(name, PROOFS[name](maths()))
    assert capsys.readouterr().out.startswith(f"proven: {name} (")


def test_the_proofs_cover_what_they_say():
    said = " ".join(what for family in PROOFS.values() for what, *_ in family(maths()))
    for part in (
        "float64",
        "float32",
        "ignored",
        "weighted",
        "smoothed",
        "(7,)",
        "(2, 3, 2, 4)",
        "none",
    ):
        assert part in said
