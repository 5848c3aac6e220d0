"""What Sphinx and its theme leave heavy on the built pages, taken off; what they leave out, put in.

A Sphinx extension: it goes over the written pages once. Icons are drawn from the theme's own file, but those alone that
pages show, instead of all of them by a script of 1.5 MB on every page.
"""

import re
import struct
from collections.abc import Iterable
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pyft.book import lean

ICON = re.compile(r"\bfa-([a-z0-9-]+)")
STYLES = {"solid", "regular", "brands", "lg", "sm", "fw"}  # classes of Font Awesome that are no icon
ANY = r"[\w-]+"
FROM_SCRIPTS = {"xmark"}  # an icon that the theme's script puts in
# What a page loads only if it has a part of it: in a file's name, and what the page's HTML then matches.
WANTED = {
    "design-tabs": r"\bsd-tab-",
    "clipboard": "<pre",
    "copybutton": "<pre",
    "togglebutton": r'class="(?:[^"]* )?(?:toggle|admonition [^"]*\bdropdown)[ "]',
}
SUMMARY = re.compile(r'(<summary class="sd-summary-title[^>]*)>(.*?)(?=</summary>)', re.DOTALL)
NEVER = ("fontawesome", "searchtools", "language_data", "searchindex")  # icons are drawn, and the search is our own
LOADED = re.compile(r'[ \t]*<(?:script|link)\b[^>]*?(?:src|href)="([^"]+\.(?:js|css)[^"]*)"[^>]*>(?:</script>)?\n?')
THEME = 'document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";'
IMAGE = re.compile(r'<img (?![^>]*\bwidth=)[^>]*?src="([^":]+\.(?:png|svg))"[^>]*?(?=\s*/?>)')


def setup(app: Any) -> dict[str, Any]:
    """Be called by Sphinx, which reads the extension's name in `_config.yml`."""
    app.connect("build-finished", finish, priority=900)  # after the theme, at 500, has coloured code
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def finish(app: Any, error: Exception | None) -> None:
    """Go over every page of HTML that was written."""
    if error is None and app.builder.name == "html":
        lighten(Path(app.outdir), app.config.html_baseurl)


def lighten(html: Path, address: str = "") -> None:
    """Take off what pages do not use, size their images, describe them, and write the one style sheet that they need.

    `address` is where the book will be published, if that is known: a card on another site needs whole addresses.
    """
    static = html / "_static"
    outside = [path for path in sorted(html.rglob("*.html")) if "_static" not in path.parts]
    raw = {path: path.read_text(encoding="utf8") for path in outside if path != html / "index.html"}
    sheets = dict.fromkeys(name for page in raw.values() for name in lean.sheets(page))
    plain = lean.plain_classes((static / "pygments.css").read_text(encoding="utf8"))
    pages = {path: lean.plain_code(light(page, path, html, address), plain) for path, page in raw.items()}
    names = FROM_SCRIPTS.union(*(ICON.findall(page) for page in pages.values())) - STYLES
    css, script = lean.joined(sheets, static), (static / "scripts" / "fontawesome.js").read_text(encoding="utf8")
    unused = ["*.map", "*.css", "scripts/fontawesome.js*", "vendor/fontawesome/**/*", "searchtools.js"]
    for path in [html / "searchindex.js", *(path for some in unused for path in static.rglob(some))]:
        if path.is_file():
            path.unlink()
    scripts = [path.read_text(encoding="utf8") for path in static.rglob("*.js")]
    sheet = lean.used(without_icon_font(css), lean.words(pages.values(), scripts)) + icons(script, css, names)
    (static / "site.css").write_text(sheet, encoding="utf8")
    for path, page in pages.items():
        up = "../" * (len(path.relative_to(html).parts) - 1)
        path.write_text(lean.linked(page, f"{up}_static/site.css?v={lean.version(sheet)}"), encoding="utf8")


def light(page: str, path: Path, html: Path, address: str) -> str:
    """A page with what it needs alone, and with what others are to know of it."""
    name = path.relative_to(html).as_posix()
    page = unbroken(themed(named(sized(without_unused(page), path.parent))))
    head = described(page, name, address)
    if name == "search.html":
        head += '<script defer src="_static/search.js"></script>\n'
    return page.replace("</head>", f"{head}</head>", 1)


def without_unused(page: str) -> str:
    """The page without the scripts and style sheets that nothing on it needs."""
    body = page.partition("</head>")[2]

    def kept(found: re.Match[str]) -> str:
        name = found[1].split("/")[-1]
        if name.startswith(NEVER):
            return ""
        wanted = next((pattern for start, pattern in WANTED.items() if name.startswith(start)), None)
        return found[0] if wanted is None or re.search(wanted, body) else ""

    return LOADED.sub(kept, page)


def sized(page: str, folder: Path) -> str:
    """The page with width and height on its images, so that text does not jump as they come.

    All but the first of the article wait until a reader comes near; what stands before it, the logo, counts as nothing.
    """
    count, article = 0, page.find("<article")

    def with_size(found: re.Match[str]) -> str:
        nonlocal count
        size = image_size(folder / found[1])
        count += found.start() > article
        wait = ' loading="lazy"' if count > 1 else ""
        return found[0] + (f' width="{size[0]}" height="{size[1]}"' if size else "") + wait

    return IMAGE.sub(with_size, page)


def unbroken(page: str) -> str:
    """The page with figures and their `%` in one line; code stays as it is."""
    pieces = re.split(r"(<(pre|code|script|style)\b.*?</\2>)", page, flags=re.DOTALL)
    pieces[::3] = [re.sub(r"(\d(?:</span>)?) %(?!\w)", r"\1&#160;%", piece) for piece in pieces[::3]]
    del pieces[2::3]
    return "".join(pieces)


def themed(page: str) -> str:
    """The page with light or dark settled before its first paint.

    Where the system is to choose, the theme's script looks only when all has loaded; until then no colour of the sheet
    is defined, so that a dark page begins white and borders have no width, which moves the text beside them.
    """
    choice = 'matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"'
    mode = "document.documentElement.dataset.mode"
    return page.replace(THEME, f'document.documentElement.dataset.theme = {mode} === "auto" ? ({choice}) : {mode};', 1)


def first_page(address: str, title: str) -> str:
    """The page at the book's root: it leads to `address`, as Jupyter Book's own does, and says what it is."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8" />\n<title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1" />\n'
        '<link rel="icon" href="_static/favicon.svg" />\n'
        f'<meta http-equiv="refresh" content="0; url={address}" />\n</head>\n'
        f'<body><main><h1>{escape(title)}</h1><p><a href="{address}">To the book</a></p></main></body>\n</html>\n'
    )


def image_size(path: Path) -> tuple[int, int] | None:
    """Width and height of a PNG or SVG in pixels; None where the file does not say."""
    if not path.is_file():
        return None
    if path.suffix == ".png":
        width, height = struct.unpack(">II", path.read_bytes()[16:24])
        return width, height
    found = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', path.read_text(encoding="utf8"))
    return (round(float(found[1])), round(float(found[2]))) if found else None


def named(page: str) -> str:
    """The page with a name on each button: its own words, where it has any, and not others in their place."""
    page = re.sub(r'<summary>(?=<span class="toctree-toggle)', '<summary aria-label="Its sections">', page)
    page = page.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    page = page.replace('<div role="list" class="citation-list">', '<div class="citation-list">')  # its items are none
    page = page.replace(' role="doc-biblioentry"', "")  # which ARIA has given up
    page = SUMMARY.sub(_named_summary, page)
    return re.sub(r'(<button class="[^"]*search-button-field[^>]*?) title="Search" aria-label="Search"', r"\1", page)


def _named_summary(summary: re.Match[str]) -> str:
    """An answer that is a formula alone has no words that a screen reader would take for its name."""
    if text_of(re.sub(r"<math.*?</math>", "", summary[2], flags=re.DOTALL)).strip("%"):
        return summary[0]
    return f'{summary[1]} aria-label="{escape(text_of(summary[2]))}">{summary[2]}'


def described(page: str, name: str, address: str = "") -> str:
    """What search engines and other sites say of a page: its title, and its first paragraph as a description."""
    (whole,) = re.findall(r"<title>(.*?)</title>", page.partition("</head>")[0], re.DOTALL)
    title = text_of(whole.partition("&#8212;")[0])
    article = page.partition("</h1>")[2]
    told = next((t for t in map(text_of, re.findall(r"<p>(.*?)</p>", article, re.DOTALL)) if len(t) > 40), title)
    if len(told) > 200:
        told = told[:200].rsplit(" ", 1)[0] + " …"
    properties = {"og:type": "article", "og:title": title, "og:description": told}
    if address:
        properties |= {"og:url": address + name, "og:image": f"{address}_static/card.png"}
        properties |= {"twitter:card": "summary_large_image"}
    lines = [f'<meta name="description" content="{escape(told)}" />']
    return (
        "\n".join([*lines, *(f'<meta property="{k}" content="{escape(v)}" />' for k, v in properties.items())]) + "\n"
    )


def text_of(html: str) -> str:
    """The words of a piece of HTML, in one line."""
    without = re.sub(r"<annotation.*?</annotation>|<[^>]+>", "", html, flags=re.DOTALL)
    return " ".join(unescape(without).split())


def icons(script: str, css: str, names: Iterable[str]) -> str:
    """A style sheet that draws these icons of Font Awesome, and those of admonitions, in the colour of the text.

    `script` is Font Awesome's, which holds the outlines; `css` the theme's, which says what an admonition shows.

    Raises:
        ValueError: the script has no icon of a name.
    """
    kinds = {  # of admonitions, by the number of their icon
        kind: f"{ord(found[1]):x}"
        for kind, name in re.findall(r"--pst-icon-admonition-(\w+):var\(--pst-icon-([\w-]+)\)", css)
        if (found := re.search(rf'--pst-icon-{name}:"(.)"', css))
    }
    drawn = "-webkit-mask: var(--icon) center / contain no-repeat; mask: var(--icon) center / contain no-repeat;"
    rules = [
        ".fa-solid, .fas, .fa-brands, .fab { display: inline-block; height: 1em; width: 1em; line-height: 1;"
        f" vertical-align: -0.125em; background: currentColor; {drawn} }}",
        ".fa-lg { font-size: 1.25em; }",
        f'.admonition > .admonition-title::after {{ content: "" !important; background: currentColor; {drawn} }}',
    ]
    for name in sorted(names):
        rules.append(f".fa-{name} {{ --icon: {_outline(script, re.escape(name), ANY)}; }}")
    for kind, number in kinds.items():
        chosen = ".admonition" if kind == "default" else f".admonition.{kind}"
        rules.append(f"{chosen} > .admonition-title {{ --icon: {_outline(script, ANY, number)}; }}")
    return "\n".join(rules) + "\n"


def _outline(script: str, name: str, number: str) -> str:
    """The icon whose name and number in Font Awesome match these patterns, as a `url()` of SVG."""
    found = re.search(rf'[{{,]"?{name}"?:\[(\d+),(\d+),\[[^\]]*\],"{number}","([^"]+)"\]', script)
    if found is None:
        raise ValueError(f"fontawesome.js has no icon of the name {name} and the number {number}")
    width, height, path = found.groups()
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"><path d="{path}"/></svg>'
    return f'url("data:image/svg+xml,{quote(svg, safe="/ =:")}")'


def without_icon_font(css: str) -> str:
    """A style sheet without Font Awesome's fonts, and without the two thousand rules that name their letters."""
    css = re.sub(r"@font-face\{[^}]*Font Awesome[^}]*\}", "", css)
    return re.sub(r"(?:\.fa-[\w-]+(?:::?before)?,?)+\{(?:--fa|content):[^}]*\}", "", css)
