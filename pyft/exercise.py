"""What an exercise is: the right answer, arguments to try it on, and the mistakes that people make."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Exercise:
    """An exercise that can check an answer, a function: `pyft.exercises.check` calls both on the same cases.

    `solution` is right; its source is shown. It returns a tensor, a number, or a tuple of them, as does each mistake.
    `cases` are tuples of arguments: tensors, numbers, functions.
    `mistakes` pairs a likely wrong answer with the hint for it; no two give the same on all cases.
    `tol` is the largest absolute difference that still counts as equal.
    """

    solution: Callable[..., Any]
    cases: Sequence[tuple[Any, ...]]
    mistakes: Sequence[tuple[Callable[..., Any], str]]
    tol: float = 1e-6
