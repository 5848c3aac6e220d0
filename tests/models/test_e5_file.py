"""The file of four-bit blocks, written number by number by the tests, is read as what was written."""

import numpy as np
import pytest
from small_e5 import PIECES, REPLACED, SCORES, arrays, small_e5

from pyft.errors import PyftError
from pyft.models import e5_file


@pytest.fixture
def file(tmp_path):
    """A function: bytes as a file, read."""

    def read(content):
        path = tmp_path / "e5.bin"
        path.write_bytes(content)
        return e5_file.read(path)

    return read


def test_all_that_was_written_is_read(file):
    content, held = small_e5()
    read = file(content)
    assert (read.sizes.hidden, read.sizes.layers, read.sizes.vocabulary) == (32, 2, len(PIECES) + 3)
    assert read.sizes.epsilon == pytest.approx(1e-12)
    assert read.pieces == PIECES and np.allclose(read.scores, SCORES)
    assert read.special == {"begin": 0, "end": 2, "pad": 1, "unknown": 3}
    assert read.replaced == REPLACED
    for name, shape, _ in arrays():
        columns = shape[1] if len(shape) == 2 else None
        assert np.array_equal(read.array(name, columns), held[name]), name
        assert read.array(name, columns).dtype == np.float32


def test_rows_are_read_without_the_others(file):
    content, held = small_e5()
    read = file(content)
    for name in ("emb.word", "emb.pos"):  # in blocks, and whole
        assert np.array_equal(read.array(name, 32, [7, 2]), held[name][[7, 2]])


def test_an_array_can_be_written_to(file):
    read = file(small_e5()[0])
    read.array("emb.ln.w")[:] = 0
    assert read.array("emb.ln.w").any()


def test_the_low_half_of_a_byte_is_sixteen_places_before_the_high_half():
    blocks = np.zeros(1, e5_file.BLOCK)
    blocks["scale"], blocks["halves"][0, 3] = 0.5, 0x2F  # 15 and 2
    x = e5_file.dequantise(blocks)
    assert (x[3], x[19], x[0]) == (3.5, -3.0, -4.0)


@pytest.mark.parametrize("cut", [3, 30, 200, 900])
def test_a_file_that_is_cut_short_or_another_is_refused(file, cut):
    content, _ = small_e5()
    with pytest.raises(PyftError, match=r"e5\.bin is no file of multilingual-e5-small in four bits"):
        file(content[:cut])
    with pytest.raises(PyftError, match=r"begins with b'E5S2', expected b'E5S1'"):
        file(b"E5S2" + content[4:])


def test_an_array_that_is_not_there_is_named(file):
    with pytest.raises(PyftError, match=r"no array 'l9\.q\.w'"):
        file(small_e5()[0]).array("l9.q.w")
