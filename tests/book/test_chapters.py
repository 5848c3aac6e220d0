"""Chapters are found by the numbers in their names, in the outline's order."""

import pytest
from small_package import only

from pyft.book import build, chapters
from pyft.book.freshness import changed
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


def test_a_copy_that_jupyter_made_takes_no_chapters_place(house):
    for name in ("1_1_a", "1_1_a-Copy1", "1_2_b-Copy2"):
        house.chapter(name, "x = 1")
    assert [c.path.stem for c in chapters.chapters().values()] == ["1_1_a"]


def test_two_chapters_of_one_number_are_refused(house):
    for name in ("1_1_a", "1_1_b"):
        house.chapter(name, "x = 1")
    with pytest.raises(PyftError, match=r"1_1_a\.ipynb and .*1_1_b\.ipynb have the same number"):
        chapters.chapters()


@pytest.mark.parametrize("damage", [{"tags": None}, {"tags": 3}, {"tags": [1]}])
def test_damaged_metadata_of_a_cell_is_a_clear_error(house, damage):
    path = house.chapter("1_1_a", "x = 1")
    house.edit(path, lambda notebook: notebook.cells[0].metadata.update(damage))
    with pytest.raises(PyftError, match=r"1_1_a\.ipynb is not a notebook .*git checkout"):
        only().read()


@pytest.mark.parametrize("damage", [None, 3, [], {"key": None}, {"key": 3}, {"key": ["code"]}])
def test_damaged_metadata_of_ours_is_as_if_the_chapter_never_ran(house, damage):
    path = house.chapter("1_1_a", "x = 1")
    house.edit(path, lambda notebook: notebook.metadata.update(pyft=damage))
    assert changed(only()) == ["never run"]


@pytest.mark.parametrize(
    "text", ["", "a: [", "3", "html: {}", "sphinx: {config: []}\nhtml: {}", "sphinx: {config: 3}\nhtml: {}", "\x00"]
)
def test_a_damaged_configuration_is_a_clear_error(house, text):
    house.write("_config.yml", text)
    with pytest.raises(PyftError, match=r"_config\.yml .*Restore it: git checkout -- _config\.yml"):
        build.configuration()
