"""What the book's search looks through: the prose of each section, without code and without outputs.

A Sphinx extension: it writes `_static/sections.json`, which `book/_static/search.js` reads.
Sphinx's own index knows words between spaces alone, so that it finds no part of a Chinese sentence, and it leads to
pages, not to their sections.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes

NOT_PROSE = (nodes.literal_block, nodes.comment, nodes.raw, nodes.math_block, nodes.math, nodes.image, nodes.title)


def setup(app: Any) -> dict[str, Any]:
    """Be called by Sphinx, which reads the extension's name in `_config.yml`."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(app: Any, error: Exception | None) -> None:
    """Write the sections of all pages, if the book was built."""
    if error is None and app.builder.name == "html":
        found = [
            section
            for page in sorted(app.env.found_docs)
            for section in sections(app.env.get_and_resolve_doctree(page, app.builder), f"{page}.html")
        ]
        path = Path(app.outdir, "_static", "sections.json")
        path.write_text(json.dumps(found, ensure_ascii=False, separators=(",", ":")), encoding="utf8")


def sections(document: nodes.document, address: str) -> list[dict[str, str]]:
    """Every section of a page: `page` and `title` as its reader sees them, `href`, and `text`, its own prose."""
    found: list[dict[str, str]] = []
    for section in document.findall(nodes.section):
        title = section.next_node(nodes.title)
        page = found[0]["title"] if found else title.astext()
        anchor = f"#{section['ids'][0]}" if found and section["ids"] else ""
        text = " ".join(" ".join(prose(section)).split())
        found.append({"page": page, "title": title.astext(), "href": address + anchor, "text": text})
    return found


def prose(node: nodes.Element) -> Iterator[str]:
    """The words of a section, without its sections, its code and what its code put out."""
    for child in node.children:
        if isinstance(child, nodes.Text):
            yield child.astext()
        elif isinstance(child, (nodes.section, nodes.Invisible, *NOT_PROSE)) or _is_apart(child):
            continue
        elif isinstance(child, nodes.TextElement) and not isinstance(child, nodes.Inline):
            yield "".join(_inline(child))
        else:
            yield from prose(child)


def _is_apart(node: nodes.Node) -> bool:
    """Whether it is a cell of code, with its outputs, or the line at a chapter's head: time, memory."""
    return isinstance(node, nodes.container) and not {"cell", "page-head"}.isdisjoint(node["classes"])


def _inline(node: nodes.Element) -> Iterator[str]:
    """A paragraph's words as they stand, with nothing between them."""
    for child in node.children:
        if isinstance(child, nodes.Text):
            yield child.astext()
        elif not isinstance(child, NOT_PROSE):
            yield from _inline(child)
