"""Models that count: by hand on a few signs, and what is drawn from them."""

import math
import random

import pytest

from pyft.course.part1.counts import MARK, STOP, Counts, KneserNey


def test_plain_counts_are_shares():
    model = Counts(["ab", "ac", "ab"], 2, "abcd")
    assert model.p("b", "a") == pytest.approx(2 / 3)
    assert model.p(STOP, "b") == 1
    assert model.p("a", "d") == pytest.approx(1 / 5)  # never seen: all are as likely
    assert model.bits("ab") == pytest.approx(-math.log2(2 / 3))
    assert model.bits("ad") == math.inf


def test_more_signs_are_looked_at_with_a_larger_order():
    texts = ["xab", "yac"]
    assert Counts(texts, 2, "abcxy").p("b", "xa") == 0.5
    assert Counts(texts, 3, "abcxy").p("b", "xa") == 1


def test_a_sign_that_goes_with_many_others_is_likelier_after_a_new_one():
    model = KneserNey(["quququbaca"], 2, "abcquz")
    assert model.p("a", "z") == pytest.approx(27 / 112)
    assert model.p("u", "z") == pytest.approx(13 / 112)


def test_every_text_is_possible_once_counts_are_smoothed():
    model = KneserNey(["the film", "the film is"], 4, "abcdefghijklmnopqrstuvwxyz ")
    assert math.isfinite(model.bits("zzz qqq")) and model.bits("the film") < model.bits("zzz qqq")


def test_the_smoothed_model_keeps_how_often_signs_occur():
    """What Kneser and Ney asked of the shorter model; the share that goes to signs never seen is what is missing."""
    texts = ["the cat sat on the mat", "a rat sat on the hat", "the cat ran"] * 3
    model = KneserNey(texts, 2, " abcdehmnorst")
    model.D[0] = 0.0  # the shorter model itself is not smoothed
    rows = [MARK + text + STOP for text in texts]
    for sign in "ate ":
        expected = sum(model.p(sign, row[i - 1]) for row in rows for i in range(1, len(row)))
        assert expected == pytest.approx(sum(row.count(sign) for row in rows))


def test_what_is_drawn_ends_where_a_text_ends_or_at_the_length():
    assert Counts(["ab"], 2, "ab").write(10, random.Random(0)) == "ab"
    assert Counts(["a" * 99], 1, "ab").write(10, random.Random(0)) == "a" * 10
    texts = {KneserNey(["abc", "abx"], 3, "abcx").write(5, random.Random(seed)) for seed in range(20)}
    assert len(texts) > 2
