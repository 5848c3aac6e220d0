"""A word that the model was not given is outside, and no entity runs across it."""

import pytest
import torch

from pyft.evaluation.decoding import decode_constrained, decode_greedy

NAMES = ["B-PER", "I-PER", "O"]
NAN = [torch.nan] * 3


@pytest.mark.parametrize("decode", [decode_greedy, decode_constrained])
def test_a_word_without_scores_is_outside_and_the_others_keep_their_tags(decode):
    z = torch.tensor([[5.0, 0, 0], NAN, [0, 0, 5.0], [5.0, 0, 0], [0, 5.0, 0]])
    assert decode([z], NAMES, [6]) == [["B-PER", "O", "O", "B-PER", "I-PER", "O"]]


def test_no_entity_runs_across_a_word_without_scores():
    z = torch.tensor([[5.0, 0, 0], NAN, [1.0, 5.0, 0]])
    assert decode_constrained([z], NAMES, [3]) == [["B-PER", "O", "B-PER"]]
