"""The error that a reader sees names what is known, and what was probably meant."""

import pytest

from pyft.errors import PyftError, unknown


@pytest.mark.parametrize(
    "name,text",
    [
        ("laptap", "unknown profile 'laptap'. Did you mean 'laptop'? Known: laptop, gpu."),
        ("zzz", "unknown profile 'zzz'. Known: laptop, gpu."),
        ("", "unknown profile ''. Known: laptop, gpu."),
    ],
)
def test_unknown_suggests_the_nearest_name_if_one_is_near(name, text):
    error = unknown("profile", name, ["laptop", "gpu"])
    assert isinstance(error, PyftError)
    assert str(error) == text
