"""Plausible mistakes in the hand-written mathematics, one line each, and the hunt for them with the page's proofs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pyft.errors import PyftError
from pyft.evidence import Case, ProofError, same
from pyft.maths import Maths, mutated

Family = Callable[[Maths], Iterator[Case]]  # a family of proofs: cases of ours against the library's


class SurvivedError(AssertionError):
    """No proof noticed a mutant: the proofs have a hole."""


@dataclass(frozen=True)
class Mutant:
    """A mistake: `old` becomes `new` in `pyft/{module}.py`. `note` says what it is, or who published it."""

    name: str
    module: str
    old: str
    new: str
    note: str
    run: str = "BERT"  # the short training that shows its cost, see `costs.RUNS`


def hunt(mutant: Mutant, families: dict[str, Family]) -> str:
    """Which proof catches the mutant, and how: the first that fails. An exception catches it as well.

    Raises:
        SurvivedError: all proofs pass.
        PyftError: the mutant does not fit the source.
    """
    broken = mutated(mutant.module, mutant.old, mutant.new)
    for name, family in families.items():
        try:
            for what, ours, reference, tol in family(broken):
                same(f"{name}, {what}", ours, reference, tol)
        except ProofError as error:
            return str(error)
        except PyftError:
            raise
        except Exception as error:
            return f"{name}: {type(error).__name__}"
    raise SurvivedError(f"mutant {mutant.name!r} survives: {', '.join(families)} all pass on it")
