"""The book's sources obey its rules, and the built pages are whole."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup

from pyft import paths
from pyft.book import build, checks
from pyft.book.chapters import chapters
from pyft.book.cleaning import PATHS
from pyft.book.plain import CODE


@pytest.mark.long
@pytest.mark.parametrize(
    "check",
    [
        checks.contents,
        checks.anatomy,
        checks.stale,
        checks.versions,
        checks.digits,
        checks.sentences,
        checks.plumbing,
    ],
)
def test_the_sources_pass(check):
    assert check() == []


def test_every_chapter_of_the_outline_number_has_one_notebook():
    assert len(chapters()) == len(list((paths.ROOT / "chapters").rglob("[0-9]*.ipynb")))


@pytest.fixture(scope="module")
def pages(html: Path) -> dict[Path, BeautifulSoup]:
    """Every built page, read once: it is a tree of some ten thousand elements."""
    return {
        p: BeautifulSoup(p.read_text(encoding="utf8"), "html.parser")
        for p in html.rglob("*.html")
        if "_static" not in p.parts
    }


@pytest.mark.slow
def test_the_book_builds_without_a_warning_and_has_every_chapter(html):
    assert (html / "index.html").is_file()
    for chapter in chapters().values():
        assert (html / chapter.name).with_suffix(".html").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_code_has_the_colours_of_each_theme(html, theme):
    sheet = (html / "_static" / "site.css").read_text(encoding="utf8")
    assert f'html[data-theme="{theme}"] .highlight .k' in sheet


@pytest.mark.slow
def test_every_internal_link_leads_to_a_file(html, pages):
    dead = []
    for page, soup in pages.items():
        for tag in soup.find_all(["a", "img", "link", "script"]):
            url = urlsplit(tag.get("href") or tag.get("src") or "")
            if url.scheme or url.netloc or not url.path:
                continue
            if not (page.parent / unquote(url.path)).exists():
                dead.append(f"{page.relative_to(html)}: {url.path}")
    assert dead == []


@pytest.mark.slow
def test_every_figure_says_what_it_shows(pages):
    for page, soup in pages.items():
        for image in soup.select(".cell_output img"):
            assert len(image.get("alt", "")) > 40, f"{page.name}: {image.get('src')}"


@pytest.mark.slow
def test_no_page_shows_an_error_a_raw_role_or_a_path_of_this_machine(pages):
    for page, soup in pages.items():
        text = (soup.find("article") or soup).get_text()
        assert not soup.select(".problematic, .system-message"), page.name
        assert "{glue" not in text and "{cite" not in text, page.name
        assert not PATHS.search(text), page.name


@pytest.mark.slow
def test_sentences_that_are_glued_are_marked(pages):
    glued = [node for soup in pages.values() for node in soup.select(".pasted-text")]
    assert all("sentence" in node["class"] for node in glued if node.get_text().endswith("."))
    assert all("sentence" not in node["class"] for node in glued if re.fullmatch(r"[−+]?[\d.,]+", node.get_text()))


@pytest.mark.slow
def test_numbers_in_prose_come_from_the_stored_runs(html):
    """The glued accuracy on the page is the mean of the records, to the digit."""
    from pyft.evidence.records import results

    page = (html / chapters()["6.1"].name).with_suffix(".html")
    text = " ".join(BeautifulSoup(page.read_text(encoding="utf8"), "html.parser").get_text().split())
    values = [run["metrics"]["6.1/bert.accuracy"] for run in results("6.1")]
    found = re.search(r"fine-tuned BERT reaches ([\d.]+) % on average", text)
    assert found and found[1] == f"{100 * sum(values) / len(values):.1f}"


@pytest.mark.slow
def test_launch_buttons_lead_to_copies_and_downloads_install_the_package(html):
    for chapter in chapters().values():
        page = BeautifulSoup((html / chapter.name).with_suffix(".html").read_text(encoding="utf8"), "html.parser")
        links = [a["href"] for a in page.find_all("a", href=True)]
        (launched,) = {link for link in links if link.startswith("https://colab.research.google.com/github/")}
        assert launched.endswith(f"/blob/{build.COLAB_BRANCH}/{chapter.name}")  # where `pyft colab` writes the copy
        (loaded,) = {link for link in links if link.endswith(".ipynb") and "_sources/" in link}
        notebook = nbformat.read((html / chapter.name).parent / loaded, as_version=4)
        (setup,) = [cell.source for cell in notebook.cells if "setup" in cell.metadata.get("tags", [])]
        extra = "[serve]" if chapter.number == "9.4" else ""  # the one page that imports what the extra brings
        assert setup.startswith(f'%pip install --quiet "pyft-book{extra} @ git+https://github.com/')
        prose = "".join(CODE.sub("", cell.source) for cell in notebook.cells if cell.cell_type == "markdown")
        assert "{glue:" not in prose and ":::" not in prose
        assert any(cell.get("outputs") for cell in notebook.cells)


@pytest.mark.slow
def test_no_sign_that_ends_a_formula_is_written_twice(html):
    for path in (html / "chapters").rglob("*.html"):
        doubled = re.findall(r"</math></span>([.,;:)])</span>\1", path.read_text(encoding="utf8"))
        assert doubled == [], path.name
