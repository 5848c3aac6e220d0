"""An exercise answers every answer in one line: a solution, a stub, a misunderstanding, a crash."""

import math

import pytest

from pyft.errors import PyftError
from pyft.exercises import check
from pyft.stats import accuracy_interval


def stub(correct, n):
    raise NotImplementedError


def wald(correct, n):
    p = correct / n
    half = 1.959964 * math.sqrt(p * (1 - p) / n)
    return p - half, p + half


def percentages(correct, n):
    return tuple(100 * x for x in accuracy_interval(correct, n))


def swapped(correct, n):
    return accuracy_interval(correct, n)[::-1]


def crashing(correct, n):
    return correct / 0


def wrong_at_the_ends(correct, n):
    low, high = accuracy_interval(correct, n)
    return (low, high) if 0 < correct < n else (low, high - 0.01)


@pytest.mark.parametrize(
    "answer,said",
    [
        (accuracy_interval, "solved"),
        (lambda correct, n: list(accuracy_interval(correct, n)), "solved"),
        (stub, "not begun; write the function and run this cell again"),
        (wald, "not yet. This is the normal (Wald) interval"),
        (percentages, "not yet. These look like percentages"),
        (swapped, "not yet. The low end comes first."),
        (crashing, "your function raised ZeroDivisionError: division by zero"),
        (lambda correct, n: None, "not yet. Return two numbers, low and high; found None."),
        (lambda correct, n: 0.5, "not yet. Return two numbers, low and high; found 0.5."),
        (lambda correct, n: (0.1, 0.2, 0.3), "not yet. Return two numbers"),
        (lambda correct, n: ("low", "high"), "not yet. Return two numbers"),
        (lambda correct, n: (0.5, 0.6), "not yet. For 8 of 10: expected (0.4902, 0.9433), found (0.5000, 0.6000)."),
        (lambda correct, n: (math.nan, math.nan), "not yet. For 8 of 10: expected"),
        (wrong_at_the_ends, "not yet. For 10 of 10: expected"),
        (lambda: None, "your function raised TypeError"),
        ("not a function", "your function raised TypeError"),
    ],
)
def test_each_answer_is_told_what_it_is_in_one_line(answer, said, capsys):
    check("6.1", answer)
    printed = capsys.readouterr().out
    assert printed.startswith(f"exercise 6.1: {said}")
    assert printed.count("\n") == 1


def test_a_message_of_several_lines_still_gives_one_line(capsys):
    def answer(correct, n):
        raise ValueError("first\nsecond")

    check("6.1", answer)
    assert capsys.readouterr().out == "exercise 6.1: your function raised ValueError: first second\n"


def test_an_unknown_exercise_is_an_error_that_names_those_there_are():
    with pytest.raises(PyftError, match=r"unknown exercise '6\.2'.*Known: 6\.1"):
        check("6.2", stub)
