"""An exercise answers every answer in one line: a solution, a stub, a misunderstanding, a crash."""

import copy
import inspect
import math
import re

import numpy as np
import pytest
import torch

from pyft import exercises, paths
from pyft.errors import PyftError
from pyft.evaluation.stats import accuracy_interval
from pyft.exercises import Exercise, check, reveal


def stub(*args):
    raise NotImplementedError


# --- every exercise ---------------------------------------------------------------------------------------------------

EVERY = exercises.every()
MISTAKES = [(name, i) for name in EVERY for i in range(len(EVERY[name].mistakes))]


@pytest.mark.parametrize("name", EVERY)
def test_the_solution_is_right_and_can_be_read_on_a_page(name, said):
    solution = EVERY[name].solution
    assert said(name, solution) == "solved"
    lines = inspect.getsource(solution).splitlines()
    body = lines[next(i for i, line in enumerate(lines) if re.search(r"\) -> .*:$", line)) + 1 :]
    assert 1 <= len(body) <= 15
    assert max(map(len, lines)) <= 120


def test_a_solution_has_the_name_that_its_page_asks_for():
    """Put into the cell of the stub, it is checked in its place. A page that uses it has it under its own name."""
    asked, used = {}, set()
    for path in (paths.ROOT / "chapters").rglob("*.ipynb"):
        page = path.read_text(encoding="utf8")
        asked |= dict(re.findall(r'exercises\.check\(\\"([^"]+)\\", (\w+)\)', page))
        used |= {name for line in re.findall(r"\.exercises import ([\w, ]+)", page) for name in line.split(", ")}
    named = {name: exercise.solution.__name__ for name, exercise in EVERY.items()}
    assert asked.keys() == named.keys()
    assert {name: named[name] for name in named if named[name] != asked[name] and named[name] not in used} == {}


@pytest.mark.parametrize("name,i", MISTAKES)
def test_each_mistake_gets_its_own_hint(name, i, said):
    mistake, hint = EVERY[name].mistakes[i]
    assert said(name, mistake) == f"not yet. {hint}"
    assert re.fullmatch(r"\S[^\n]{20,220}[.?]", hint)


@pytest.mark.parametrize("name,i", MISTAKES)
def test_no_other_hint_fits_a_mistake(name, i, said, monkeypatch):
    """Each is taken from the list in turn: what is left has no hint for it."""
    exercise = EVERY[name]
    mistake, _ = exercise.mistakes[i]
    monkeypatch.setitem(vars(exercise), "mistakes", [*exercise.mistakes[:i], *exercise.mistakes[i + 1 :]])
    assert re.match(r"not yet\. (For .*: expected|Return )", said(name, mistake))


@pytest.mark.parametrize("name", EVERY)
def test_a_stub_a_crash_a_wrong_shape_and_a_wrong_type_are_one_line(name, said):
    def crash(*args):
        raise ValueError("first\nsecond")

    assert said(name, stub) == "not begun; write the function and run this cell again"
    assert said(name, crash) == "your function raised ValueError: first second"
    assert said(name, lambda *args: torch.zeros(7, 1, 7)).startswith("not yet. Return ")
    assert said(name, lambda *args: "text").endswith("; found 'text'.")
    assert said(name, lambda *args: None).endswith("; found None.")
    assert said(name, lambda: None).startswith("your function raised TypeError: ")


@pytest.mark.parametrize("name", EVERY)
def test_an_answer_that_writes_into_a_tensor_gets_a_message(name, said):
    def writing(*args):
        result = EVERY[name].solution(*copy.deepcopy(args))
        for x in args:
            if isinstance(x, torch.Tensor):
                x.zero_() if x.dtype == torch.bool else x.add_(1)
        return result

    takes_tensors = any(isinstance(x, torch.Tensor) for x in EVERY[name].cases[0])
    line = said(name, writing)
    assert line.startswith("not yet. Your function changed its argument ") if takes_tensors else line == "solved"


@pytest.mark.parametrize("words", [["two", "one"], [["b", "a"], ["a"]]])
def test_words_may_be_read_and_not_sorted(words, said, monkeypatch):
    def count(words):
        return len(words)

    def sort(words):
        words.sort()
        return len(words)

    monkeypatch.setattr(exercises, "_exercise", lambda name: Exercise(count, [(words,)], []))
    assert said("any", count) == "solved"
    assert said("any", sort).startswith("not yet. Your function changed its argument words.")


def test_hints_of_one_exercise_differ():
    for exercise in EVERY.values():
        hints = [hint for _, hint in exercise.mistakes]
        assert len(set(hints)) == len(hints) >= 2


def test_the_cases_leave_torchs_generator_alone():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    for name in EVERY:
        check(name, EVERY[name].solution)
    assert torch.equal(torch.rand(1), expected)


# --- 6.1 --------------------------------------------------------------------------------------------------------------


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
    "answer,line",
    [
        (accuracy_interval, "solved"),
        (lambda correct, n: list(accuracy_interval(correct, n)), "solved"),
        (lambda correct, n: np.array(accuracy_interval(correct, n)), "solved"),
        (stub, "not begun; write the function and run this cell again"),
        (wald, "not yet. This is the normal (Wald) interval"),
        (percentages, "not yet. These look like percentages"),
        (swapped, "not yet. The low end comes first."),
        (crashing, "your function raised ZeroDivisionError: division by zero"),
        (lambda correct, n: None, "not yet. Return (a number, a number); found None."),
        (lambda correct, n: 0.5, "not yet. Return (a number, a number); found a number."),
        (
            lambda correct, n: (0.1, 0.2, 0.3),
            "not yet. Return (a number, a number); found (a number, a number, a number)",
        ),
        (lambda correct, n: ("low", "high"), "not yet. Return (a number, a number); found ('low', 'high')."),
        (lambda correct, n: (0.5, (-0.5) ** 0.5), "not yet. Return (a number, a number); found (a number, a complex n"),
        (
            lambda correct, n: (0.5, 0.6),
            "not yet. For correct = 8, n = 10: expected (0.4901625, 0.9433178), found (0.5, 0.6).",
        ),
        (lambda correct, n: (math.nan, math.nan), "not yet. For correct = 8, n = 10: expected"),
        (wrong_at_the_ends, "not yet. For correct = 10, n = 10: expected"),
        (lambda: None, "your function raised TypeError"),
        ("not a function", "your function raised TypeError"),
    ],
)
def test_each_answer_gets_one_line(answer, line, said):
    assert said("6.1-a", answer).startswith(line)


def test_the_solution_of_6_1_is_wilsons_interval():
    for correct, n in [(0, 1), (3, 7), (500, 1000)]:
        assert EVERY["6.1-a"].solution(correct, n) == pytest.approx(accuracy_interval(correct, n), abs=1e-7)


# --- any exercise -----------------------------------------------------------------------------------------------------


def softened(x, k):
    return x / k, x > 0


@pytest.fixture
def exercise(monkeypatch):
    """An exercise of a tensor and a number; its result is a pair, of numbers and of truth values."""
    made = Exercise(
        solution=softened,
        cases=[(torch.tensor([[4.0, -2.0]]), 2), (torch.tensor([[0.0], [math.nan], [8.0]]), 4)],
        mistakes=[(lambda x, k: (x * k, x > 0), "Divide."), (lambda x, k: (x / k, x >= 0), "Above zero only.")],
    )
    monkeypatch.setattr(exercises, "every", lambda number="": {"0.0-a": made})
    return "0.0-a"


PAIR = "(a float tensor of shape (1, 2), a bool tensor of shape (1, 2))"


def writing(x, k):
    x /= k
    return x, x > 0


def writing_and_wrong(x, k):
    return x.mul_(k), x > 0


@pytest.mark.parametrize(
    "answer,line",
    [
        (softened, "solved"),
        (lambda x, k: [x / k, x > 0], "solved"),
        (lambda x, k: ((x / k).tolist(), (x > 0).numpy()), "solved"),
        (lambda x, k: ((x / k).requires_grad_() * 1, x > 0), "solved"),
        (lambda x, k: (x.double() / k + 1e-7, x > 0), "solved"),
        (lambda x, k: (x * k, x > 0), "not yet. Divide."),
        (lambda x, k: (x / k, x >= 0), "not yet. Above zero only."),
        (writing, "not yet. Your function changed its argument x. Leave it as it is: compute a new one."),
        (writing_and_wrong, "not yet. Your function changed its argument x. Leave it as it is: compute a new one."),
        (
            lambda x, k: (x.nan_to_num() / k, x > 0),
            "not yet. For x of shape (3, 1), k = 4: expected nan at [1, 0] of result 1, found 0.",
        ),
        (
            lambda x, k: (x * math.nan, x > 0),
            "not yet. For x of shape (1, 2), k = 2: expected 2 at [0, 0] of result 1, found nan.",
        ),
        (
            lambda x, k: (x / k, x < 0),
            "not yet. For x of shape (1, 2), k = 2: expected True at [0, 0] of result 2, found False.",
        ),
        (
            lambda x, k: (x / k, (x > 0).int()),
            f"not yet. Return {PAIR}; found (a float tensor of shape (1, 2), an integer tensor of shape (1, 2)).",
        ),
        (
            lambda x, k: x / k,
            f"not yet. Return {PAIR}; found a float tensor of shape (1, 2).",
        ),
        (
            lambda x, k: (x.T / k, x > 0),
            f"not yet. Return {PAIR}; found (a float tensor of shape (2, 1), a bool tensor of shape (1, 2)).",
        ),
        (lambda x, k: (x / k, {1, 2}), f"not yet. Return {PAIR}; found (a float tensor of shape (1, 2), a set)."),
        (
            lambda x, k: (x / k, [[1, 2], [3]]),
            f"not yet. Return {PAIR}; found (a float tensor of shape (1, 2), a list).",
        ),
        (lambda x, k: x @ x, "your function raised RuntimeError: mat1 and mat2 shapes cannot be multiplied"),
        (stub, "not begun; write the function and run this cell again"),
    ],
)
def test_results_of_tensors_are_checked(exercise, answer, line, said):
    assert said(exercise, answer).startswith(line)


def test_an_answer_that_writes_into_its_arguments_changes_nothing_else(exercise, said):
    said(exercise, writing_and_wrong)
    assert said(exercise, softened) == "solved"


def test_an_answer_must_agree_with_a_mistake_on_all_cases_to_get_its_hint(exercise, said):
    answer = lambda x, k: (x * k if k == 2 else x / k, x > 0)  # noqa: E731
    assert said(exercise, answer) == (
        "not yet. For x of shape (1, 2), k = 2: expected 2 at [0, 0] of result 1, found 8."
    )


def test_a_message_of_several_lines_still_gives_one_line(said):
    def answer(correct, n):
        raise ValueError("first\nsecond")

    assert said("6.1-a", answer) == "your function raised ValueError: first second"


def test_reveal_shows_the_source_and_checks_it(exercise, capsys, monkeypatch):
    shown = []
    monkeypatch.setattr("pyft.evidence.display.display", lambda markdown: shown.append(markdown.data))
    reveal(exercise)
    assert shown == ["```python\ndef softened(x, k):\n    return x / k, x > 0\n```"]
    assert capsys.readouterr().out == "exercise 0.0-a: solved\n"


@pytest.mark.parametrize("ask", [lambda name: check(name, stub), reveal])
def test_an_unknown_exercise_is_an_error_that_names_those_there_are(ask):
    with pytest.raises(PyftError, match=r"unknown exercise '6\.9'.*Known: .*4\.1\.1-a, .*6\.1"):
        ask("6.9")
