"""A page gets one style sheet, of which every rule may meet something, and code without marks that show nothing."""

import pytest

from pyft.book import lean

HEAD = (
    '<head><link href="../_static/styles/theme.css?digest=1" rel="stylesheet" />\n'
    '<link rel="stylesheet" type="text/css" href="../_static/book.css?v=2" />\n'
    '<link rel="preload" as="script" href="../_static/scripts/theme.js" />\n'
    '<script>document.documentElement.dataset.theme = "auto"</script>\n'
    '<script src="../_static/options.js"></script>\n'
    '<script>DOCUMENTATION_OPTIONS.pagename = "a";</script>\n'
    '<link rel="icon" href="../_static/favicon.svg"/></head>'
)


def test_a_page_links_to_one_style_sheet_and_its_scripts_wait():
    assert lean.sheets(HEAD) == ["styles/theme.css", "book.css"]
    assert lean.linked(f'{HEAD}<body><script src="b.js"></script></body>', "../_static/site.css?v=1") == (
        '<head><link rel="stylesheet" href="../_static/site.css?v=1" />\n'
        '<script>document.documentElement.dataset.theme = "auto"</script>\n'
        '<script defer src="../_static/options.js"></script>\n'
        '<script type="module">DOCUMENTATION_OPTIONS.pagename = "a";</script>\n'
        '<link rel="icon" href="../_static/favicon.svg"/></head><body><script src="b.js"></script></body>'
    )


def test_style_sheets_are_joined_with_what_they_import_and_find_their_images(tmp_path):
    (tmp_path / "styles").mkdir()
    (tmp_path / "basic.css").write_text('.a{background:url("a.png")}')
    (tmp_path / "styles" / "theme.css").write_text('@charset "UTF-8";@import "../basic.css";.b{background:url(b.png)}')
    (tmp_path / "book.css").write_text(".c{src:url('c.woff2');cursor:url(data:image/png;base64,AA)}")
    made = lean.joined(["styles/theme.css", "book.css"], tmp_path)
    assert made == (
        '.a{background:url("a.png")}.b{background:url(styles/b.png)}\n'
        ".c{src:url('c.woff2');cursor:url(data:image/png;base64,AA)}"
    )


NAMES = {"seen", "also", "sd-col:1", "main"}


@pytest.mark.parametrize(
    ("css", "left"),
    [
        ("p { color : red ; }", "p{color : red ;}"),
        (".seen{a:b}.unseen{a:b}#main{a:b}#other{a:b}", ".seen{a:b}#main{a:b}"),
        (".seen .unseen,.seen > .also , p{a:b}", ".seen > .also,p{a:b}"),
        (".seen:not(.unseen, .never){a:b}", ".seen:not(.unseen, .never){a:b}"),
        (".seen:is(.unseen,:not(.a,.b)) p{a:b}", ".seen:is(.unseen,:not(.a,.b)) p{a:b}"),
        (r".sd-col\:1{a:b}", r".sd-col\:1{a:b}"),
        ('a[href$=".pdf"]{a:b}', 'a[href$=".pdf"]{a:b}'),
        ("@media print{.unseen{a:b}}", ""),
        ("@media (min-width: 1px){.unseen{a:b}.seen{a:b}}", "@media (min-width: 1px){.seen{a:b}}"),
        ("@keyframes turn{from{a:b}to{a:c}}.seen{a:b}", "@keyframes turn{from{a:b}to{a:c}}.seen{a:b}"),
        ('@charset "UTF-8";.seen{a:b}', '@charset "UTF-8";.seen{a:b}'),
        ('/* .unseen { */.seen{content:"}";b:url(data:x;y)}', '.seen{content:"}";b:url(data:x;y)}'),
        (":root{--x:{};--y:1}.seen{a:b}", ":root{--x:{};--y:1}.seen{a:b}"),
    ],
)
def test_rules_that_can_meet_nothing_go_and_no_others(css, left):
    assert lean.used(css, NAMES) == left


def test_names_are_those_of_elements_and_any_word_of_a_script():
    pages = ['<p class="seen also" id="main">word</p><script>x.add("made-so")</script>']
    found = lean.words(pages, ["y = 'is-open'"])
    assert {"seen", "also", "main", "made-so", "is-open"} <= found
    assert "word" not in found


PYGMENTS = """html[data-theme="light"] .highlight { background: #fff; color: #080808 }
html[data-theme="light"] .highlight .n { color: #080808 }
html[data-theme="light"] .highlight .k { color: #6730C5 }
html[data-theme="light"] .highlight .p { color: #080808 }
html[data-theme="dark"] .highlight { background: #000; color: #F8F8F2 }
html[data-theme="dark"] .highlight .n { color: #F8F8F2 }
html[data-theme="dark"] .highlight .k { color: #DCC6E0 }
html[data-theme="dark"] .highlight .p { color: #FFD900 }
html[data-theme="dark"] .highlight .gs { font-weight: bold }"""


def test_code_keeps_the_marks_that_show_in_some_theme():
    plain = lean.plain_classes(PYGMENTS)
    assert plain == {"n", "w"}
    code = '<span class="k">if</span><span class="w"> </span><span class="n">x</span><span class="p">:</span>'
    assert lean.plain_code(f'<span class="n">x</span><pre>{code}</pre>', plain) == (
        '<span class="n">x</span><pre><span class="k">if</span> x<span class="p">:</span></pre>'
    )
