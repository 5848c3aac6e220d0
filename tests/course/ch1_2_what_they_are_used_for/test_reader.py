"""The network that points: its targets are the answer's tokens, and it learns to find a marked word."""

import pytest
import torch

from pyft.course.ch1_2_what_they_are_used_for import reader
from pyft.profiles import Recipe

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")


def row(passage, answer):
    begin = passage.index(answer)
    return {"question": "good ?", "passage": passage, "answers": {"text": [answer], "answer_start": [begin]}}


def test_the_targets_are_the_answer_s_tokens(tokenizer):
    rows = [row("the film is bad", "film is"), row("the film is good", "good")]
    made = reader.encode(rows, tokenizer, 32)
    for found, given in zip(reader.places(made, rows), rows, strict=True):
        i = rows.index(given)
        a, b = made["offset_mapping"][i, found[0], 0], made["offset_mapping"][i, found[1], 1]
        assert given["passage"][a:b] == given["answers"]["text"][0]


def test_an_answer_that_was_cut_off_points_at_the_class_token(tokenizer):
    rows = [row("the film is the film is the film is good", "good")]
    assert reader.places(reader.encode(rows, tokenizer, 10), rows).tolist() == [[0, 0]]


def test_it_learns_where_the_answer_is_and_answers_from_the_passage(tokenizer, tiny_bert):
    texts = ["the film is good", "good is the film", "is good the film", "the good film is"]
    rows = [row(text, "good") for text in texts]
    torch.manual_seed(0)
    net = reader.Reader(tiny_bert().bert)
    recipe = Recipe(epochs=60, batch_size=4, lr=5e-3, max_length=32)
    reader.fit(net, tokenizer, rows, recipe, seed=0)
    assert reader.answers(net, tokenizer, rows, recipe, longest=3) == ["good"] * 4
    logits = net(**{k: v for k, v in reader.encode(rows, tokenizer, 32).items() if k != "offset_mapping"})
    assert [x.shape for x in logits] == [(4, logits[0].shape[1])] * 2
