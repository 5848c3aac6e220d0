"""One small style sheet for the whole book in place of ten, and code without marks that show nothing.

A browser shows nothing of a page before its style sheets have come. The theme's have four thousand rules, of which the
book's pages meet a few hundred: the others are left out, as are the spans around names and brackets in code, which have
the colour of the text anyway and are half of all elements of a page.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

SHEET = re.compile(r'[ \t]*<link\b(?=[^>]*\brel="stylesheet")[^>]*?\bhref="(?:\.\./)*_static/([^"?]+)[^"]*"[^>]*>\n?')
PRELOAD = re.compile(r'[ \t]*<link rel="preload" as="script"[^>]*>\n?')  # scripts that are to come after the page
CLASSIC = re.compile(r"<script(?=[^>]*\bsrc=)(?![^>]*\b(?:defer|async)\b)")
NEEDS_OPTIONS = re.compile(r"<script>(?=DOCUMENTATION_OPTIONS\.)")  # set by a script that is deferred
TOKEN = re.compile(
    r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|url\([^"')]*\)|[{};]|[^{};"'/u]+|[/u]""", re.DOTALL
)
GROUPS = ("@media", "@supports", "@layer", "@container")  # rules that hold rules
FUNCTIONAL = re.compile(r":(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)|\[[^\]]*\]")
SELECTOR = re.compile(r"(?:[^,(\[]|\((?:[^()]|\([^()]*\))*\)|\[[^\]]*\])+")
NAME = re.compile(r"[.#]((?:\\.|[\w-])+)")
SPAN = re.compile(r'<span class="(\w+)">([^<]*)</span>')


def sheets(page: str) -> list[str]:
    """The style sheets that a page links to, in `_static`, in their order."""
    return SHEET.findall(page)


def linked(page: str, address: str) -> str:
    """The page with one style sheet in place of its own, and with scripts that let it be shown first."""
    head, end, body = page.partition("</head>")
    at = SHEET.search(head)
    start = at.start() if at else len(head)
    head = head[:start] + f'<link rel="stylesheet" href="{address}" />\n' + SHEET.sub("", head[start:])
    head = NEEDS_OPTIONS.sub('<script type="module">', CLASSIC.sub("<script defer", PRELOAD.sub("", head)))
    return head + end + body


def joined(names: Iterable[str], static: Path) -> str:
    """Style sheets of `static` as one, with what they import; addresses in it are from `static` itself."""
    return "\n".join(_whole(static / name, static) for name in names)


def _whole(path: Path, static: Path) -> str:
    css = path.read_text(encoding="utf8").removeprefix('@charset "UTF-8";')
    up = path.parent.resolve().relative_to(static.resolve()).as_posix()
    if up != ".":
        css = re.sub(r"""url\((["']?)(?!data:|https?:|["'/])""", rf"url(\1{up}/", css)
    return re.sub(r'@import "([^"]+)";', lambda found: _whole((path.parent / found[1]).resolve(), static), css)


def words(pages: Iterable[str], scripts: Iterable[str]) -> set[str]:
    """All names that an element may have: classes and ids of pages, and any word of a script, which may give it."""
    found: set[str] = set()
    for page in pages:
        for names in re.findall(r'\b(?:class|id)="([^"]*)"', page):
            found.update(names.split())
        scripts = [*scripts, *re.findall(r"<script\b[^>]*>(.+?)</script>", page, re.DOTALL)]
    return found.union(*(re.findall(r"[\w-]+", script) for script in scripts))


def used(css: str, names: set[str]) -> str:
    """The style sheet without rules for classes and ids that are not among `names`, and without spare white space."""
    return "".join(_used(css, names))


def _used(css: str, names: set[str]) -> Iterator[str]:
    for prelude, body in _rules(css):
        if body is None:
            yield f"{prelude};"
        elif prelude.startswith(GROUPS):
            if inner := used(body, names):
                yield f"{prelude}{{{inner}}}"
        elif prelude.startswith("@"):
            yield f"{prelude}{{{body}}}"
        elif kept := [s for s in SELECTOR.findall(prelude) if _names(s) <= names]:
            yield f"{','.join(s.strip() for s in kept)}{{{body}}}"


def _rules(css: str) -> Iterator[tuple[str, str | None]]:
    """What stands before each pair of braces, and what in them; of a statement, such as an import, all of it."""
    depth, prelude, body = 0, "", ""
    for part in TOKEN.findall(css):
        if part.startswith("/*"):
            continue
        if not part.startswith(('"', "'")):
            part = re.sub(r"\s+", " ", part)
        depth -= part == "}"
        if depth:
            body += part
            depth += part == "{"
        elif part == "{":
            depth = 1
        elif part == "}":
            yield prelude.strip(), body.strip()
            prelude = body = ""
        elif part == ";":
            yield prelude.strip(), None
            prelude = ""
        else:
            prelude += part


def _names(selector: str) -> set[str]:
    """The classes and ids that an element must have for a selector, as far as it says so outside of brackets."""
    return {re.sub(r"\\(.)", r"\1", name) for name in NAME.findall(FUNCTIONAL.sub("", selector))}


def version(css: str) -> str:
    """A digest of a style sheet, so that a browser fetches a new one."""
    return hashlib.sha256(css.encode()).hexdigest()[:8]


def plain_classes(css: str) -> set[str]:
    """The classes of code that have the colour of all code, in every theme of Pygments' style sheet."""
    colour: dict[str, dict[str, str]] = {}  # by theme, then by class: what is said of it
    for theme, name, said in re.findall(r"(\S*?) ?\.highlight(?: \.(\w+))? ?\{([^}]*)\}", css):
        colour.setdefault(theme, {})[name] = said.strip()
    usual = {theme: re.search(r"(?<!-)color: ?[^;]+", of.get("", "")) for theme, of in colour.items()}
    every = {name for of in colour.values() for name in of}

    def plain(name: str) -> bool:
        return all(name not in of or ((u := usual[theme]) and of[name] == u[0].strip()) for theme, of in colour.items())

    return {name for name in every if name and plain(name)} | {"w"}


def plain_code(page: str, plain: set[str]) -> str:
    """The page with no span around parts of code that look like the rest of it."""

    def unwrapped(code: re.Match[str]) -> str:
        return SPAN.sub(lambda found: found[2] if found[1] in plain else found[0], code[0])

    return re.sub(r"<pre>.*?</pre>", unwrapped, page, flags=re.DOTALL)
