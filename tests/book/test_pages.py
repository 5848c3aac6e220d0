"""Built pages load what they use, say what they are, and let no image push the text about."""

import struct

import pytest

from pyft.book import pages

SCRIPT = (
    '{"arrow-up":[384,512,[8593],"f062","M1 2z"],check:[448,512,[],"f00c","M3 4z"],"bell":[448,512,[],"f0f3","M5 6z"]}'
)
CSS = (
    "@font-face{font-family:Font Awesome\\ 6 Free;src:url(a.woff2)}@font-face{font-family:Ours;src:url(b.woff2)}"
    '.fa-arrow-up:before{content:"\\f062"}.fa-check:before,.fa-tick:before{content:"\\f00c"}.fa-lg{font-size:2em}'
    ':root{--pst-icon-bell:"\uf0f3";--pst-icon-admonition-note:var(--pst-icon-bell)}'
)
HEAD = (
    "<head><title>4.2 Losses &#8212; The book</title>\n"
    '<script defer src="../_static/scripts/fontawesome.js?digest=1"></script>\n'
    '<link rel="stylesheet" type="text/css" href="../_static/sphinx-design.min.css?v=6" />\n'
    '<script src="../_static/clipboard.min.js"></script>\n'
    '<script src="../searchindex.js"></script>\n'
    '<script src="../_static/togglebutton.js"></script>\n'
    '<script src="../_static/doctools.js"></script>\n</head>'
)


def test_a_page_loads_no_file_that_nothing_on_it_needs():
    page = pages.without_unused(f"{HEAD}<body><p>Words.</p></body>")
    assert [name for name in ("fontawesome", "clipboard", "searchindex", "togglebutton") if name in page] == []
    assert "doctools.js" in page
    page = pages.without_unused(f'{HEAD}<body class="primary-toggle sd-dropdown"><pre>x = 1</pre></body>')
    assert "clipboard" in page and "togglebutton" not in page
    page = pages.without_unused(f'{HEAD}<body><div class="admonition tip dropdown"></div></body>')
    assert "togglebutton" in page


def test_icons_are_those_that_are_asked_for_and_those_of_admonitions():
    made = pages.icons(SCRIPT, CSS, ["check"])
    assert ".fa-check { --icon: url(" in made and "M3 4z" in made
    assert all(style in made.split("{")[0] for style in (".fa-solid", ".fas", ".fa-brands", ".fab"))
    assert ".admonition.note > .admonition-title { --icon: url(" in made and "M5 6z" in made
    assert "arrow-up" not in made
    with pytest.raises(ValueError, match="no icon of the name nosuch"):
        pages.icons(SCRIPT, CSS, ["nosuch"])


def test_the_theme_keeps_its_rules_but_for_the_icon_font():
    assert pages.without_icon_font(CSS).startswith("@font-face{font-family:Ours;src:url(b.woff2)}.fa-lg{font-size:2em}")


def test_images_are_sized_and_all_but_the_first_wait(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 8 + struct.pack(">II", 640, 360))
    (tmp_path / "b.svg").write_text('<svg viewBox="0 0 300.4 90">', encoding="utf8")
    a, b, has = '<img alt="A" src="a.png" />', '<img src="b.svg"/>', '<img width="9" src="a.png">'
    sized_a = '<img alt="A" src="a.png" width="640" height="360" />'
    sized_b = '<img src="b.svg" width="300" height="90"/>'
    waits = '<img src="b.svg" width="300" height="90" loading="lazy"/>'
    page = pages.sized(f"{b}<article>{a}{b}{has}", tmp_path)
    assert page == f"{sized_b}<article>{sized_a}{waits}{has}"


def test_the_page_at_the_root_leads_to_the_book_and_says_what_it_is():
    page = pages.first_page("book/index.html", "Fine & well")
    assert '<html lang="en">' in page and "<title>Fine &amp; well</title>" in page
    assert 'content="0; url=book/index.html"' in page and 'href="_static/favicon.svg"' in page


def test_a_page_is_described_by_its_title_and_first_paragraph():
    page = f'{HEAD}<h1>4.2</h1><p>Short.</p><p>A loss turns "how wrong?" into <em>one number</em>, and no more.</p>'
    made = pages.described(page, "a/b.html")
    assert (
        '<meta name="description" content="A loss turns &quot;how wrong?&quot; into one number, and no more." />'
        in made
    )
    assert '<meta property="og:title" content="4.2 Losses" />' in made
    assert "og:image" not in made
    assert 'content="https://x.org/_static/card.png"' in pages.described(page, "a/b.html", "https://x.org/")


def test_a_site_has_one_style_sheet_with_what_its_pages_and_scripts_name(tmp_path):
    for name, text in {
        "index.html": "<head></head>",
        "book/a.html": f'{HEAD}<h1>A</h1><i class="seen fa-check"></i><pre><span class="n">x</span></pre>',
        "search.html": f"{HEAD.replace('../', '')}<h1>Search</h1>",
        "_static/pygments.css": ".highlight { color: red } .highlight .n { color: red }",
        "_static/sphinx-design.min.css": f"{CSS}.seen{{top:0}}.unseen{{top:1px}}.made{{top:2px}}",
        "_static/doctools.js": "element.classList.add('made')",
        "_static/scripts/fontawesome.js": SCRIPT[:-1] + ',"xmark":[1,1,[],"f00d","M7 8z"]}',
        "searchindex.js": "",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf8")
    pages.lighten(tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"index.html", "book/a.html", "search.html", "_static/site.css", "_static/doctools.js"}
    css = (tmp_path / "_static" / "site.css").read_text(encoding="utf8")
    assert ".seen{top:0}" in css and ".made{top:2px}" in css and "unseen" not in css
    assert ".fa-check { --icon: url(" in css and "content" not in css.partition(".fa-solid")[0]
    page = (tmp_path / "book" / "a.html").read_text(encoding="utf8")
    assert page.count("stylesheet") == 1 and 'href="../_static/site.css?v=' in page
    assert "<pre>x</pre>" in page
    assert "_static/search.js" in (tmp_path / "search.html").read_text(encoding="utf8")


def test_an_answer_that_is_a_formula_alone_has_a_name():
    start, formula = '<summary class="sd-summary-title sd-card-header">', "<math><mn>0.5</mn></math>"
    alone, told = f"{start}{formula}</summary>", f"{start}{formula}: three of four</summary>"
    assert pages.named(alone) == f'{start[:-1]} aria-label="0.5">{formula}</summary>'
    assert pages.named(told) == told
    assert "90 %" in pages.named(f"{start}<math><mn>90</mn></math> %</summary>").partition(">")[0]


def test_a_reference_has_no_role_that_is_given_up():
    assert (
        pages.named('<div class="citation" id="a" role="doc-biblioentry">A</div>')
        == '<div class="citation" id="a">A</div>'
    )


def test_light_or_dark_is_settled_before_the_first_paint():
    page = f"<script>\n    {pages.THEME}\n  </script>"
    assert '"auto";' not in pages.themed(page)
    assert 'matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"' in pages.themed(page)


def test_a_figure_and_its_percent_sign_stay_in_one_line_but_code_as_it_is():
    page = '<p>13 % of <span class="pasted-text">4.2</span> %.</p><pre>7 % 3</pre><p><code>a = 5 % 2</code> 9 % x</p>'
    assert pages.unbroken(page) == page.replace("13 %", "13&#160;%").replace("> %.", ">&#160;%.").replace(
        "9 %", "9&#160;%"
    )
