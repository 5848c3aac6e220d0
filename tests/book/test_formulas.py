"""Formulas become MathML when the book is built."""

import re
from xml.etree import ElementTree

import pytest
from docutils import nodes

from pyft import paths
from pyft.book import formulas
from pyft.book.chapters import chapters
from pyft.book.formulas import mathml, width

ON_A_LINE = re.compile(r"(?<![\\$])\$([^$\n]+?)\$(?!\d)")
ALONE = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def prose():
    for chapter in chapters().values():
        for cell in chapter.read().cells:
            if cell.cell_type == "markdown":
                yield chapter.name, CODE.sub("", cell.source)
    for path in (paths.ROOT / "book").glob("*.md"):
        yield path.name, CODE.sub("", path.read_text(encoding="utf8"))


def test_every_formula_of_the_book_can_be_made():
    made = 0
    for name, text in prose():
        for block in (True, False):
            for tex in (ALONE if block else ON_A_LINE).findall(text if block else ALONE.sub("", text)):
                assert (made_of := mathml(tex, block)).startswith("<math"), (name, tex)
                assert width(ElementTree.fromstring(made_of)) > 0  # noqa: S314 (made here)
                made += 1
    assert made > 100


def test_a_fraction_a_root_and_a_named_function():
    made = mathml(r"\frac{QK^\top}{\sqrt{d_k}}, \quad \arg\max_k z_k", block=True)
    assert 'display="block"' in made
    for part in ("<mfrac>", "<msqrt>", "arg", "max"):
        assert part in made
    assert "\\" not in made


def test_a_command_that_nobody_knows_is_no_formula():
    with pytest.raises(ValueError, match=r"\\nosuch cannot be made into MathML"):
        mathml(r"x + \nosuch y")


def test_rows_are_aligned_in_a_table_or_refused():
    made = mathml(r"\begin{aligned} u &= a \\ z &= b \end{aligned}", block=True)
    assert made.count("<mtr>") == 2 and made.count('<mtd columnalign="right">') == 2
    with pytest.raises(ValueError, match="rows or columns"):
        mathml(r"\begin{gathered} u &= a \\ z &= b \end{gathered}")


def test_a_function_stands_apart_from_what_it_is_of():
    assert mathml(r"q \ln p").count("mspace") == 2
    assert mathml(r"\log(p)").count("mspace") == 0


def test_a_minus_with_nothing_before_it_is_a_sign():
    assert mathml("(-1, -x)").count('form="prefix"') == 2
    assert 'form="prefix"' in mathml("e^{-x}")
    assert 'form="prefix"' not in mathml("a - b")


def test_plus_or_minus_and_arrows_are_operators():
    assert "<mo>&#x000B1;</mo>" in mathml(r"2 \pm s")
    assert "<mo>&#x027FA;</mo>" in mathml(r"p > c \iff m > 0")


def test_a_norm_does_not_grow_and_a_law_is_not_a_letter():
    assert mathml(r"\lVert w \rVert^2").count('<mo fence="true" stretchy="false">&#x02016;</mo>') == 2
    assert "<mo>&#x0223C;</mo><mi>Beta</mi>" in mathml(r"\lambda \sim \operatorname{Beta}(\alpha, \alpha)")


def test_max_is_a_name_but_where_something_stands_below_it():
    assert "<mi>max</mi>" in mathml(r"\max(0, x)")
    assert "<mo>max</mo>" in mathml(r"\max_k z")


def test_the_width_of_a_formula_is_that_of_its_widest_row():
    def wide(tex):
        return width(ElementTree.fromstring(mathml(tex, block=True)))  # noqa: S314 (made here)

    assert 0.5 < wide("x") < 1
    assert wide(r"\frac{a + b}{c}") == wide("a + b") < wide("a + b + c")
    assert wide("x^{ab}") < wide("xab")
    assert wide(r"\begin{aligned} u &= a \\ z &= b + c \end{aligned}") == wide("z = b + c")


def test_what_ends_a_clause_stays_with_its_formula():
    line = nodes.paragraph("", "", nodes.math("", "x"), nodes.Text("), and "), nodes.math("", "y"), nodes.Text(" too"))
    formulas.keep_together(None, line)
    assert [node.get("after", "") for node in line.findall(nodes.math)] == ["),", ""]
    assert line.astext() == "x and y too"
    line = nodes.paragraph("", "", nodes.Text("."), nodes.math("", "T"), nodes.Text("."))  # the same text before
    formulas.keep_together(None, line)
    assert line.astext() == ".T"
