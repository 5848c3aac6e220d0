"""Figures and equations carry the number of their page's title."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from pyft.book.numbering import renumber, section_number


@pytest.mark.parametrize(
    ("title", "number"),
    [
        ("4.3 Optimisers · 优化算法", (4, 3)),
        ("4.1.1 Self-attention", (4, 1, 1)),
        ("5 Practice", (5,)),
        ("Glossary", ()),
        ("2.5-fold", ()),
    ],
)
def test_a_title_begins_with_the_number_of_its_section(title, number):
    assert section_number(title) == number


def test_each_page_and_each_kind_counts_from_one_in_the_order_of_the_page():
    env = SimpleNamespace(
        titles={
            page: SimpleNamespace(astext=lambda title=title: title) for page, title in [("a", "4.3 A"), ("b", "B")]
        },
        toc_fignumbers={
            "a": {"figure": {"late": (10,), "early": (9,)}, "displaymath": {"eq": (3,)}},
            "b": {"figure": {"other": (11,)}},
        },
    )
    assert renumber(None, env) == []
    assert env.toc_fignumbers == {
        "a": {"figure": {"early": (4, 3, 1), "late": (4, 3, 2)}, "displaymath": {"eq": (4, 3, 1)}},
        "b": {"figure": {"other": (1,)}},
    }


def test_in_a_built_page_captions_references_and_equations_have_these_numbers(tmp_path):
    (tmp_path / "conf.py").write_text(
        "extensions = ['myst_parser', 'pyft.book.numbering']\nnumfig = True\n"
        "numfig_format = {'figure': 'Figure %s'}\nmyst_enable_extensions = ['dollarmath', 'colon_fence']\n"
    )
    (tmp_path / "one.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    figure = ":::{figure-md} fig-NAME\n![What is to be seen.](one.svg)\n\nA caption\n:::\n\n"
    (tmp_path / "index.md").write_text(f"# Book\n\n{figure}```{{toctree}}\na\n```\n".replace("NAME", "front"))
    page = (
        "# 4.3 Optimisers\n\n$$\na = b\n$$ (eq-a)\n\n" + figure.replace("NAME", "one") + figure.replace("NAME", "two")
    )
    (tmp_path / "a.md").write_text(page + "See {numref}`fig-two`, {numref}`fig-front` and {eq}`eq-a`.\n")
    out = tmp_path / "out"
    subprocess.run([sys.executable, "-m", "sphinx", "-q", "-W", tmp_path, out], check=True)
    html = (out / "a.html").read_text(encoding="utf8")
    assert html.count('<span class="caption-number">Figure 4.3.1 </span>') == 1
    assert html.count('<span class="caption-number">Figure 4.3.2 </span>') == 1
    assert '<span class="std std-numref">Figure 4.3.2</span>' in html
    assert '<span class="std std-numref">Figure 1</span>' in html
    assert '<span class="eqno">(4.3.1)<' in html
    assert '<a class="reference internal" href="#equation-eq-a">(4.3.1)</a>' in html
    assert 'alt="What is to be seen."' in html
