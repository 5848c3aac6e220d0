"""The Colab edition: a copy of every chapter that sets itself up on a fresh Colab GPU machine."""

import re
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat

from pyft import paths
from pyft.book.build import pages_address
from pyft.book.chapters import Chapter, chapters
from pyft.book.folding import folded, text
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
    """One chapter for Colab: plain Markdown, folded plumbing, `PROFILE = "gpu"`, no outputs (they are the laptop's)."""
    stored = chapter.read()
    values, page = glued(stored), PurePosixPath(chapter.name)
    place = Place(page, f"{address}/raw/{commit}", pages_address(address))
    notebook = nbformat.from_dict(folded(stored))
    extra = "[serve]" if any("from pyft.deployment" in text(cell) for cell in stored.cells) else ""
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":  # Colab knows no MyST, and has no checkout beside the notebook
            cell.source = plain(cell.source, place, values)
            continue
        if "setup" in tags:
            cell.source = SETUP.format(repository=address, commit=commit, extra=extra)
        elif "parameters" in tags:
            cell.source = re.sub(r'^PROFILE = "\w+"', 'PROFILE = "gpu"', cell.source, flags=re.MULTILINE)
        elif {"hide-input", "hide-cell"} & set(tags):
            title = cell.metadata.get("mystnb", {}).get("code_prompt_show", "Code")
            cell.source = f"#@title {title}\n{cell.source}"
            cell.metadata["cellView"] = "form"
        cell.outputs, cell.execution_count = [], None
    if any(STORED in cell.source for cell in notebook.cells):
        notebook.cells[0].source += f"\n\n{LEGEND}"
    notebook.metadata = nbformat.from_dict(
        {
            "accelerator": "GPU",
            "colab": {"name": chapter.path.name, "provenance": [], "gpuType": "T4"},
            "kernelspec": {"display_name": "Python 3", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    return notebook
