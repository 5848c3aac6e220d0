"""As many texts of each class, and a smaller draw is part of a larger one."""

from collections import Counter

import pytest
from datasets import Dataset

from pyft.data.draws import draw
from pyft.errors import PyftError

ROWS = Dataset.from_dict({"text": [str(i) for i in range(30)], "label": [0] * 18 + [1] * 12})


def test_as_many_of_each_class():
    assert Counter(draw(ROWS, 5, seed=1)["label"]) == {0: 5, 1: 5}


def test_a_smaller_draw_is_part_of_a_larger_one_and_another_seed_draws_others():
    small, large, other = (set(draw(ROWS, n, seed)["text"]) for n, seed in [(3, 1), (9, 1), (3, 2)])
    assert small < large
    assert small != other


@pytest.mark.parametrize("n", [0, 13])
def test_no_more_than_the_smallest_class_has(n):
    with pytest.raises(PyftError, match="from 1 to 12"):
        draw(ROWS, n, seed=0)
