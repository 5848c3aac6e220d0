"""What the pages of part 5 share: a line that may fail, and arguments that say what the recipe says."""

from dataclasses import replace

import pytest

from pyft import profiles
from pyft.course.part5.program import arguments, told


def test_a_line_that_fails_is_told_without_the_place_of_a_file(capsys):
    with told("one over zero"):
        raise ImportError("no such name (/somewhere/package/__init__.py). Did you mean: another?")
    with told("nothing"):
        pass
    assert capsys.readouterr().out == "one over zero: ImportError\n  no such name\nnothing: no error\n"


def test_an_interrupt_is_not_told(capsys):
    with pytest.raises(KeyboardInterrupt), told("a line"):
        raise KeyboardInterrupt
    assert capsys.readouterr().out == ""


def test_the_arguments_are_the_recipes(tmp_path):
    recipe = replace(profiles.recipe("laptop", "sentiment"), epochs=7, lr=3e-4, warmup=0.25, max_norm=0.5)
    args = arguments(recipe, str(tmp_path), seed=5)
    assert (args.num_train_epochs, args.learning_rate, args.warmup_steps, args.max_grad_norm) == (7, 3e-4, 0.25, 0.5)
    assert (args.seed, args.eval_strategy, args.train_sampling_strategy) == (5, "epoch", "group_by_length")
