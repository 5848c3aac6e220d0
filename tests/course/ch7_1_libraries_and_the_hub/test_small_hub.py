"""The real client fetches from the page's hub; a moved branch gives other files, a commit the same."""

import numpy as np
import pytest
from safetensors.numpy import load, save

from pyft.course.ch7_1_libraries_and_the_hub import small_hub, tensors


def test_files_are_fetched_by_branch_and_by_commit(tmp_path):
    repository = small_hub.Repository()
    first = repository.commit({"a.txt": b"one", "b.json": b"{}"})
    with small_hub.serving({"me/it": repository}) as url:
        before = small_hub.fetch(url, "me/it", "main", tmp_path)
        second = repository.commit({"a.txt": b"two", "b.json": b"{}"})
        after = small_hub.fetch(url, "me/it", "main", tmp_path)
        pinned = small_hub.fetch(url, "me/it", first, tmp_path)
    assert first != second
    assert [(path / "a.txt").read_bytes() for path in (before, after, pinned)] == [b"one", b"two", b"one"]
    assert (before.name, after.name, pinned) == (first, second, before)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64])
def test_tensors_are_read_and_written_as_the_library_does(dtype):
    some = {"a": np.arange(6, dtype=dtype).reshape(2, 3), "b": np.ones((), dtype), "empty": np.zeros((0, 4), dtype)}
    for found in (load(tensors.write(some)), tensors.read(save(some))):
        assert found.keys() == some.keys()
        for name, x in some.items():
            assert found[name].dtype == x.dtype and np.array_equal(found[name], x)
