"""A window finds an answer where the question's words stand around it."""

from pyft.course.ch1_2_what_they_are_used_for import spans

PASSAGE = "Many lived in Rome then . The bridge was built by Anna Bell in 1897 , of stone . Later Paris grew ."


def test_the_window_takes_what_stands_among_the_questions_words():
    rarity = spans.words_of([PASSAGE, "The city of Rome"])
    assert spans.sliding_window("who built the bridge of stone ?", PASSAGE, rarity, width=4) == "Anna Bell in"
    assert spans.sliding_window("what grew later ?", PASSAGE, rarity, width=2) == "Paris"


def test_a_passage_without_names_or_numbers_has_no_answer():
    assert spans.sliding_window("who ?", "nothing stands here", spans.words_of([])) == ""


def test_words_are_counted_once_a_passage():
    assert spans.words_of(["a a B", "b c"]) == {"a": 1, "b": 2, "c": 1}
