"""Checks of the book's sources: each returns a list of problems, one line each, empty if all is well."""

import ast
import base64
import json
import re
from collections.abc import Iterator
from typing import Any

from pyft import paths
from pyft.book.chapters import Chapter, chapters, read_yaml
from pyft.book.cleaning import PATHS
from pyft.book.folding import visible
from pyft.book.freshness import changed
from pyft.book.imports import Package
from pyft.book.outline import HEADINGS, is_latin
from pyft.evidence.records import read
from pyft.paths import results_folder

WIDEST = 660  # pixels of a figure; see `pyft.plots.style`
_GENERATED = {"book/data_cards.md"}  # their digits come from the data, and a test holds them against it

# What is not prose: fenced code, formulas, comments, roles and inline code, link targets, labels, section numbers, and
# what a diagram says of itself: its code draws the numbers.
_NOT_PROSE = re.compile(
    r"```.*?```|~~~.*?~~~|\$\$.*?\$\$|\$[^$\n]+\$|<!--.*?-->|\{[\w:,-]+\}`[^`]*`|`[^`]*`|!\[[^\]]*\](?=\([^)]*/diagrams/)|\]\([^)]*\)|<https?://[^>]*>|^\([\w-]+\)=$",
    re.DOTALL | re.MULTILINE,
)
_SECTION = re.compile(r"\b(?:[Ss]ections?|[Cc]hapters?|[Pp]arts?)\s+\d+(?:\.\d+)*(?:(?:,| and| to)\s+\d+(?:\.\d+)*)*")
_TYPED = re.compile(r"(?<![A-Za-z\d_.-])[-+±]?\.?\d")  # a word may end in digits (F1, CoNLL-2003), not begin with one


def pages() -> dict[str, str]:
    """Markdown by source: the text of every page of the book, and of every Markdown cell of a chapter."""
    found = {
        path.relative_to(paths.ROOT).as_posix(): path.read_text(encoding="utf8")
        for path in sorted((paths.ROOT / "book").rglob("*.md"))
    }
    for chapter in chapters().values():
        for index, cell in enumerate(chapter.read().cells):
            if cell.cell_type == "markdown":
                found[f"{chapter.name}, cell {index}"] = cell.source
    return found


def typed_digits(text: str) -> list[str]:
    """Lines of prose that hold a number typed by hand. Numbers come from evidence, through the role {glue:text}."""
    blanked = _NOT_PROSE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    lines = []
    for old, line in zip(text.split("\n"), blanked.split("\n"), strict=True):
        if not line.lstrip().startswith("#"):  # a heading carries the outline's number
            line = re.sub(r"^\s*\d+\.\s", "", _SECTION.sub("", line))  # an ordered list
            if _TYPED.search(line):
                lines.append(old.strip())
    return lines


def digits() -> list[str]:
    """Numbers typed by hand in prose."""
    return [
        f"{where}: a number typed by hand: {line!r}. Glue it from evidence, or write it as a word."
        for where, text in pages().items()
        if where not in _GENERATED
        for line in typed_digits(text)
    ]


def sentences() -> list[str]:
    """Lines of Markdown with more than one sentence; one a line keeps diffs and translations small."""
    found = []
    for where, text in pages().items():
        for line in _NOT_PROSE.sub(lambda m: re.sub(r"[^\n]", "x", m[0]), text).split("\n"):
            if where not in _GENERATED and not line.startswith(("#", "|")) and re.search(r"[a-z)]{2}[.!?] [A-Z]", line):
                found.append(f"{where}: more than one sentence on the line {line.strip()[:80]!r}")
    return found


def contents() -> list[str]:
    """Chapters that `_toc.yml` does not list, and entries of it that have no file."""
    toc = read_yaml("_toc.yml")
    listed = set(_files_of(toc))
    problems = [
        f"{c.name}: not in _toc.yml" for c in chapters().values() if c.name.removesuffix(".ipynb") not in listed
    ]
    for entry in sorted(listed):
        if not any((paths.ROOT / f"{entry}{suffix}").is_file() for suffix in (".ipynb", ".md")):
            problems.append(f"_toc.yml: {entry} has no file")
    return problems


def _files_of(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (node[k] for k in ("file", "root") if k in node)
        for value in node.values():
            yield from _files_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from _files_of(value)


def stale() -> list[str]:
    """Chapters whose stored outputs are not those of the present code, package, lock, data or evidence."""
    package = Package(paths.ROOT / "pyft")
    return [
        f"{chapter.name} is stale (changed: {', '.join(why)}). To bring it up to date: pyft run {chapter.number}"
        for chapter in chapters().values()
        if (why := changed(chapter, package))
    ]


def anatomy() -> list[str]:
    """Chapters that lack the parts every chapter has, or hold outputs that no committed notebook may hold."""
    return [f"{c.name}{where}" for c in chapters().values() for where in _anatomy(c)]


def _anatomy(chapter: Chapter) -> Iterator[str]:
    notebook = chapter.read()
    cells = notebook.cells
    code = [(i, c) for i, c in enumerate(cells) if c.cell_type == "code"]
    title = cells[0].source.partition("\n")[0] if cells else ""
    heading = HEADINGS.get(chapter.number)
    bilingual = heading is None or not is_latin(heading)
    if not title.startswith(f"# {chapter.number} ") or bilingual != (" · " in title) or bilingual == is_latin(title):
        yield f", cell 0: expected a title with the number {chapter.number} and its Chinese heading, if it has one"
    for tag in ("setup", "parameters"):
        tagged = [c for _, c in code if tag in c.metadata.get("tags", [])]
        if len(tagged) != 1:
            yield f": expected one code cell tagged {tag!r}, found {len(tagged)}"
        if tag == "parameters" and any(
            not re.fullmatch(r'\w+ = ("\w+"|\d+)', line) for c in tagged for line in c.source.splitlines() if line
        ):
            yield ': the parameters cell must hold literals only, such as PROFILE = "laptop"'
    if strange := set(notebook.metadata) - {"kernelspec", "language_info", "pyft"}:
        yield f": metadata of a tool left in: {sorted(strange)}"
    if [c.execution_count for _, c in code] != list(range(1, len(code) + 1)):
        yield ": its cells were not run from top to bottom, all of them, once"
    for index, cell in code:
        yield from (f", cell {index}: {problem}" for problem in _outputs(cell))


def _outputs(cell: Any) -> Iterator[str]:
    tags = cell.metadata.get("tags", [])
    if not cell.source.strip():
        yield "is empty"
    if _echoes_a_record(cell.source):
        yield "ends with record(...), whose value carries this machine's seconds: write kept = record(...)"
    if _hides_a_table(cell.source):
        yield "holds plots.table(...) before its end, which nobody sees: a cell shows the value of its last line alone"
    if set(cell.metadata) - {"tags", "mystnb"}:
        yield f"metadata of a tool left in: {sorted(set(cell.metadata) - {'tags', 'mystnb'})}"
    for output in cell.outputs:
        if output.output_type == "error" and "raises-exception" not in tags:
            yield f"holds the error {output.ename}"
        if any(mime.startswith("image/") for mime in output.get("data", {})) and not _alt(cell):
            yield "a figure without alt text (metadata mystnb.image.alt)"
        if (width := _width(output.get("data", {}).get("image/png"))) > WIDEST:
            yield f"a figure of {width} px, wider than {WIDEST}: on a phone its letters would be too small"
        text = json.dumps(
            {k: v for k, v in output.items() if k != "data"}
            | {"data": {m: v for m, v in output.get("data", {}).items() if not m.startswith("image/")}}
        )
        if found := PATHS.search(text):
            yield f"holds the machine path {found[0]}"
        if re.search(r"\d+%\|", text):
            yield "holds a progress bar"


def _width(png: str | None) -> int:
    """The width of a stored picture in pixels, as its first bytes say it."""
    return int.from_bytes(base64.b64decode(png)[16:20], "big") if png else 0


def _statements(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError:  # a magic
        return []


def _hides_a_table(source: str) -> bool:
    """Whether a cell makes a table as a statement, and not as its last."""
    statements = _statements(source)
    made = {s for top in statements for s in ast.walk(top) if isinstance(s, ast.Expr)} - set(statements[-1:])
    return any(isinstance(s.value, ast.Call) and ast.unparse(s.value.func) == "plots.table" for s in made)


def _echoes_a_record(source: str) -> bool:
    """Whether a cell ends with a call of `record`: what it returns would be displayed."""
    statements = _statements(source)
    last = statements[-1].value if statements and isinstance(statements[-1], ast.Expr) else None
    return isinstance(last, ast.Call) and isinstance(last.func, ast.Name) and last.func.id == "record"


def _alt(cell: Any) -> str:
    mystnb = cell.metadata.get("mystnb", {})
    return str(mystnb.get("image", {}).get("alt", ""))


def plumbing() -> list[str]:
    """Pages on which more than a tenth of the visible code is plumbing."""
    found = []
    for chapter in chapters().values():
        some, lines = visible(chapter.read())
        if some > lines / 10:
            found.append(f"{chapter.name}: of {lines} visible lines of code {some} are plumbing, at most a tenth")
    return found


def versions() -> list[str]:
    """Chapters whose records, from which a band is made, were not all made by the same code from the same data."""
    problems = []
    for chapter in chapters().values():
        for folder in sorted((results_folder() / chapter.number).glob("*/")):
            by = {r["seed"]: r["provenance"].get("code") for r in read(folder)}
            other = [str(seed) for seed, code in by.items() if code != by.get(0)]
            if None in by.values() or other:
                problems.append(
                    f"{chapter.number}, {folder.name}: the records of seeds {', '.join(other) or 'all'} are of other "
                    f'code than that of seed 0. To make them together: pyft calibrate {chapter.number} --reason "…"'
                )
    return problems


def all_problems() -> list[str]:
    """Every problem of every check."""
    return [
        problem for check in (contents, anatomy, stale, versions, digits, sentences, plumbing) for problem in check()
    ]
