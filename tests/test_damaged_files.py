"""Whatever stands in a file that pyft reads, it gives an error of ours or none."""

import json
import os
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyft import paths
from pyft.benchmarks import experiment
from pyft.book import chapters
from pyft.book.chapters import Chapter, read_yaml
from pyft.book.freshness import changed
from pyft.errors import PyftError
from pyft.evidence import bands, records
from pyft.finetune import predictions

NAMES = ["laptop", "6.1/a", "seed", "metrics", "runs", "key", "cells", "nbformat", "metadata", "text", "tokens", "pyft"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)
CONTENTS = st.one_of(
    st.binary(max_size=80),
    st.text(string.printable, max_size=80).map(str.encode),
    JSON.map(lambda x: json.dumps(x).encode()),
    JSON.map(
        lambda x: json.dumps({"cells": [x], "metadata": {"pyft": x}, "nbformat": 4, "nbformat_minor": 5}).encode()
    ),
)


def notebook(root):
    chapter = Chapter("1.1", root / "file.ipynb")
    changed(chapter)


READERS = {
    "bands": ("book/results/bands.json", lambda root: bands.expect("6.1/a", 0.5, 0)),
    "records": ("book/results/6.1/laptop/seed-0.json", lambda root: records.results("6.1")),
    "published": ("book/results/published.json", lambda root: records.published("a")),
    "runs": ("runs.json", lambda root: experiment._read(root / "runs.json")),
    "notebook": ("file.ipynb", notebook),
    "configuration": ("_config.yml", lambda root: read_yaml("_config.yml")),
    "texts": ("texts.csv", lambda root: predictions.read_texts(root / "texts.csv", "regression")),
    "lines": ("texts.txt", lambda root: predictions.read_texts(root / "texts.txt", "token-classification")),
    "words": ("texts.conll", lambda root: predictions.read_texts(root / "texts.conll", "token-classification")),
    "objects": ("texts.jsonl", lambda root: predictions.read_texts(root / "texts.jsonl", "token-classification")),
}


@pytest.mark.parametrize("name", READERS)
@settings(
    max_examples=200 if os.environ.get("CI") else 50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(content=CONTENTS)
def test_no_file_gives_any_other_error_than_ours(name, content, house):
    path, read = READERS[name]
    house.write("_config.yml", "")
    file = house.write(path, "")
    file.write_bytes(content)
    try:
        read(paths.ROOT)
    except (PyftError, bands.BandError) as error:
        str(error).encode()
    finally:
        file.unlink()
    assert chapters.CHAPTERS.parent == paths.ROOT
