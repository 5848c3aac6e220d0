"""The formulas count what the library has; T5's groups of offsets are the library's, and its holes lose nothing."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers.models.t5.modeling_t5 import T5Attention

from pyft.course.ch7_2_pretrained_models import sizes


def test_parameters_are_the_librarys():
    library = {name: sizes.parameters(model) for name, model in sizes.library_models().items()}
    assert library == {name: formula(1, 128).parameters for name, (_, formula) in sizes.BY_FORMULA.items()}


@pytest.mark.parametrize("buckets,far", [(32, 128), (8, 20), (64, 1000)])
def test_groups_of_offsets_are_the_librarys(buckets, far):
    offsets = torch.arange(-2 * far, 2 * far + 1)
    theirs = T5Attention._relative_position_bucket(offsets, True, buckets, far)
    assert torch.equal(sizes.offset_bucket(offsets, buckets, far), theirs)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=4))
def test_what_is_seen_and_written_is_the_whole_text(parts):
    words, spans, at = [], [], 0
    for kept, gone in parts:
        spans.append((at + kept, at + kept + gone))
        at += kept + gone
    words = [str(i) for i in range(at + 2)]
    seen, target = sizes.corrupt(words, spans)
    filled = []
    for word in seen:
        if word.startswith("<"):
            start, end = target.index(word), target.index(f"<{int(word[1:-1]) + 1}>")
            filled += target[start + 1 : end]
        else:
            filled.append(word)
    assert filled == words
