"""Texts in 27 signs: nothing is lost between signs and codes, and no text is learnt from that is tested."""

import pytest
import torch
from datasets import Dataset, DatasetDict

from pyft.course.part1 import letters
from pyft.errors import PyftError
from pyft.maths.objectives import IGNORED


@pytest.mark.parametrize(
    "text,simple",
    [
        ("It's GOOD, isn't it?", "it s good isn t it"),
        ("  Amélie\t(2001) — naïve ", "amelie naive"),
        ("Ünïcödé", "unicode"),
        ("10/10", ""),
        ("", ""),
    ],
)
def test_a_text_is_simplified(text, simple):
    assert letters.simplify(text) == simple
    assert set(simple) <= set(letters.LETTERS)


def test_codes_and_signs_determine_each_other():
    assert letters.encode(" az") == [1, 2, 27, letters.END]
    assert letters.decode(letters.encode("a film of zest")) == "a film of zest"
    assert max(letters.encode(letters.LETTERS)) == letters.V - 1


def test_what_is_tested_is_not_learnt_from(monkeypatch):
    made = {
        "train": ["Good!", "good", "New one", "7"],
        "validation": ["Bad.", "GOOD"],
        "test": ["bad", "Fine", "fine"],
    }
    splits = DatasetDict({split: Dataset.from_dict({"text": texts}) for split, texts in made.items()})
    monkeypatch.setattr(letters.data, "load", lambda name: splits)
    assert letters.reviews() == {"test": ["bad", "fine"], "validation": ["good"], "train": ["new one"]}


def test_a_seed_draws_the_same_texts_again():
    texts = [str(i) for i in range(50)]
    assert letters.draw(texts, 20, 3) == letters.draw(texts, 20, 3) != letters.draw(texts, 20, 4)
    assert len(set(letters.draw(texts, 50, 0))) == 50
    with pytest.raises(PyftError, match="cannot draw 51 of 50"):
        letters.draw(texts, 51, 0)


def test_what_is_read_is_what_stood_before():
    wanted = letters.pad([[5, 6, letters.END], [7, letters.END]])
    assert wanted.tolist() == [[5, 6, 0], [7, 0, IGNORED]]
    assert letters.read_before(wanted).tolist() == [[0, 5, 6], [0, 7, 0]]
    assert torch.equal(wanted, letters.pad([[5, 6, letters.END], [7, letters.END]]))  # nothing was written into it


def test_an_end_is_asked_for_as_well():
    assert letters.size(["ab", ""]) == 4
