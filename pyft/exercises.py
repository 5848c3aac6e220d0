"""What an exercise is: the right answer, arguments to try it on, and the mistakes that people make."""

import copy
import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pyft.errors import unknown
from pyft.evidence.display import show


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


def check(name: str, answer: Callable[..., Any]) -> None:
    """Try an answer and print one line: solved, not begun, or what is wrong with a hint. A wrong answer never raises.

    Raises:
        PyftError: there is no exercise of that name.
    """
    exercise = _exercise(name)
    try:
        hint = _hint(exercise, answer)
    except NotImplementedError:
        print(f"exercise {name}: not begun; write the function and run this cell again")
    except Exception as error:
        print(f"exercise {name}: your function raised {type(error).__name__}: {' '.join(str(error).split())}")
    else:
        print(f"exercise {name}: {'not yet. ' + hint if hint else 'solved'}")


def reveal(name: str) -> None:
    """Display the source of the solution and check it.

    Raises:
        PyftError: there is no exercise of that name.
    """
    solution = _exercise(name).solution
    show(solution)
    check(name, solution)


COURSE = Path(__file__).resolve().parent / "course"


def every(number: str = "") -> dict[str, Exercise]:
    """The exercises of a section, by name; of all sections if no number is given.

    A section's exercises stand in the folder of `pyft/course` that begins with its number: those of 6.1 in
    `ch6_1_sentiment/exercises.py`. No other folder is imported, so that a page depends on its own exercises alone.
    """
    wanted = rf"ch{re.escape(number.replace('.', '_'))}_(?!\d)\w+" if number else r"ch\d\w+"
    folders = sorted(p.parent.name for p in COURSE.glob("ch*/exercises.py") if re.fullmatch(wanted, p.parent.name))
    found: dict[str, Exercise] = {}
    for folder in folders:
        found |= import_module(f"pyft.course.{folder}.exercises").EXERCISES
    return found


def _exercise(name: str) -> Exercise:
    found = every(name.partition("-")[0])
    if name not in found:
        raise unknown("exercise", name, sorted(found or every()))
    return found[name]


def _hint(exercise: Exercise, answer: Callable[..., Any]) -> str:
    """What is wrong with an answer; nothing if it is right."""
    found = []
    for args in exercise.cases:
        given = copy.deepcopy(args)  # an answer that writes into its arguments harms nobody
        found.append(answer(*given))
        for name, before, after in zip(_names(exercise), args, given, strict=False):
            if not _unchanged(before, after):
                return f"Your function changed its argument {name}. Leave it as it is: compute a new one."

    def agrees(other: Callable[..., Any]) -> bool:
        wanted = [other(*args) for args in exercise.cases]
        return all(_equal(f, w, exercise.tol) for f, w in zip(found, wanted, strict=True))

    if agrees(exercise.solution):
        return ""
    for mistake, hint in exercise.mistakes:
        if agrees(mistake):
            return hint
    complaints = (_complaint(exercise, args, result) for args, result in zip(exercise.cases, found, strict=True))
    return next(filter(None, complaints))


def _complaint(exercise: Exercise, args: tuple[Any, ...], found: Any) -> str:
    """Another type or shape, or the first value that differs; nothing if the result is right."""
    wanted = exercise.solution(*args)
    pairs = _pairs(found, wanted)
    if pairs is None:
        return f"Return {_described(wanted)}; found {_described(found)}."
    wrong = next((i for i, (f, w) in enumerate(pairs) if not _close(f, w, exercise.tol).all()), None)
    if wrong is None:
        return ""
    start = f"For {_listed(exercise, args)}: expected"
    if all(not w.dim() for _, w in pairs):
        f_, w_ = (", ".join(_short(pair[side]) for pair in pairs) for side in (0, 1))
        return f"{start} ({w_}), found ({f_})." if len(pairs) > 1 else f"{start} {w_}, found {f_}."
    f, w = pairs[wrong]
    at = tuple((~_close(f, w, exercise.tol)).nonzero()[0].tolist())
    of = f" of result {wrong + 1}" if len(pairs) > 1 else ""
    where = f" at {list(at)}{of}" if at else of
    return f"{start} {_short(w[at])}{where}, found {_short(f[at])}."


# --- results as tensors -----------------------------------------------------------------------------------------------


def _tensor(x: Any) -> Tensor:
    """A tensor, array, number or list of numbers as a tensor. Raises for anything else."""
    return x.detach().cpu() if isinstance(x, Tensor) else torch.as_tensor(np.asarray(x))


def _pairs(found: Any, wanted: Any) -> list[tuple[Tensor, Tensor]] | None:
    """Both as tensors, one pair for each of the results; None if number, kinds or shapes of them differ."""
    if isinstance(wanted, tuple) and not isinstance(found, tuple | list | Tensor | np.ndarray):
        return None
    try:
        ours = [_tensor(x) for x in (found if isinstance(wanted, tuple) else [found])]
    except (TypeError, ValueError, RuntimeError):
        return None
    theirs = [_tensor(x) for x in (wanted if isinstance(wanted, tuple) else [wanted])]
    if len(ours) != len(theirs) or not all(map(_fits, ours, theirs)):
        return None
    return list(zip(ours, theirs, strict=True))


def _fits(found: Tensor, wanted: Tensor) -> bool:
    """Whether shape and kind agree; whole numbers count as floats."""
    kinds = _kind(found), _kind(wanted)
    return found.shape == wanted.shape and (
        kinds[0] == kinds[1] or kinds == ("integer ", "float ") or (not wanted.dim() and kinds[0] != "complex ")
    )


def _kind(x: Tensor) -> str:
    if x.is_floating_point():
        return "float "
    return "bool " if x.dtype == torch.bool else "complex " if x.is_complex() else "integer "


def _close(found: Tensor, wanted: Tensor, tol: float) -> Tensor:
    """Element by element; nan equals nan alone."""
    return torch.isclose(found.to(torch.float64), wanted.to(torch.float64), rtol=0, atol=tol, equal_nan=True)


def _equal(found: Any, wanted: Any, tol: float) -> bool:
    pairs = _pairs(found, wanted)
    return pairs is not None and all(bool(_close(f, w, tol).all()) for f, w in pairs)


def _unchanged(before: Any, after: Any) -> bool:
    """Whether an argument is as it was: numbers by value, words and what else has no tensor by their own equality."""
    if before is after or _equal(after, before, 0.0):  # a function has no copy
        return True
    words = isinstance(before, list | tuple | dict | set) and _pairs(before, before) is None
    return bool(words and before == after)


# --- results in words -------------------------------------------------------------------------------------------------


def _described(x: Any) -> str:
    if isinstance(x, tuple):
        return f"({', '.join(map(_described, x))})"
    try:
        tensor = _tensor(x)
    except (TypeError, ValueError, RuntimeError):
        return repr(x) if x is None or isinstance(x, str) else f"a {type(x).__name__}"
    kind = _kind(tensor)
    if not tensor.dim():
        return "a complex number" if kind == "complex " else "a number"
    return f"a{'n' * (kind == 'integer ')} {kind}tensor of shape {tuple(tensor.shape)}"


def _names(exercise: Exercise) -> list[str]:
    return list(inspect.signature(exercise.solution).parameters)


def _listed(exercise: Exercise, args: tuple[Any, ...]) -> str:
    """Arguments in short: numbers and a few whole numbers by value, other tensors by shape, functions not at all."""
    said = []
    for name, x in zip(_names(exercise), args, strict=False):
        if isinstance(x, Tensor):
            few = x.numel() <= 8 and not x.is_floating_point()
            said.append(f"{name} = {x.tolist()}" if few else f"{name} of shape {tuple(x.shape)}")
        elif not callable(x):
            said.append(f"{name} = {x}")
    return ", ".join(said)


def _short(x: Tensor) -> str:
    value = x.item()
    return f"{value:.7g}" if isinstance(value, float) else str(value)
