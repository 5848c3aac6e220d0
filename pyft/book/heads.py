"""The line at a chapter's head: how long to read and to run, how much memory, what to know before.

A Sphinx extension: the line is made when the book is built, from the notebook and its records, and typed nowhere.
"""

import json
import re
from collections import Counter
from typing import Any

from pyft.book.cells import text
from pyft.book.chapters import Chapter, chapters
from pyft.evidence.records import results
from pyft.paths import read_json, results_folder

WORDS_A_MINUTE = 200
BEFORE = 3  # sections to know first, at most
BY_HAND = re.compile(r"\n*\*\*Time and hardware\*\*:[^\n]*(?:\n(?!\n)[^\n]+)*")  # said at the head, from records
BENCH = re.compile(r"`pyft bench ([a-z-]+)")
LINK = re.compile(r"\]\(([^)\s]*?(\d+(?:_\d+)*)_[^/)]*\.ipynb)")


def setup(app: Any) -> dict[str, Any]:
    """Be called by Sphinx, which reads the extension's name in `_config.yml`."""
    app.connect("source-read", put_on_page, priority=400)  # before plumbing is folded
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def put_on_page(app: Any, page: str, content: list[str]) -> None:
    """Put the line below the title of a chapter when Sphinx reads it."""
    known = {chapter.path.with_suffix("").as_posix(): chapter for chapter in chapters().values()}
    chapter = known.get(app.env.doc2path(page).removesuffix(".ipynb"))
    if chapter is not None:
        content[0] = json.dumps(with_head(json.loads(content[0]), chapter))


def with_head(notebook: dict[str, Any], chapter: Chapter) -> dict[str, Any]:
    """The notebook with its line below the title, and without what its author said of time and hardware."""
    line = head(notebook, chapter)
    for cell in notebook["cells"] if results(chapter.number) else ():
        if cell["cell_type"] == "markdown":
            cell["source"] = BY_HAND.sub("", text(cell))
    first = notebook["cells"][0]
    title, _, rest = text(first).partition("\n")
    first["source"] = f"{title}\n\n:::{{container}} page-head\n{line}\n:::\n{rest}"
    return notebook


def head(notebook: dict[str, Any], chapter: Chapter) -> str:
    """The line itself, in Markdown."""
    parts = [f"**Reading**: {minutes(60 * words(notebook) / WORDS_A_MINUTE)}"]
    if kept := [record["provenance"] for record in results(chapter.number)]:
        parts.append(f"**running**: {minutes(max(run['seconds'] for run in kept))}, without a GPU")
        parts.append(f"**memory**: {max(run['peak_memory_mib'] for run in kept) / 1024:.1f} GiB")
    if runs := stored_runs(notebook):
        parts.append(f"**stored runs**: {', '.join(f'`{name}` on {machine}' for name, machine in runs.items())}")
    if links := before(notebook, chapter):
        parts.append(f"**know before**: {', '.join(links)}")
    return " · ".join(parts)


def words(notebook: dict[str, Any]) -> int:
    """How many words of prose a notebook has."""
    return sum(len(text(cell).split()) for cell in notebook["cells"] if cell["cell_type"] == "markdown")


def stored_runs(notebook: dict[str, Any]) -> dict[str, str]:
    """On which kind of machine the long runs were made that the page names as `pyft bench NAME`, by name."""
    found = {}
    for name in dict.fromkeys(BENCH.findall("\n".join(map(text, notebook["cells"])))):
        path = results_folder() / "bench" / f"{name}.json"
        if path.is_file():
            made = {run["provenance"]["hardware"]["gpu"] or "a CPU" for run in read_json(path)["runs"]}
            found[name] = " and ".join(sorted(made))
    return found


def minutes(seconds: float) -> str:
    """A time in whole minutes, in words for a reader."""
    n = max(1, round(seconds / 60))
    return "a minute" if n == 1 else f"{n} minutes"


def before(notebook: dict[str, Any], chapter: Chapter) -> list[str]:
    """Links to the earlier sections that the page leans on most, in the order of the book.

    A page that names none leans on the one before it in its part.
    """
    prose = "\n".join(text(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    here = _order(chapter.number)
    found = Counter((number.replace("_", "."), path) for path, number in LINK.findall(prose))
    earlier = Counter({link: count for link, count in found.items() if _order(link[0]) < here})
    if not earlier:
        part = [c for c in chapters().values() if c.path.parent == chapter.path.parent and _order(c.number) < here]
        return [f"[{c.number}]({c.path.name})" for c in part[-1:]]
    chosen = sorted((link for link, _ in earlier.most_common(BEFORE)), key=lambda link: _order(link[0]))
    return [f"[{number}]({path})" for number, path in chosen]


def _order(number: str) -> list[int]:
    return [int(n) for n in number.split(".")]
