"""A chapter's MyST as the Markdown that Colab knows: no role, directive or label is left."""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from pyft import paths
from pyft.book.cells import text
from pyft.errors import PyftError

STORED = "ᴸ"  # behind a figure of the text that the laptop's stored run measured
LEGEND = (
    f"> A figure with {STORED} was measured by the book's `laptop` profile and stored; what you run here may differ."
)
LEFT_OVER = re.compile(r"\{[a-z][\w:-]*\}`|^ *[`:]{3,}\{|^ *:{3,}|^\([\w-]+\)=$|\$\$ *\([\w-]+\)", re.MULTILINE)
FIGURE = re.compile(r":::\{figure-md\}[^\n]*\n!\[([^\]]*)\]\((?:\.\./)*([^)]+)\)\n\n(.*?)\n:::", re.DOTALL)
BOX = re.compile(r"^(:{3,}|`{3,})\{([\w-]+)\} *([^\n]*)\n(.*?)\n\1 *$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"(^```(?!\{).*?^```$|(?<![}`])`[^`\n]+`)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Place:
    """Where what a page refers to is found: the page itself, images of its commit, the published book."""

    page: PurePosixPath  # of the notebook in the repository
    raw: str  # address of the repository's files at the commit
    published: str  # address of the published book, with a slash at its end


def plain(source: str, place: Place, values: Mapping[str, str]) -> str:
    """A cell's Markdown without MyST. `values` are the glued figures of the page, by name.

    Raises:
        PyftError: a role or directive that has no plain form here.
    """
    source = FIGURE.sub(rf"![\1]({place.raw}/\2)\n\n*\3*", source)
    source = BOX.sub(_box, source)
    here = f"{place.published}{place.page.with_suffix('.html')}"
    source = _outside_code(source, lambda part: _links(part, place))
    source = re.sub(r"\{([\w:-]+)\}`([^`]+)`", lambda found: _role(found[1], found[2], here, place, values), source)
    source = re.sub(r"(\$\$) *\([\w-]+\)", r"\1", source)  # the label of a formula
    source = re.sub(r"^\([\w-]+\)=\n", "", source, flags=re.MULTILINE)
    if left := LEFT_OVER.search(CODE.sub("", source)):
        raise PyftError(f"{place.page}: {left[0]!r} has no form without MyST; give it one in pyft/book/plain.py")
    return source


def glued(notebook: Any) -> dict[str, str]:
    """The figures that a notebook's stored outputs glue, by name."""
    found = {}
    for output in (output for cell in notebook["cells"] for output in cell.get("outputs", [])):
        name = output.get("metadata", {}).get("scrapbook", {}).get("name")
        value = output.get("data", {}).get("application/papermill.record/text/plain")
        if name and value is not None:
            value = text({"source": value})
            found[name] = str(ast.literal_eval(value)) if value[:1] in "'\"" else value
    return found


def _box(found: re.Match[str]) -> str:
    """What can be unfolded, as HTML; every other admonition as a quote with its title."""
    _, kind, title, body = found.groups()
    body = BOX.sub(_box, re.sub(r"\A(?::[\w-]+:[^\n]*\n)+\n*", "", body))
    if kind == "dropdown":
        return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"
    head = title if kind == "admonition" else kind.capitalize() if not title else f"{kind.capitalize()}. {title}"
    return "\n".join(f"> {line}".rstrip() for line in [f"**{head}**", "", *body.split("\n")])


def _links(part: str, place: Place) -> str:
    """Links to other pages of the book, as links to the published ones."""

    def published(found: re.Match[str]) -> str:
        path, anchor = found[2], found[3] or ""
        target = PurePosixPath(_joined(place.page.parent, path)).with_suffix(".html")
        return f"{found[1]}({place.published}{target}{anchor})"

    return re.sub(r"(\])\((?!\w+:)([^)\s#]+\.(?:ipynb|md))(#[^)]*)?\)", published, part)


def _joined(folder: PurePosixPath, path: str) -> str:
    parts = list(folder.parts)
    for piece in path.split("/"):
        parts = parts[:-1] if piece == ".." else parts if piece == "." else [*parts, piece]
    return "/".join(parts)


def _role(role: str, content: str, here: str, place: Place, values: Mapping[str, str]) -> str:
    told, _, target = content.removesuffix(">").rpartition("<")
    match role:
        case "glue:text" | "glue":
            name = content.split(":")[0]
            if name not in values:
                raise PyftError(f"{place.page}: no stored output glues {name!r}; run the page, then write this edition")
            return f"{values[name]}{STORED}"
        case "cite" | "cite:p" | "cite:t":
            link = f"{place.published}book/references.html"
            return "[" + "; ".join(f"[{cited(key.strip())}]({link})" for key in content.split(",")) + "]"
        case "eq":
            return f"[the formula]({here}#equation-{content})"
        case "ref" | "numref" | "doc" | "term":
            return f"[{told.strip() or content}]({here}#{target or content})"
    raise PyftError(f"{place.page}: the role {role!r} has no form without MyST; give it one in pyft/book/plain.py")


def cited(key: str) -> str:
    """A source as "Author and Other, year". Raises `PyftError` for a key that `references.bib` lacks."""
    from pyft.errors import unknown

    entries = _bibliography()
    if key not in entries:
        raise unknown("source", key, list(entries))
    entry = entries[key]
    names = [" ".join([*person.prelast_names, *person.last_names]) for person in entry.persons.get("author", [])]
    names = [re.sub(r"[{}]", "", name) for name in names] or [key]
    who = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
    return f"{who}, {entry.fields.get('year', 'no year')}"


@cache
def _bibliography() -> Mapping[str, Any]:
    from pybtex.database import parse_file

    entries: Mapping[str, Any] = parse_file(str(paths.ROOT / "book" / "references.bib")).entries
    return entries


def _outside_code(source: str, change: Callable[[str], str]) -> str:
    pieces = CODE.split(source)
    return "".join(piece if at % 2 else change(piece) for at, piece in enumerate(pieces))
