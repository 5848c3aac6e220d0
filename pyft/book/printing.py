"""The whole book as one PDF: Chromium prints each built page, and pypdf joins them under one table of contents."""

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pypdf import PdfReader, PdfWriter

from pyft import paths
from pyft.book import browser, build
from pyft.book.chapters import read_yaml
from pyft.book.runner import say
from pyft.errors import PyftError

A4 = {"paperWidth": 8.27, "paperHeight": 11.69, "marginTop": 0.6, "marginBottom": 0.6}
A4 |= {"marginLeft": 0.6, "marginRight": 0.6}  # inches
# On paper nothing can be unfolded: hints and solutions are printed, plumbing is not.
FOLDED = "details.sd-dropdown, .tag_hide-cell details, .tag_hide-output details"
UNFOLD = f"document.querySelectorAll('{FOLDED}').forEach((d) => (d.open = true))"
LOADED = (
    "const done = arguments[0], waiting = [...document.images].map((i) => { i.loading = 'eager'; return i.decode(); });"
    " Promise.allSettled([...waiting, document.fonts.ready]).then(() => done(true));"
)


@dataclass(frozen=True)
class Printed:
    """A printed page of the book: the part it begins, if it begins one, its title, and its PDF."""

    part: str
    title: str
    pdf: bytes

    def __len__(self) -> int:
        return len(PdfReader(io.BytesIO(self.pdf)).pages)


def write() -> Path:
    """Print the built book into `_build/book.pdf`; the path of it.

    Raises:
        PyftError: the book is not built, or there is no Chromium.
    """
    if not (build.HTML / "index.html").is_file():
        raise PyftError("there is no built book to print. Build it first: pyft book")
    path = paths.BUILD / "book.pdf"
    with browser.served(build.HTML) as address, browser.chromium() as driver:
        printed = []
        for part, page in entries(read_yaml("_toc.yml")):
            say(f"[pdf] {page}")
            driver.get(f"{address}{page}.html")
            driver.execute_script(UNFOLD)
            driver.execute_async_script(LOADED)
            title = driver.execute_script("return document.querySelector('h1').innerText.replace(/#$/, '').trim()")
            printed.append(Printed(part, title, to_pdf(driver)))
        driver.get("data:text/html;charset=utf-8," + quote(contents(printed)))
        join(printed, to_pdf(driver), path)
    say(f"[pdf] {path}")
    return path


def entries(toc: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every page of the contents in its order, with the part that begins at it, "" for most."""
    yield "", toc["root"]
    for part in [*toc.get("parts", []), {"chapters": toc.get("chapters", [])}]:
        caption = part.get("caption", "")
        for chapter in part["chapters"]:
            for page in (chapter, *chapter.get("sections", [])):
                yield caption, page["file"]
                caption = ""


def to_pdf(driver: Any) -> bytes:
    """What the browser shows, printed on A4."""
    options = A4 | {"printBackground": True}
    return base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", options)["data"])


def contents(printed: Sequence[Printed], own: int = 1) -> str:
    """The table of contents as HTML; it takes `own` pages itself, and stands behind the first page's."""
    rows, at = [], 1
    for count, page in enumerate(printed):
        if page.part:
            rows.append(f'<tr><th colspan="2">{escape(page.part)}</th></tr>')
        rows.append(f"<tr><td>{escape(page.title)}</td><td>{at}</td></tr>")
        at += len(page) + (own if count == 0 else 0)
    style = "body{font-family:sans-serif;font-size:11pt}table{width:100%}th{text-align:left;padding-top:.8em}"
    style += "td:last-child{text-align:right}"
    return f"<title>Contents</title><style>{style}</style><h1>Contents</h1><table>{''.join(rows)}</table>"


def join(printed: Sequence[Printed], table: bytes, path: Path) -> None:
    """All pages as one file: the first page of the book, the table of contents, the rest, under one outline."""
    writer = PdfWriter()
    above = None
    for count, page in enumerate(printed):
        at = len(writer.pages)
        writer.append(io.BytesIO(page.pdf), import_outline=False)
        if page.part:
            above = writer.add_outline_item(title=page.part, page_number=at)
        writer.add_outline_item(title=page.title, page_number=at, parent=above)
        if count == 0:
            writer.append(io.BytesIO(table), import_outline=False)
    writer.add_metadata({"/Title": "Fine-tuning language models, from theory to practice"})
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        writer.write(file)
