"""The printed book: every page of the contents, in its order, under one outline."""

import io

import pytest
from pypdf import PdfReader, PdfWriter

from pyft.book import printing
from pyft.book.build import pages
from pyft.book.chapters import read_yaml
from pyft.book.printing import Printed, contents, entries, join
from pyft.errors import PyftError


def pdf(count):
    writer, file = PdfWriter(), io.BytesIO()
    for _ in range(count):
        writer.add_blank_page(200, 200)
    writer.write(file)
    return file.getvalue()


PRINTED = [Printed("", "The book", pdf(2)), Printed("Part <1>", "1.1 A", pdf(3)), Printed("", "1.2 B", pdf(1))]


def test_all_pages_are_printed_in_the_order_of_the_contents():
    found = list(entries(read_yaml("_toc.yml")))
    assert [f"{page}.html" for _, page in found] == pages()
    assert len([part for part, _ in found if part]) == len(read_yaml("_toc.yml")["parts"])


def test_the_outline_leads_to_where_each_page_begins(tmp_path):
    join(PRINTED, pdf(1), tmp_path / "book.pdf")
    reader = PdfReader(tmp_path / "book.pdf")
    assert len(reader.pages) == 7
    first, part, below = reader.outline
    assert [(item.title, reader.get_destination_page_number(item)) for item in (first, part, *below)] == [
        ("The book", 0),
        ("Part <1>", 3),
        ("1.1 A", 3),
        ("1.2 B", 6),
    ]


def test_the_table_of_contents_names_the_pages_that_readers_see():
    made = contents(PRINTED)
    assert '<th colspan="2">Part &lt;1&gt;</th>' in made
    for row in ("The book</td><td>1<", "1.1 A</td><td>4<", "1.2 B</td><td>7<"):
        assert row in made


def test_without_a_built_book_nothing_is_printed(house, capsys):
    with pytest.raises(PyftError, match="Build it first: pyft book"):
        printing.write()
