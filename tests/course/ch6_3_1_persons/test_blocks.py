"""Neighbouring lines of the paper stay together."""

import pytest
from datasets import Dataset, DatasetDict

from pyft.course.ch6_3_1_persons import blocks
from pyft.data import peoples_daily


def lines(numbers):
    return Dataset.from_dict({"id": list(map(str, numbers)), "tokens": [list(f"line {n}") for n in numbers]})


def test_no_block_is_in_two_splits_and_no_line_is_lost(monkeypatch):
    N = 30 * blocks.LINES
    apart = {split: lines(range(k, N, 3)) for k, split in enumerate(("train", "validation", "test"))}
    monkeypatch.setattr(peoples_daily, "load", lambda: DatasetDict(apart))
    splits = blocks.load()
    of = {split: set(rows["block"]) for split, rows in splits.items()}
    assert {split: len(some) for split, some in of.items()} == {"train": 24, "validation": 3, "test": 3}
    assert len(set.union(*of.values())) == 30
    assert sorted(int(key) for rows in splits.values() for key in rows["id"]) == list(range(N))
    assert all(int(row["id"]) // blocks.LINES == row["block"] for row in splits["test"])


@pytest.mark.fetched
def test_the_paper_has_enough_blocks_to_be_tested_on():
    before, splits = peoples_daily.load(), blocks.load()
    assert sum(map(len, splits.values())) == sum(map(len, before.values()))
    assert splits["test"].features["ner_tags"] == before["test"].features["ner_tags"]
    assert all(len(splits[s]) > 1500 and len(set(splits[s]["block"])) > 30 for s in ("validation", "test"))
