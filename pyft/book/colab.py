"""Copies of the chapters that set themselves up: for a fresh Colab GPU machine, and behind the download buttons."""

import re
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat

from pyft import paths
from pyft.book.build import pages_address
from pyft.book.chapters import Chapter, chapters
from pyft.book.folding import folded
from pyft.book.plain import LEGEND, STORED, Place, glued, plain
from pyft.errors import PyftError
from pyft.paths import git, repository, write_atomically

# Only this package is named, so pip leaves the torch and numpy that Colab has: our own bounds on them are lower ones.
SETUP = '%pip install --quiet "pyft-book{extra} @ git+{repository}@{commit}"\nimport pyft'


def write(out: Path) -> list[Path]:
    """Write the Colab edition of all chapters below `out`, at the paths they have here; the files written.

    Raises:
        PyftError: it is not known which repository and commit the copies would install from.
    """
    address, commit = repository(), git("rev-parse", "HEAD")
    if address is None or commit is None:
        raise PyftError(
            "no repository to install from: a Colab notebook installs this package from where it was opened. "
            "Expected an `origin` on GitHub, or PYFT_REPOSITORY=https://github.com/OWNER/NAME. "
            "The book itself builds without: it then has no launch buttons."
        )
    written = []
    for chapter in chapters().values():
        path = out / chapter.path.relative_to(paths.ROOT)
        if path.exists() and "colab" not in Chapter(chapter.number, path).read().metadata:
            raise PyftError(f"{path} is no Colab edition of ours, and is not written over. Name another folder.")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, nbformat.writes(edition(chapter, address, commit)) + "\n")
        written.append(path)
    return written


def edition(chapter: Chapter, address: str, commit: str) -> Any:
    """One chapter for Colab: folded plumbing, `PROFILE = "gpu"`, no outputs (they are the laptop's)."""
    stored = chapter.read()
    notebook = portable(nbformat.from_dict(folded(stored)), chapter, address, commit)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            continue
        tags = cell.metadata.get("tags", [])
        if "parameters" in tags:
            cell.source = re.sub(r'^PROFILE = "\w+"', 'PROFILE = "gpu"', cell.source, flags=re.MULTILINE)
        elif {"hide-input", "hide-cell"} & set(tags) and "setup" not in tags:
            title = cell.metadata.get("mystnb", {}).get("code_prompt_show", "Code")
            cell.source = f"#@title {title}\n{cell.source}"
            cell.metadata["cellView"] = "form"
        cell.outputs, cell.execution_count = [], None
    notebook.metadata = nbformat.from_dict(
        {
            "accelerator": "GPU",
            "colab": {"name": chapter.path.name, "provenance": [], "gpuType": "T4"},
            "kernelspec": {"display_name": "Python 3", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    return notebook


def portable(notebook: Any, chapter: Chapter, address: str, commit: str) -> Any:
    """A notebook of the chapter that runs where no checkout is: plain Markdown, and a first cell that installs us."""
    place = Place(PurePosixPath(chapter.name), f"{address}/raw/{commit}", pages_address(address))
    values = glued(notebook)
    extra = "[serve]" if any("from pyft.deployment" in cell.source for cell in notebook.cells) else ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":  # only the book knows MyST, and has its pictures beside it
            cell.source = plain(cell.source, place, values)
        elif "setup" in cell.metadata.get("tags", []):
            cell.source = SETUP.format(repository=address, commit=commit, extra=extra)
    if any(STORED in cell.source for cell in notebook.cells):
        notebook.cells[0].source += f"\n\n{LEGEND}"
    return notebook


def setup(app: Any) -> dict[str, Any]:
    """Join Sphinx, as one of its extensions."""
    app.connect("build-finished", put_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def put_downloads(app: Any, error: Exception | None) -> None:
    """Put notebooks that install the package behind the download buttons of the built pages.

    Where no repository is known, as in a clone without `origin`, the buttons lead to the book's own sources.
    """
    address, commit = repository(), git("rev-parse", "HEAD")
    if error is not None or app.builder.name != "html" or address is None or commit is None:
        return
    for chapter in chapters().values():
        path = Path(app.outdir, "_sources") / chapter.path.relative_to(paths.ROOT)
        notebook = portable(chapter.read(), chapter, address, commit)
        notebook.metadata.pop("pyft", None)
        write_atomically(path, nbformat.writes(notebook) + "\n")
