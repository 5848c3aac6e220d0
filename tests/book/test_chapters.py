"""Chapters are found by the numbers in their names, in the outline's order."""

import pytest
from small_package import only

from pyft.book import chapters
from pyft.errors import PyftError


def test_chapters_are_in_the_outlines_order_and_not_the_alphabets(house):
    for name in ("1_10_last", "1_2_second", "1_9_third", "1_1_1_first"):
        house.chapter(name, "x = 1")
    assert list(chapters.chapters()) == ["1.1.1", "1.2", "1.9", "1.10"]
    assert chapters.chapters()["1.2"].name == "chapters/1_part/1_2_second.ipynb"


def test_select_keeps_the_order_asked_for_and_takes_all_for_none(house):
    for name in ("1_1_a", "1_2_b"):
        house.chapter(name, "x = 1")
    assert [c.number for c in chapters.select(["1.2", "1.1"])] == ["1.2", "1.1"]
    assert [c.number for c in chapters.select([])] == ["1.1", "1.2"]


def test_an_unknown_number_is_answered_with_those_there_are(house):
    house.chapter("1_1_a", "x = 1")
    with pytest.raises(PyftError, match=r"unknown chapter '1\.7'.*Known: 1\.1\."):
        chapters.select(["1.7"])


def test_a_badly_named_notebook_is_told_what_names_are_like(house):
    house.chapter("sentiment", "x = 1")
    with pytest.raises(PyftError, match=r"chapters/1_part/sentiment\.ipynb: expected a name like 6_1_sentiment\.ipynb"):
        chapters.chapters()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"nbformat": 4}', "<<<<<<< HEAD"])
def test_a_file_that_is_no_notebook_is_a_clear_error(house, text):
    house.write("chapters/1_part/1_1_a.ipynb", text)
    with pytest.raises(PyftError, match=r"1_1_a\.ipynb is not a notebook .*git checkout -- chapters/1_part/1_1_a"):
        only().read()
