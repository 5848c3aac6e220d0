"""The exercises of section 3.1.2: positions as the library counts them, rows as they are packed."""

import torch
from transformers.models.roberta import modeling_roberta

from pyft.exercises import every

EXERCISES = every("3.1.2")


def test_positions_are_the_librarys():
    ids = torch.tensor([[5, 6, 7, 1, 1], [1, 1, 8, 9, 9]])
    theirs = modeling_roberta.RobertaEmbeddings.create_position_ids_from_input_ids(ids, 1)
    assert torch.equal(EXERCISES["3.1.2-a"].solution(ids, 1), theirs)


def test_rows_hold_whole_sentences_in_their_order():
    assert EXERCISES["3.1.2-b"].solution([4, 5, 3, 8, 2, 2], 10).tolist() == [9, 3, 10, 2]
