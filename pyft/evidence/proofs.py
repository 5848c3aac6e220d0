"""Hold our code against a library's: `prove` raises unless both are equal, and remembers what was proven."""

from collections.abc import Iterable
from typing import Any

import numpy as np

_LEDGER: list[str] = []  # names of the proofs of the page that this kernel runs

Case = tuple[str, Any, Any, float]  # what, ours, reference, tol


class ProofError(AssertionError):
    """Our result and the reference differ by more than the tolerance."""


def prove(name: str, ours: Any, reference: Any, tol: float) -> None:
    """Raise unless `ours` equals `reference` within `tol` (largest absolute difference), shape included; print a line.

    Both are tensors, arrays or numbers. A nan equals nothing.

    Raises:
        ProofError: another shape, or a larger difference; says which and how large.
    """
    check_equal(name, ours, reference, tol)
    _LEDGER.append(name)
    print(f"proven: {name} (within {tol:g})")


def check_equal(name: str, ours: Any, reference: Any, tol: float) -> None:
    """Raise `ProofError` unless both are equal within `tol`; print nothing."""
    a, b = _array(ours), _array(reference)
    if a.shape != b.shape:
        raise ProofError(f"{name}: shapes differ, ours {a.shape}, reference {b.shape}")
    if not a.size:
        raise ProofError(f"{name}: nothing to compare, both are empty")
    worst = float(np.abs(a - b).max())
    if not worst <= tol:  # written so that nan fails
        raise ProofError(f"{name}: largest difference {worst:.3g}, allowed {tol:g}")


def prove_all(name: str, cases: Iterable[Case]) -> None:
    """Prove every case of a family, each `(what, ours, reference, tol)`; print one line, enter it in the ledger once.

    Raises:
        ProofError: a case fails, or there is none; says which.
    """
    counts: dict[float, int] = {}
    for what, ours, reference, tol in cases:
        check_equal(f"{name}, {what}", ours, reference, tol)
        counts[tol] = counts.get(tol, 0) + 1
    if not counts:
        raise ProofError(f"{name}: no case to prove")
    _LEDGER.append(name)
    print(f"proven: {name} ({', '.join(f'{n} cases within {tol:g}' for tol, n in sorted(counts.items()))})")


def _array(x: Any) -> Any:
    if hasattr(x, "detach"):
        x = x.detach().cpu().numpy()
    return np.asarray(x, dtype=np.float64)


def ledger() -> list[str]:
    """The names of what this page has proven so far, in order."""
    return list(_LEDGER)
