"""MyST becomes Markdown that Colab shows; what has no plain form is named."""

from pathlib import PurePosixPath

import pytest

from pyft.book.plain import STORED, Place, cited, glued, plain
from pyft.errors import PyftError

PAGE = PurePosixPath("chapters/4_mathematics/4_2_losses.ipynb")
PLACE = Place(PAGE, "https://github.com/o/n/raw/abc", "https://o.github.io/n/")


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        ("It is {glue:text}`share` %.", f"It is 84.9{STORED} %."),
        (
            "See {eq}`eq-a`.",
            "See [the formula](https://o.github.io/n/chapters/4_mathematics/4_2_losses.html#equation-eq-a).",
        ),
        (
            "See {ref}`the table <t>`.",
            "See [the table](https://o.github.io/n/chapters/4_mathematics/4_2_losses.html#t).",
        ),
        ("[x](../2_concepts/2_1_a.ipynb#b)", "[x](https://o.github.io/n/chapters/2_concepts/2_1_a.html#b)"),
        ("[x](../../book/installing.md)", "[x](https://o.github.io/n/book/installing.html)"),
        ("[x](https://example.org/a.md)", "[x](https://example.org/a.md)"),
        ("$$x$$ (eq-a)", "$$x$$"),
        ("(here)=\nWords", "Words"),
        (":::{note}\nOne.\n\nTwo.\n:::", "> **Note**\n>\n> One.\n>\n> Two."),
        ("```{warning}\nOne.\n```", "> **Warning**\n>\n> One."),
        (":::{admonition} The key\n:class: tip\n\nOne.\n:::", "> **The key**\n>\n> One."),
        (":::{dropdown} A hint\nOne.\n:::", "<details><summary>A hint</summary>\n\nOne.\n\n</details>"),
        ("::::{note}\n:::{tip}\nIn.\n:::\n::::", "> **Note**\n>\n> > **Tip**\n> >\n> > In."),
        ("Write `{glue:text}` yourself.", "Write `{glue:text}` yourself."),
        ("```python\nx = {1}\n```", "```python\nx = {1}\n```"),
    ],
)
def test_each_piece_of_myst_has_its_plain_form(myst, markdown):
    assert plain(myst, PLACE, {"share": "84.9"}) == markdown


def test_a_source_is_a_link_with_author_and_year():
    assert cited("devlin2019bert") == "Devlin et al., 2019"
    made = plain("{cite}`hutto2014vader,pang2004sentimental`", PLACE, {})
    link = "https://o.github.io/n/book/references.html"
    assert made == f"[[Hutto and Gilbert, 2014]({link}); [Pang and Lee, 2004]({link})]"
    with pytest.raises(PyftError, match="source"):
        cited("nobody1900")


@pytest.mark.parametrize("myst", ["{nosuch}`a`", "{glue:text}`nosuch`", ":::{note}\nnever closed"])
def test_what_has_no_plain_form_is_named(myst):
    with pytest.raises(PyftError, match="4_2_losses"):
        plain(myst, PLACE, {})


def test_glued_figures_are_read_from_stored_outputs():
    def output(name, value):
        data = {"application/papermill.record/text/plain": value}
        return {"output_type": "display_data", "data": data, "metadata": {"scrapbook": {"name": name}}}

    cell = {"outputs": [output("a", "'84.9'"), output("b", "3"), {"output_type": "stream", "text": "x"}]}
    assert glued({"cells": [cell, {"cell_type": "markdown"}]}) == {"a": "84.9", "b": "3"}
