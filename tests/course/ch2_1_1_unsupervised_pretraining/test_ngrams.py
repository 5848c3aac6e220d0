"""The counting model of section 2.1.1, its published figures, and its exercises."""

import math

import pytest

from pyft.course.ch2_1_1_unsupervised_pretraining import scale
from pyft.course.ch2_1_1_unsupervised_pretraining.ngrams import NGrams
from pyft.exercises import every


def test_probabilities_by_hand():
    """After an a of "abaab": two kinds, a once and b twice; before any context, two kinds in five characters."""
    model = NGrams("abaab", 1, "ab")
    none = (3 + 2 * 0.5) / (5 + 2)  # of an a
    assert model.p("a", "") == pytest.approx(none)
    assert model.p("a", "a") == pytest.approx((1 + 2 * none) / (3 + 2))


@pytest.mark.parametrize("context", ["", "a", "ab", "ba", "zz", "aab"])
def test_probabilities_add_up_to_one(context):
    model = NGrams("abaababb", 3, "abz")
    assert sum(model.p(c, context) for c in "abz") == pytest.approx(1)


def test_bits_are_those_of_the_probabilities_and_of_the_order_that_is_asked_for():
    model = NGrams("abaababb", 2, "ab")
    by_hand = -(math.log2(model.p("a", "")) + math.log2(model.p("b", "a")) + math.log2(model.p("b", "ab"))) / 3
    assert model.bits("abb", 2) == pytest.approx(by_hand)
    assert model.bits("abb", 0) == pytest.approx(-(math.log2(model.p("a", "")) + 2 * math.log2(model.p("b", ""))) / 3)


def test_more_text_of_the_same_kind_helps():
    text = "the cat sat on the mat. " * 40
    assert NGrams(text, 3, "abcdehmnost .").bits(text[:100], 3) < NGrams(text[:30], 3, "abcdehmnost .").bits(
        text[:100], 3
    )


def test_the_formula_gives_what_a_paper_prints():
    gpt3 = next(model for model in scale.PUBLISHED if model.name == "GPT-3")
    assert gpt3.operations == pytest.approx(scale.GPT3_OPERATIONS, rel=0.01)
    assert all(model.where and model.cite for model in scale.PUBLISHED)


def test_a_bill_is_that_of_the_table():
    gpt3 = next(model for model in scale.PUBLISHED if model.name == "GPT-3")
    bill = every("2.1.1")["2.1.1-b"].solution(gpt3.parameters, 1, 1, gpt3.tokens)
    assert bill == pytest.approx(gpt3.operations)
