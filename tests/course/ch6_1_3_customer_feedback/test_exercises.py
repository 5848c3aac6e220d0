"""The exercises of section 6.1.3: each solution is what a library or the package computes."""

import pytest
import torch
from scipy.stats import norm

from pyft.exercises import every
from pyft.finetune.data_table import share_unknown

EXERCISES = every("6.1.3")


@pytest.mark.parametrize("accuracy,half", [(0.85, 0.04), (0.6, 0.1)])
def test_so_many_rows_are_enough_and_one_less_is_not(accuracy, half):
    n = EXERCISES["6.1.3-a"].solution(accuracy, half)

    def reaches(n):
        return norm.ppf(0.975) * (accuracy * (1 - accuracy) / n) ** 0.5

    assert reaches(n) <= half < reaches(n - 1)


def test_the_share_of_unknown_pieces_is_the_packages():
    class Tokenizer:
        all_special_ids, unk_token_id = (0, 100, 101, 102), 100

    rows = [[101, 5, 100, 102], [101, 100, 100, 8, 9, 102]]
    theirs = share_unknown(Tokenizer, [{"input_ids": row} for row in rows])
    ids = torch.tensor([row + [0] * (8 - len(row)) for row in rows])
    assert EXERCISES["6.1.3-b"].solution(ids, 100, torch.tensor([0, 101, 102])) == pytest.approx(theirs)
