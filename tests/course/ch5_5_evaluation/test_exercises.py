"""The solutions of 5.5 are right by another way to the same."""

import torch

from pyft.course.ch5_5_evaluation.exercises import in_order, only_one_right


def test_answers_go_back_to_their_rows():
    order = torch.tensor([2, 0, 3, 1])
    answers = torch.tensor([0.1, 0.7, 0.4, 0.9])
    assert torch.equal(in_order(answers, order), answers[order.argsort()])


def test_only_one_right_counts_sentence_by_sentence():
    a, b, y = [0, 1, 1, 0, 2], [0, 0, 1, 1, 0], [0, 1, 0, 1, 1]
    first = sum(p == t != q for p, q, t in zip(a, b, y, strict=True))
    second = sum(q == t != p for p, q, t in zip(a, b, y, strict=True))
    assert [int(n) for n in only_one_right(*map(torch.tensor, (a, b, y)))] == [first, second] == [1, 1]
