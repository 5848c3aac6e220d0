"""What is drawn follows the rule that it is drawn by."""

import random

import pytest
import torch

from pyft.course.ch1_2_what_they_are_used_for import sampling
from pyft.course.part1.counts import KneserNey

MODEL = KneserNey(["the cat sat", "the rat sat", "the cat ran"], 4, " abcdefghijklmnopqrstuvwxyz")


def test_logits_are_the_model_s_probabilities():
    shares = sampling.logits_of(MODEL, "^the").softmax(-1)
    assert shares.tolist() == pytest.approx(list(MODEL.distribution("^the").values()))


def test_the_likeliest_sign_alone_writes_one_text():
    greedy = {sampling.write(MODEL, lambda x: sampling.top_k(x, 1), random.Random(seed)) for seed in range(5)}
    assert greedy == {"the cat sat"}


def test_a_text_ends_or_is_cut_and_holds_no_mark():
    free = [sampling.write(MODEL, lambda x: x, random.Random(seed), length=9) for seed in range(30)]
    assert len(set(free)) > 5 and max(map(len, free)) == 9
    assert not set("".join(free)) & set("^$")


def test_ties_at_the_border_of_top_k_stay_together():
    kept = sampling.top_k(torch.tensor([1.0, 2.0, 2.0, 0.0]), 2)
    assert kept.isfinite().tolist() == [False, True, True, False]
    assert sampling.nucleus(torch.tensor([5.0, 0.0, 0.0]), 0.1).isfinite().sum() == 1  # never none
