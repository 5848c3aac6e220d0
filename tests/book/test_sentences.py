"""Glued figures stay bold, glued sentences are marked as such."""

import pytest
from docutils import nodes, utils

from pyft.book.sentences import SENTENCE, mark


@pytest.mark.parametrize(
    ("before", "glued", "after", "sentence"),
    [
        ("right on ", "76.0", " % of texts.", False),
        ("", "76.0", "", False),
        ("So: ", "no difference shown (0.1 points)", ".", False),
        ("", "Of 6 methods none is better.", "", True),
        ("Against chance. ", "Of 6 methods none is better.", "", True),
        ("", "None is (at 5 %.)", " More follows.", True),
        ("", "better: full; worse: none", "", True),  # alone in its paragraph
    ],
)
def test_what_ends_as_a_sentence_or_stands_alone_is_one(before, glued, after, sentence):
    inline = nodes.inline("", glued, classes=["pasted-text"])
    parts = [*([nodes.Text(before)] if before else []), inline, *([nodes.Text(after)] if after else [])]
    document = utils.new_document("page")
    document += nodes.paragraph("", "", *parts)
    mark(None, document, "page")
    assert (SENTENCE in inline["classes"]) == sentence


def test_what_is_not_glued_is_left_alone():
    inline = nodes.inline("", "A sentence.")
    document = utils.new_document("page")
    document += nodes.paragraph("", "", inline)
    mark(None, document, "page")
    assert inline["classes"] == []
