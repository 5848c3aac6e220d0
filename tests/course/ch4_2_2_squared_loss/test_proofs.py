"""Every proof of the squared loss holds, in both precisions."""

from pyft.course.ch4_2_2_squared_loss.mutants import PROOFS
from pyft.evidence.proofs import prove_all
from pyft.mutation import maths


def test_the_family_holds_and_covers_what_it_says(capsys):
    prove_all("squared error", PROOFS["squared error"](maths()))
    assert capsys.readouterr().out.startswith("proven: squared error (")
    said = " ".join(what for what, *_ in PROOFS["squared error"](maths()))
    for part in ("float64", "float32", "none", "mean", "sum", "derived gradient", "finite differences"):
        assert part in said
