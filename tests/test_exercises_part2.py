"""The exercises of Part 2: each solution is what a library computes, and each mistake is told by its own hint."""

import copy
import inspect
import re

import pytest
import torch

from pyft.exercises import check
from pyft.exercises_part2 import PART_2
from pyft.objectives import masked_lm, partly_visible, permutation_lm

NAMES = [f"2.1-{letter}" for letter in "abc"]
MISTAKES = [(name, i) for name in NAMES for i in range(len(PART_2[name].mistakes))]


def test_there_are_three_exercises_a_page():
    assert list(PART_2) == NAMES


# --- every exercise ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_is_right_and_leaves_its_arguments_alone(name, said):
    assert said(name, PART_2[name].solution) == "solved"


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_can_be_read_on_a_page(name):
    lines = inspect.getsource(PART_2[name].solution).splitlines()
    body = lines[next(i for i, line in enumerate(lines) if re.search(r"\) -> .*:$", line)) + 1 :]
    assert 2 <= len(body) <= 15
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("name,i", MISTAKES)
def test_each_mistake_gets_its_own_hint(name, i, said):
    mistake, hint = PART_2[name].mistakes[i]
    assert said(name, mistake) == f"not yet. {hint}"


@pytest.mark.parametrize("name,i", MISTAKES)
def test_no_other_hint_fits_a_mistake(name, i, said, monkeypatch):
    """Each is taken from the list in turn: what is left has no hint for it."""
    exercise = PART_2[name]
    mistake, _ = exercise.mistakes[i]
    monkeypatch.setitem(vars(exercise), "mistakes", [*exercise.mistakes[:i], *exercise.mistakes[i + 1 :]])
    assert re.match(r"not yet\. (For .*: expected|Return )", said(name, mistake))


@pytest.mark.parametrize("name", NAMES)
def test_hints_are_sentences_and_differ(name):
    hints = [hint for _, hint in PART_2[name].mistakes]
    assert len(set(hints)) == len(hints) >= 2
    assert all(re.fullmatch(r"[A-Z`][^\n]{20,220}\.", hint) for hint in hints)


@pytest.mark.parametrize("name", NAMES)
def test_a_stub_a_crash_a_wrong_shape_and_a_wrong_type_are_one_line(name, said):
    def stub(*args):
        raise NotImplementedError

    def crash(*args):
        raise ValueError("first\nsecond")

    assert said(name, stub) == "not begun; write the function and run this cell again"
    assert said(name, crash) == "your function raised ValueError: first second"
    assert said(name, lambda *args: torch.zeros(7, 1, 7)).startswith("not yet. Return ")
    assert said(name, lambda *args: "text").endswith("; found 'text'.")
    assert said(name, lambda *args: None).endswith("; found None.")


@pytest.mark.parametrize("name", ["2.1-a", "2.1-b"])
def test_an_answer_that_writes_into_a_tensor_is_told_so(name, said):
    def writing(*args):
        result = PART_2[name].solution(*copy.deepcopy(args))
        args[0].zero_()
        return result

    assert said(name, writing).startswith("not yet. Your function changed its argument ")


def test_the_cases_leave_torchs_generator_alone():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    for name in NAMES:
        check(name, PART_2[name].solution)
    assert torch.equal(torch.rand(1), expected)


# --- the package's answers --------------------------------------------------------------------------------------------


def test_the_corruption_has_the_shares_of_the_packages():
    """Both leave what was not chosen, and of the chosen mask, swap and keep the same shares."""
    ids, g = torch.full((200, 100), 7), torch.Generator().manual_seed(0)
    special = torch.zeros_like(ids).bool()
    _, labels = masked_lm(ids, special, 4, 50, 0.5, g)
    chosen, u = labels != -100, torch.rand(ids.shape, generator=g)
    words = torch.randint(50, ids.shape, generator=g)
    inputs, y = PART_2["2.1-a"].solution(ids, chosen, u, words, 4)
    assert torch.equal(y, labels)
    theirs, _ = masked_lm(ids, special, 4, 50, 0.5, g)
    for token in (4, 7):
        ours, other = ((x == token).float().mean().item() for x in (inputs, theirs))
        assert abs(ours - other) < 0.02


def test_the_partial_mask_is_the_packages(said):
    assert said("2.1-b", lambda order, chosen: partly_visible(order[None], chosen[None])[0]) == "solved"


def test_the_targets_are_about_as_many_as_the_package_draws():
    T, texts, p, K = 96, 300, 0.15, 6
    ids, g = torch.full((texts, T), 7), torch.Generator().manual_seed(0)
    special = torch.zeros_like(ids).bool()
    counts = PART_2["2.1-c"].solution(T, texts, p, K)
    drawn = (
        (masked_lm(ids, special, 4, 50, p, g)[1] != -100).sum(),
        (permutation_lm(ids, special, K, generator=g).labels != -100).sum(),
    )
    for count, found in zip(counts, drawn, strict=False):
        assert abs(count / found.item() - 1) < 0.06
    assert counts[2] == texts * (T - 1)
