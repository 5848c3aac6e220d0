"""Markdown in which a reader's own texts show as they stand, and a page of HTML made of it."""

import base64
import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from markdown_it import MarkdownIt

Table = Sequence[Sequence[str]]
LONGEST = 300  # characters of a text that are shown
NUMBER = re.compile(r"[-+]?[\d.,]+(e[-+]?\d+)?( to [-+]?[\d.,]+(e[-+]?\d+)?)?( %)?( \(kept\))?|", re.ASCII)
STYLE = """
:root { color-scheme: light dark; --line: light-dark(#d0d4da, #454b54); --quiet: light-dark(#f4f5f7, #23272e) }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif;
  color: light-dark(#1b1f24, #e3e6ea); background: light-dark(#fff, #16191d) }
h1 { font-size: 1.7rem; line-height: 1.2 }
h2 { font-size: 1.25rem; margin-top: 2.2rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem }
.wide { overflow-x: auto; margin: 1rem 0 }
table { border-collapse: collapse; font-size: .92rem }
th { background: var(--quiet); text-align: left }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; vertical-align: top; overflow-wrap: break-word }
td { font-variant-numeric: tabular-nums; max-width: 24rem }
pre { background: var(--quiet); padding: .7rem 1rem; border-radius: .3rem; white-space: pre-wrap }
code { overflow-wrap: anywhere }
img { max-width: 100%; height: auto; background: #fff; border-radius: .3rem }
@media (max-width: 40rem) { body { margin: 1rem auto } td { max-width: 15rem } }
"""


class Strong(str):
    """A cell that stands out."""


def escape(text: Any, begins: bool = True) -> str:
    """A text that Markdown shows as it stands: marks escaped, no line break or control character, cut if long.

    Where it `begins` a line, what would make a list of it is escaped too.
    """
    plain = "".join(c if c.isprintable() or c in "\u200d\ufe0f" else " " for c in str(text))
    plain = plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"
    plain = re.sub(r"([\\`*_{}\[\]<>#|~&$@^]|!(?=\[)|:(?=//)|(?<=\bwww)\.)", r"\\\1", plain)
    return re.sub(r"^(\s*)(\d*)([-+=.):])", r"\1\2\\\3", plain) if begins else plain


def table(rows: Table) -> str:
    """A table, the first row its head; cells are escaped, and columns of numbers stand on the right."""
    head, *lines = rows
    right = [bool(lines) and all(NUMBER.fullmatch(line[i]) for line in lines) for i in range(len(head))]
    rule = ["---:" if numbers else "---" for numbers in right]
    shown = [[_cell(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in (shown[0], rule, *shown[1:]))


def _cell(text: str) -> str:
    shown = escape(text, begins=False) or " "
    return f"**{shown}**" if isinstance(text, Strong) else shown


def as_html(text: str, images: Mapping[str, bytes] = {}) -> str:
    """The same as one page of HTML, light or dark, in which raw HTML has no effect; `images` are SVG by their names."""
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    body = body.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")
    for name, svg in images.items():
        body = body.replace(f'src="{name}"', f'src="data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"')
    title = html.escape(text.partition("\n")[0].lstrip("# "))
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    head += f"<title>{title}</title><style>{STYLE}</style>"
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}</body></html>\n'
