"""Exercises that check themselves: each has a stub, a solution and hints for the answers that are often given."""

from collections.abc import Callable
from typing import Any

from pyft.errors import unknown
from pyft.stats import accuracy_interval


def check(exercise: str, answer: Callable[..., Any]) -> None:
    """Try an answer and print one line: solved, not begun, or what is wrong with a hint. A wrong answer never raises.

    Raises:
        PyftError: there is no exercise of that name.
    """
    if exercise not in _CHECKS:
        raise unknown("exercise", exercise, list(_CHECKS))
    try:
        hint = _CHECKS[exercise](answer)
    except NotImplementedError:
        print(f"exercise {exercise}: not begun; write the function and run this cell again")
    except Exception as error:
        print(f"exercise {exercise}: your function raised {type(error).__name__}: {' '.join(str(error).split())}")
    else:
        print(f"exercise {exercise}: {'not yet. ' + hint if hint else 'solved'}")


def _interval(answer: Callable[[int, int], Any]) -> str | None:
    """6.1: Wilson's interval for `correct` right answers out of `n`."""
    for correct, n in [(8, 10), (10, 10), (0, 25), (917, 1056)]:
        got = answer(correct, n)
        try:
            low, high = (float(x) for x in got)
        except (TypeError, ValueError):
            return f"Return two numbers, low and high; found {got!r}."
        p, (right_low, right_high) = correct / n, accuracy_interval(correct, n)
        wald = 1.959964 * (p * (1 - p) / n) ** 0.5
        if max(abs(low - right_low), abs(high - right_high)) < 1e-4:
            continue
        if abs(high - (p + wald)) < 1e-3 and abs(low - (p - wald)) < 1e-3:
            return (
                "This is the normal (Wald) interval: with every answer right it has no width at all. "
                "Solve for the rate, as Wilson did."
            )
        if low > high:
            return "The low end comes first."
        if high > 1.5:
            return "These look like percentages; return shares between 0 and 1."
        return f"For {correct} of {n}: expected ({right_low:.4f}, {right_high:.4f}), found ({low:.4f}, {high:.4f})."
    return None


_CHECKS: dict[str, Callable[[Callable[..., Any]], str | None]] = {"6.1": _interval}
