"""The search has the prose of every section, in any language, and neither code nor outputs."""

from docutils import nodes

from pyft.book.searching import sections


def page():
    def section(name, title, *content):
        return nodes.section("", nodes.title("", title), *content, ids=[name])

    cell = nodes.container("", nodes.literal_block("", "secret_code()"), nodes.paragraph("", "secret output"))
    cell["classes"] = ["cell"]
    formula = nodes.paragraph("", "", nodes.Text("Take "), nodes.math("", "x_secret"), nodes.Text("once."))
    inner = section("masks", "Masks", nodes.paragraph("", "We call it 微调技巧, or fine-tuning."), cell, formula)
    first = nodes.paragraph("", "", nodes.Text("One "), nodes.emphasis("", "num"), nodes.Text("ber."))
    document = nodes.document(None, None)
    head = nodes.container("", nodes.paragraph("", "Reading: 9 minutes"))
    head["classes"] = ["page-head"]
    document += section("top", "3.3 Tricks", head, first, nodes.literal_block("", "secret"), inner)
    return document


def test_each_section_has_its_own_prose_and_its_own_address():
    top, masks = sections(page(), "a/b.html")
    assert top == {"page": "3.3 Tricks", "title": "3.3 Tricks", "href": "a/b.html", "text": "One number."}
    assert (masks["page"], masks["title"], masks["href"]) == ("3.3 Tricks", "Masks", "a/b.html#masks")


def test_chinese_is_there_and_code_is_not():
    _, masks = sections(page(), "a/b.html")
    assert masks["text"] == "We call it 微调技巧, or fine-tuning. Take once."
